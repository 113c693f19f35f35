import { constants } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import type { Readable } from 'node:stream';
import type { ArchiveCaps, CheckedEntry } from '../../kernel/archive-entry.js';
import { assert } from '../../kernel/assert.js';
import { DomainError } from '../../kernel/errors.js';
import { newId } from '../../kernel/ids.js';
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
  const path = resolve(root, entry.path);
  // The checks before make this impossible; a second lock on the same door costs nothing.
  assert(path.startsWith(root + sep), 'an archive entry left its folder');
  if (entry.kind === 'directory') {
    await mkdir(path, { recursive: true, mode: 0o755 });
    for await (const _chunk of content);
    return;
  }
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const file = await open(join(path), flags, entry.isExecutable ? 0o755 : 0o644);
  try {
    for await (const chunk of content) await file.writeFile(chunk);
    await file.sync();
  } finally {
    await file.close();
  }
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
