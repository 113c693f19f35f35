import { createHash, randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

/**
 * What an access key looks like: `tg_`, 30 random characters, 6 of a checksum over them. Scanners of
 * repositories and logs find keys by it, and a mistyped one is refused without asking the database.
 */
const KEY_PREFIX = 'tg_';
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** Of 62 characters each: 178 bits. */
const RANDOM_CHARACTERS = 30;
const CHECKSUM_CHARACTERS = 6;
/** Enough to know a key again, and 131 bits short of it. */
const SHOWN_CHARACTERS = 8;

const KEY_TEXT = /^tg_([0-9A-Za-z]{30})([0-9A-Za-z]{6})$/;

export function newKeyText(): string {
  const random = randomText();
  return KEY_PREFIX + random + checksumOf(random);
}

/** As many random bits as a secret has that is looked up by a fast hash. */
export function randomText(): string {
  return Array.from({ length: RANDOM_CHARACTERS }, () => ALPHABET[randomInt(62)]).join('');
}

/** Whether it claims to be one: whatever begins so is nothing else. */
export function looksLikeKey(text: string): boolean {
  return text.startsWith(KEY_PREFIX);
}

/** Whether it is written like one, to the last character. Says nothing about whether it is good. */
export function isKeyText(text: string): boolean {
  const [, random, checksum] = KEY_TEXT.exec(text) ?? [];
  // Public arithmetic over what the caller has sent: nothing can be learnt from the time it takes.
  return random !== undefined && checksumOf(random) === checksum;
}

/** `tg_3fR0aB1c`: what lists show. */
export function shownPartOf(text: string): string {
  return text.slice(0, KEY_PREFIX.length + SHOWN_CHARACTERS);
}

/** What is kept, and looked up by. 178 random bits cannot be tried, so a fast hash is as good as a slow one. */
export function keyHash(text: string): string {
  return createHash('sha256').update('tidegate:access-key:v1\n').update(text).digest('hex');
}

/** Of the random part; of tokens of other kinds as well. */
export function checksumOf(random: string): string {
  let rest = crc32(random);
  let text = '';
  for (let place = 0; place < CHECKSUM_CHARACTERS; place += 1) {
    text = ALPHABET[rest % 62]! + text;
    rest = Math.floor(rest / 62);
  }
  return text;
}
