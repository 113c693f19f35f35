import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** Every path below a folder with its kind, its rights, and the digest of its content or where it leads. */
export type FolderSnapshot = Record<string, string>;

export async function folderSnapshot(folder: string): Promise<FolderSnapshot> {
  const found: FolderSnapshot = {};
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    found[relative(folder, path)] = await describePath(path);
  }
  return Object.fromEntries(Object.entries(found).sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** What releases keep of rights: all of the owner's, and of the others' what lets them read. */
export function asReleased(snapshot: FolderSnapshot): FolderSnapshot {
  return Object.fromEntries(
    Object.entries(snapshot).map(([path, what]) => [
      path,
      what.replace(/^(\w+) (\d+)/, (_all, kind: string, mode: string) => {
        const owned = kind === 'folder' ? 0o700 : 0o400;
        return `${kind} ${(owned | (parseInt(mode, 8) & 0o755)).toString(8)}`;
      }),
    ]),
  );
}

async function describePath(path: string): Promise<string> {
  const found = await lstat(path);
  if (found.isSymbolicLink()) return `link to ${await readlink(path)}`;
  const mode = (found.mode & 0o7777).toString(8);
  if (found.isDirectory()) return `folder ${mode}`;
  if (!found.isFile()) return 'something else';
  const digest = createHash('sha256').update(await readFile(path));
  return `file ${mode} ${found.size} ${digest.digest('hex')}`;
}
