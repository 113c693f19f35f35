/**
 * docs/reliability.md names tests: each file must be there, and say what it is quoted with. Each fault
 * has a result: what was shown, and where that is narrower than its name.
 */
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

const faults = page.slice(page.indexOf('## Faults'), page.indexOf('### Not shown'));
const rows = faults
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.slice(1, -1).split('|'))
  .map((cells) => cells.map((cell) => cell.trim()));

it('gives every fault a test and a result', () => {
  const [head, , ...all] = rows;
  expect(head).toEqual(['fault', 'test', 'result']);
  expect(all.length).toBeGreaterThan(30);
  const incomplete = all.filter(
    ([fault, test, result, ...more]) =>
      !fault ||
      !test?.includes('.ts`') ||
      !/^(holds|does not hold)\b/.test(result ?? '') ||
      more.length,
  );
  expect(incomplete).toEqual([]);
});
