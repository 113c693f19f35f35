import { createHash } from 'node:crypto';
import { checksumOf, randomText } from '../../access-keys/key-text.js';

/** `tgd_`, 30 random characters, 6 of a checksum over them: as an access key, and never taken for one. */
const PREFIX = 'tgd_';
const SHOWN_CHARACTERS = 8;

const TOKEN_TEXT = /^tgd_([0-9A-Za-z]{30})([0-9A-Za-z]{6})$/;

export function newDirectoryTokenText(): string {
  const random = randomText();
  return PREFIX + random + checksumOf(random);
}

/** Whether it is written like one, to the last character. Says nothing about whether it is good. */
export function isDirectoryTokenText(text: string): boolean {
  const [, random, checksum] = TOKEN_TEXT.exec(text) ?? [];
  return random !== undefined && checksumOf(random) === checksum;
}

/** `tgd_3fR0aB1c`: what lists show. */
export function shownPartOfToken(text: string): string {
  return text.slice(0, PREFIX.length + SHOWN_CHARACTERS);
}

/** What is kept, and looked up by. */
export function directoryTokenHash(text: string): string {
  return createHash('sha256').update('tidegate:directory-token:v1\n').update(text).digest('hex');
}
