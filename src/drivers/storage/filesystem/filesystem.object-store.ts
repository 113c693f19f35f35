import { constants } from 'node:fs';
import {
  access,
  chmod,
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
} from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { DomainError, messageOf } from '../../../kernel/errors.js';
import { failpoint } from '../../../kernel/failpoint.js';
import {
  type ArchiveFolder,
  type ArchiveKey,
  type ArtifactKey,
  checkArchiveFolder,
  checkArchiveKey,
  checkArtifactKey,
  checkObjectKey,
  checkTemporaryKey,
  newTemporaryKey,
  type ObjectKey,
  objectNotFound,
  type ObjectStat,
  type ObjectStore,
  type ObjectStoreDriver,
  type TemporaryKey,
} from '../object-store.js';
import { isDiskFull } from '../../../kernel/disk-problem.js';
import { artifactReserve, isShortOfRoom } from '../../../platform/room/disk-room.js';
import { storageFull } from '../../../platform/room/room.errors.js';
import { artifactTooLarge, storageUnavailable } from '../storage.errors.js';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
/** Between looks at the room that is left, which an upload may use up. */
const LOOK_BYTES = 8 * 1024 * 1024;

const params = z.strictObject({
  directory: z.string().refine(isAbsolute, { message: 'must be an absolute path' }),
});

/**
 * Objects as files: the key is the path below one folder that only this user can read. A key is
 * checked against its grammar first, which has neither `.` nor an empty component, so no key leads
 * out of the folder. A file is forced to disk before it gets its own name, and its folder after.
 */
export class FilesystemObjectStore implements ObjectStore {
  private constructor(private readonly directory: string) {}

  static async open(directory: string): Promise<FilesystemObjectStore> {
    await mkdir(join(directory, 'tmp'), { recursive: true, mode: FOLDER_MODE });
    // mkdir leaves the mode of a folder that was there; an older, wider one is narrowed.
    await chmod(directory, FOLDER_MODE);
    await access(join(directory, 'tmp'), constants.R_OK | constants.W_OK | constants.X_OK);
    return new FilesystemObjectStore(directory);
  }

  async put(key: TemporaryKey, source: Readable, options: { maxBytes: number }): Promise<number> {
    checkTemporaryKey(key);
    try {
      return await write(this.pathOf(key), source, options.maxBytes);
    } catch (error) {
      source.destroy();
      throw error;
    }
  }

  async get(key: ObjectKey): Promise<Readable> {
    checkObjectKey(key);
    await failpoint('storage.read:before');
    try {
      const file = await open(this.pathOf(key), constants.O_RDONLY | constants.O_NOFOLLOW);
      return file.createReadStream();
    } catch (error) {
      throw codeOf(error) === 'ENOENT' ? objectNotFound(key) : explained(error);
    }
  }

  async stat(key: ObjectKey): Promise<ObjectStat | null> {
    checkObjectKey(key);
    try {
      return { bytes: (await stat(this.pathOf(key))).size };
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null;
      throw explained(error);
    }
  }

  async delete(key: ObjectKey): Promise<boolean> {
    checkObjectKey(key);
    try {
      await rm(this.pathOf(key));
      return true;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false;
      throw explained(error);
    }
  }

  async commit(temporary: TemporaryKey, key: ArtifactKey): Promise<void> {
    checkTemporaryKey(temporary);
    checkArtifactKey(key);
    const path = this.pathOf(key);
    const folder = dirname(path);
    await failpoint('storage.commit:before');
    try {
      const firstMade = await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
      await rename(this.pathOf(temporary), path);
      await syncFolder(folder);
      if (firstMade !== undefined) {
        await syncFolder(dirname(folder));
        await syncFolder(this.directory);
      }
      await failpoint('storage.commit:after');
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw explained(error);
      // Already committed, before an answer that was lost.
      if ((await this.stat(key)) === null) throw objectNotFound(temporary);
    }
  }

  async archive(key: ArchiveKey, bytes: Buffer): Promise<boolean> {
    checkArchiveKey(key);
    const path = this.pathOf(key);
    const draft = newTemporaryKey();
    await this.put(draft, Readable.from([bytes]), { maxBytes: bytes.length });
    try {
      await makeFolders(dirname(path), this.directory);
      // Unlike a rename, a link never takes the place of what is there.
      await link(this.pathOf(draft), path);
      await syncFolder(dirname(path));
      return true;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw explained(error);
      return bytes.equals(await disk(readFile(path)));
    } finally {
      await rm(this.pathOf(draft), { force: true });
    }
  }

  async archived(folder: ArchiveFolder): Promise<string[]> {
    checkArchiveFolder(folder);
    try {
      return (await readdir(join(this.directory, ...folder.split('/')))).sort();
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw explained(error);
    }
  }

  async sweepTemporary(olderThanMs: number): Promise<number> {
    const folder = join(this.directory, 'tmp');
    let swept = 0;
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      const found = await stat(path).catch(() => null);
      // A file's times are the same system's clock that is asked here.
      if (!found?.isFile() || Date.now() - found.mtimeMs < olderThanMs) continue;
      await rm(path, { force: true });
      swept += 1;
    }
    return swept;
  }

  private pathOf(key: ObjectKey): string {
    return join(this.directory, ...key.split('/'));
  }
}

export const filesystemObjectStore: ObjectStoreDriver = {
  kind: 'filesystem',
  title: 'A folder of this machine, or of a network file system that all processes mount',
  params,
  open: (given) => FilesystemObjectStore.open(params.parse(given).directory),
};

async function write(path: string, source: Readable, maxBytes: number): Promise<number> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const file = await disk(open(path, flags, FILE_MODE));
  try {
    let bytes = 0;
    let lookAt = 0;
    for await (const chunk of source as AsyncIterable<Buffer>) {
      if (bytes >= lookAt) {
        await refuseWithoutRoom(dirname(path));
        lookAt += LOOK_BYTES;
      }
      bytes += chunk.length;
      if (bytes > maxBytes) throw artifactTooLarge(maxBytes);
      await disk(file.writeFile(chunk));
    }
    await disk(file.sync());
    return bytes;
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/** Throws `storage-full` before the disk is. */
export async function refuseWithoutRoom(directory: string): Promise<void> {
  const isShort = await disk(isShortOfRoom(directory, artifactReserve));
  if (isShort) throw storageFull('artifacts', undefined);
}

async function disk<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw explained(error);
  }
}

/** With each folder on the way durable as well. */
async function makeFolders(folder: string, above: string): Promise<void> {
  const firstMade = await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
  if (firstMade === undefined) return;
  for (let path = folder; path !== above; path = dirname(path)) await syncFolder(dirname(path));
}

/** A rename is only as durable as the folder that holds the name. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

/** Errors of the disk are ours, not the caller's; those of a source keep their own meaning. */
function explained(error: unknown): DomainError {
  const cause = new Error(`object store: ${messageOf(error)}`, { cause: error });
  return isDiskFull(error) ? storageFull('artifacts', cause) : storageUnavailable(cause);
}
