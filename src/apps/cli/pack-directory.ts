import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, open, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { pack, type Pack } from 'tar-stream';
import { CliError } from './exit-codes.js';

export interface ArtifactFile {
  readonly path: string;
  /** Removes what was packed for this push; a file that was given stays. */
  readonly dispose: () => Promise<void>;
}

/** The .tar.gz at a path, or one packed from the directory there. */
export async function artifactFile(path: string): Promise<ArtifactFile> {
  const found = await stat(path).catch((error: unknown) => {
    throw new CliError(`${path} cannot be read: ${(error as Error).message}`);
  });
  if (found.isFile()) return { path, dispose: () => Promise.resolve() };
  if (!found.isDirectory()) throw new CliError(`${path} is neither a file nor a directory.`);
  return packDirectory(path);
}

/**
 * The same content gives the same bytes: sorted names, no times, no owners. So a push that is
 * repeated is the same push.
 */
async function packDirectory(folder: string): Promise<ArtifactFile> {
  const path = join(tmpdir(), `tidegate-${randomUUID()}.tar.gz`);
  const dispose = () => rm(path, { force: true });
  const tar = pack();
  try {
    const out = createWriteStream(path, { flags: 'wx', mode: 0o600 });
    const written = pipeline(tar, createGzip(), out);
    written.catch(() => undefined);
    try {
      const files = await addFolder(tar, folder, '');
      if (files === 0) throw new CliError(`${folder} has no file in it.`);
    } catch (error) {
      tar.destroy();
      await written.catch(() => undefined);
      throw error;
    }
    tar.finalize();
    await written;
    return { path, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function addFolder(tar: Pack, folder: string, prefix: string): Promise<number> {
  let files = 0;
  for (const name of (await readdir(join(folder, prefix))).sort()) {
    const inside = posix.join(prefix, name);
    const path = join(folder, inside);
    const found = await lstat(path);
    if (found.isDirectory()) files += await addFolder(tar, folder, inside);
    else if (found.isFile()) {
      await addFile(tar, path, inside);
      files += 1;
    } else {
      throw new CliError(
        `${path} is a link or a special file, which a release may not have: put a copy there.`,
      );
    }
  }
  return files;
}

async function addFile(tar: Pack, path: string, name: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    const { size, mode } = await file.stat();
    const header = {
      ...{ name, size, mtime: new Date(0), uid: 0, gid: 0 },
      mode: mode & 0o100 ? 0o755 : 0o644,
    };
    // A file that grows meanwhile is cut, one that shrinks fails: the size stands in the header.
    const content = createReadStream(path, { end: Math.max(0, size - 1) });
    await (size === 0 ? addEmpty(tar, header) : pipeline(content, tar.entry(header)));
  } finally {
    await file.close();
  }
}

function addEmpty(tar: Pack, header: { name: string; size: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    tar.entry(header, '', (error) => (error ? reject(error) : resolve()));
  });
}
