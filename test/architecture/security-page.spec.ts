/** docs/security.md names a test for each statement: each of them is there, and every number is. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const root = resolve(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/security.md'), 'utf8');
const rows = page.split('\n').filter((line) => /^\| [SE]-\d+/.test(line));
/** Built with what they are about, or told elsewhere. */
const LATER = [20, 22, 30, 31];

describe('the page of security', () => {
  it('has a row for each statement', () => {
    const numbers = rows.flatMap((row) => /^\| S-(\d+)/.exec(row)?.slice(1).map(Number) ?? []);
    const all = Array.from({ length: 42 }, (_, at) => at + 1);
    expect([...numbers, ...LATER].sort((a, b) => a - b)).toEqual(all);
  });

  it.each(rows.map((row) => [/[SE]-\d+/.exec(row)![0], row]))(
    'names tests of %s that exist',
    (_, row) => {
      const named = [...row.matchAll(/`([^`]+-?spec\.ts)` › (.+?)(?=<br>| *\|$)/g)];
      expect(named.length).toBeGreaterThan(0);
      for (const [, file, title] of named) {
        const source = readFileSync(join(root, file!), 'utf8');
        expect({ file, title, isThere: source.includes(`'${title!.trim()}'`) }).toEqual({
          file,
          title,
          isThere: true,
        });
      }
    },
  );
});
