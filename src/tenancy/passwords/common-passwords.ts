import { readFile } from 'node:fs/promises';

/** data/README.md says where the list comes from. */
const file = new URL('../../../data/common-passwords.txt', import.meta.url);

/** About 3 MB in memory; read once for a process. Throws when the list is not there, or not whole. */
export async function readCommonPasswords(): Promise<ReadonlySet<string>> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  if (lines.length < 10_000) throw new Error(`${file.pathname} is not whole`);
  return new Set(lines);
}
