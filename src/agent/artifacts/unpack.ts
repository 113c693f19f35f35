import { constants } from 'node:fs';
import {
  chmod,
  copyFile,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  rmdir,
  symlink,
  unlink,
} from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { assert } from '../../kernel/assert.js';
import { DomainError } from '../../kernel/errors.js';
import { newId } from '../../kernel/ids.js';
import type { ArchiveCaps } from './archive/archive-caps.js';
import type { ArchiveEnd, CheckedEntry } from './archive/archive-guard.js';
import { type ArchiveSummary, walkArchive } from './walk-archive.js';

export interface UnpackOptions {
  readonly source: Readable;
  /** Must not exist yet; appears complete or not at all. */
  readonly directory: string;
  /** The bytes unpacked must have this digest, or nothing appears. */
  readonly digest?: string;
  readonly caps?: ArchiveCaps;
}

/**
 * Unpacks into a fresh folder beside the target, then renames it: nobody sees half of a release. All
 * of it is on disk by then, for a release that is there is never fetched again: one whose files a
 * power cut had emptied would crash on this node for ever.
 */
export async function unpackArchive(options: UnpackOptions): Promise<ArchiveSummary> {
  const fresh = partialOf(options.directory);
  await mkdir(dirname(options.directory), { recursive: true, mode: 0o700 });
  await mkdir(fresh, { mode: 0o755 });
  try {
    const summary = await walkArchive(options.source, {
      ...(options.caps ? { caps: options.caps } : {}),
      sink: (entry, content) => write(fresh, entry, content),
    });
    if (options.digest !== undefined && summary.digest !== options.digest) {
      throw new DomainError(
        'unprocessable',
        'artifact-digest-mismatch',
        `The artifact changed while it was unpacked: expected ${options.digest}, got ${summary.digest}.`,
      );
    }
    await finish(fresh, summary);
    await syncFolders(fresh);
    await rename(fresh, options.directory);
    await syncFolder(dirname(options.directory));
    return summary;
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw error;
  }
}

/** The name of a release that is not whole yet, or not any more: nobody takes it for one. */
export function partialOf(directory: string): string {
  return `${directory}.partial-${newId()}`;
}

export function isPartial(name: string): boolean {
  return name.includes('.partial-');
}

async function write(
  root: string,
  entry: CheckedEntry,
  content: AsyncIterable<Buffer>,
): Promise<void> {
  const path = inside(root, entry.path);
  if (entry.replaces === 'file') await unlink(path);
  if (entry.replaces === 'directory') await rmdir(path);
  if (entry.kind === 'directory') {
    await mkdir(path, { recursive: true, mode: 0o755 });
    return;
  }
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  if (entry.kind === 'file') await writeFile(path, entry.mode, content);
  if (entry.kind === 'copy') await copy(inside(root, entry.from), path);
}

async function writeFile(
  path: string,
  mode: number,
  content: AsyncIterable<Buffer>,
): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const file = await open(path, flags, mode);
  try {
    for await (const chunk of content) await file.writeFile(chunk);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function copy(from: string, path: string): Promise<void> {
  await copyFile(from, path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Links come last, and no file after them: until here there is none that could be written through. */
async function finish(root: string, { links, folders }: ArchiveEnd): Promise<void> {
  for (const { path, mode } of folders) await chmod(inside(root, path), mode);
  for (const { path, target } of links) await symlink(target, inside(root, path));
}

/** The checks before make this impossible; a second lock on the same door costs nothing. */
function inside(root: string, entryPath: string): string {
  const path = resolve(root, entryPath);
  assert(path.startsWith(root + sep), 'an archive entry left its folder');
  return path;
}

/** Which names they hold is on disk; what the files hold is already. */
async function syncFolders(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await syncFolders(join(folder, entry.name));
  }
  await syncFolder(folder);
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path);
  try {
    await folder.sync().catch((error: NodeJS.ErrnoException) => {
      // A file system that has no such thing, over a network for instance.
      if (!['EINVAL', 'ENOTSUP'].includes(error.code ?? '')) throw error;
    });
  } finally {
    await folder.close();
  }
}
