import { readdir, readFile } from 'node:fs/promises';
import { isKeyText, keyHash, looksLikeKey, newKeyText, shownPartOf } from './key-text.js';

/** As docs/access-keys.md gives it to scanners. */
const PATTERN = /\btg_[0-9A-Za-z]{36}\b/;

describe('the text of an access key (statement 17)', () => {
  it('is tg_, 30 random characters of 62 and six of a checksum, as scanners expect it', () => {
    const keys = Array.from({ length: 2_000 }, newKeyText);
    for (const key of keys) expect(key).toMatch(/^tg_[0-9A-Za-z]{36}$/);
    expect(`TOKEN="${keys[0]}"`).toMatch(PATTERN);
    expect(new Set(keys).size).toBe(keys.length);
    expect(30 * Math.log2(62)).toBeGreaterThanOrEqual(178);
    // Each of the 62 characters in each of the 30 places.
    for (let place = 3; place < 33; place += 1) {
      expect(new Set(keys.map((key) => key[place])).size).toBe(62);
    }
  });

  it('has the CRC32 of its random part at its end, in base 62', () => {
    expect(isKeyText(`tg_${'0'.repeat(30)}${base62('0'.repeat(30))}`)).toBe(true);
  });

  it('is none with any character changed, left out, added, or swapped with its neighbour', () => {
    const key = newKeyText();
    for (let place = 0; place < key.length; place += 1) {
      const other = key[place] === 'x' ? 'y' : 'x';
      const changed = key.slice(0, place) + other + key.slice(place + 1);
      const without = key.slice(0, place) + key.slice(place + 1);
      const [a, b] = [key[place], key[place + 1] ?? ''];
      const swapped = key.slice(0, place) + b + a + key.slice(place + 2);
      const texts = [changed, without, ...(a === b ? [] : b === '' ? [] : [swapped])];
      for (const text of texts) expect([text, isKeyText(text)]).toEqual([text, false]);
    }
    for (const text of ['', 'tg_', `${key} `, `${key}\n`, key.toLowerCase() + 'A']) {
      expect(isKeyText(text)).toBe(false);
    }
    expect(isKeyText(key)).toBe(true);
  });

  it('is known by its beginning, and kept as a hash of all of it', () => {
    const key = newKeyText();
    expect([looksLikeKey(key), looksLikeKey('tgr_abc'), looksLikeKey('eyJ')]).toEqual([
      true,
      false,
      false,
    ]);
    expect(shownPartOf(key)).toBe(key.slice(0, 11));
    expect(keyHash(key)).toMatch(/^[0-9a-f]{64}$/);
    expect(keyHash(key)).not.toBe(keyHash(newKeyText()));
  });
});

/** Bit by bit, so that the test does not use what it tests. */
function base62(text: string): string {
  let crc = 0xffffffff;
  for (const byte of Buffer.from(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  let rest = (crc ^ 0xffffffff) >>> 0;
  const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  let out = '';
  for (let place = 0; place < 6; place += 1) {
    out = alphabet[rest % 62]! + out;
    rest = Math.floor(rest / 62);
  }
  return out;
}

/** An operator beside a name of something secret. */
const COMPARISON = /\b\w*(hash|secret|token)\b\s*[!=]==?|[!=]==?\s*[\w.]*(hash|secret|token)\b/i;

describe('access keys (statement 18)', () => {
  it('are found by their hash, and compared by nobody', async () => {
    expect(['row.hash === hash', 'a !== given.secret', 'presentedToken == x']).toEqual([
      expect.stringMatching(COMPARISON),
      expect.stringMatching(COMPARISON),
      expect.stringMatching(COMPARISON),
    ]);
    const folder = new URL('./', import.meta.url);
    const files = (await readdir(folder)).filter((name) => !name.endsWith('.spec.ts'));
    expect(files.length).toBeGreaterThan(10);
    for (const file of files) {
      const lines = (await readFile(new URL(file, folder), 'utf8')).split('\n');
      expect([file, lines.filter((line) => COMPARISON.test(line))]).toEqual([file, []]);
    }
  });
});
