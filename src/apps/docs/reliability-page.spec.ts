/** docs/reliability.md names tests: each file must be there, and say what it is quoted with. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');
const page = readFileSync(join(root, 'docs/reliability.md'), 'utf8');

const named = [...page.matchAll(/`((?:src|test)\/[\w./-]+\.ts)`((?: "(?:[^"\\]|\\.)+")?)/g)].map(
  ([, file, quoted]) => [file!, quoted!.trim().slice(1, -1).replaceAll('\\"', '"')] as const,
);

it('names many tests', () => {
  expect(named.length).toBeGreaterThan(40);
});

it.each(named)('%s says "%s"', (file, words) => {
  expect(readFileSync(join(root, file), 'utf8')).toContain(words);
});
