import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { CliError } from './exit-codes.js';
import { addFolder } from './pack-entries.js';

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
