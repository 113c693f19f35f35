import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const support = join(import.meta.dirname, '../../../test/support');
const folder = mkdtempSync(join(tmpdir(), 'tidegate-journal-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('takes back what a full disk has taken of a line, so that the next one can be read', () => {
  const said = execFileSync(
    process.execPath,
    [
      '--import',
      join(support, 'register-typescript.mjs'),
      join(support, 'programs/journal-on-full-disk.ts'),
      join(folder, 'journal'),
    ],
    { encoding: 'utf8' },
  );
  expect(JSON.parse(said)).toEqual({ refusal: 'EFBIG', records: [{ n: 1 }, { n: 3 }] });
});
