import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { DomainError } from '../../kernel/errors.js';

export interface ArtifactSource {
  artifact(
    artifactDigest: string,
    signal: AbortSignal,
  ): Promise<{ body: Readable; bytes: number | undefined }>;
}

export interface Download {
  readonly artifactDigest: string;
  /** No more than this is ever written. */
  readonly artifactBytes: number;
  readonly path: string;
}

/** Streams the artifact to a new file while hashing; the open file is the caller's to close. */
export async function download(
  source: ArtifactSource,
  what: Download,
  signal: AbortSignal,
): Promise<FileHandle> {
  await mkdir(dirname(what.path), { recursive: true, mode: 0o700 });
  const { body } = await source.artifact(what.artifactDigest, signal);
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const file = await open(what.path, flags, 0o600).catch((error: unknown) => {
    body.destroy();
    throw error;
  });
  try {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > what.artifactBytes) {
        throw mismatch(`it is longer than the ${what.artifactBytes} bytes announced`);
      }
      hash.update(chunk);
      await file.writeFile(chunk);
    }
    const digest = `sha256:${hash.digest('hex')}`;
    if (digest === what.artifactDigest) return file;
    if (bytes < what.artifactBytes) {
      throw new DomainError(
        'unavailable',
        'artifact-truncated',
        `The download ended after ${bytes} of ${what.artifactBytes} bytes.`,
      );
    }
    throw mismatch(`expected ${what.artifactDigest}, got ${digest}`);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Hashes the open file once more: what lies on the disk now is what will be unpacked. */
export async function verifyFile(file: FileHandle, artifactDigest: string): Promise<void> {
  const hash = createHash('sha256');
  for await (const chunk of readFromStart(file)) hash.update(chunk as Buffer);
  const digest = `sha256:${hash.digest('hex')}`;
  if (digest !== artifactDigest) throw mismatch(`the file on disk became ${digest}`);
}

/** Reads through the descriptor, never the path, which somebody could have pointed elsewhere. */
export function readFromStart(file: FileHandle): Readable {
  return file.createReadStream({ start: 0, autoClose: false });
}

function mismatch(what: string): DomainError {
  return new DomainError(
    'unprocessable',
    'artifact-digest-mismatch',
    `The artifact is not the one that was released: ${what}.`,
  );
}
