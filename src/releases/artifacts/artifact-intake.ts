import { PassThrough, Readable } from 'node:stream';
import { type ArchiveSummary, walkArchive } from '../../agent/artifacts/walk-archive.js';
import {
  newTemporaryKey,
  type ObjectStore,
  type TemporaryKey,
} from '../../drivers/storage/object-store.js';
import { DomainError } from '../../kernel/errors.js';

/** An artifact that lies in the store under a temporary key, checked from its first to last byte. */
export interface ReceivedArtifact {
  readonly temporaryKey: TemporaryKey;
  readonly artifactDigest: string;
  readonly bytes: number;
}

/**
 * Takes an upload in one pass and in constant memory: each chunk goes to the store and, at the same
 * time, through the walk that hashes it and checks every entry of the archive. The slower of the two
 * slows down the client. Whatever fails, nothing stays in the store.
 */
export async function receiveArtifact(
  store: ObjectStore,
  source: Readable,
  options: { maxBytes: number },
): Promise<ReceivedArtifact> {
  const temporaryKey = newTemporaryKey();
  const walked = new PassThrough();
  // The walk reports its own failure; an error event of its pipe must not end the process.
  walked.on('error', () => undefined);
  // What fails first is the reason; what fails after it (a closed pipe) is only its echo.
  const failures: unknown[] = [];
  const note = (reason: unknown): undefined => {
    failures.push(reason);
    walked.destroy();
  };
  const walking = walkArchive(walked).catch(note);
  const storing = store
    .put(temporaryKey, Readable.from(doubled(source, walked, note)), options)
    .catch(note);
  const [summary, bytes] = await Promise.all([walking, storing]);
  try {
    if (failures.length > 0) throw failures[0];
    return { temporaryKey, ...sameBytes(summary, bytes) };
  } catch (error) {
    await store.delete(temporaryKey);
    throw error;
  }
}

/** Yields the source's chunks to the store and writes the same ones to the walk. */
async function* doubled(
  source: Readable,
  walked: PassThrough,
  note: (error: unknown) => void,
): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      yield chunk;
      if (walked.destroyed) return;
      if (!walked.write(chunk)) await drained(walked);
    }
    walked.end();
  } catch (error) {
    note(error);
    throw error;
  } finally {
    // Left in the middle: the store gave up, and the walk must not wait for the rest.
    if (!walked.writableEnded) walked.destroy();
  }
}

function drained(stream: PassThrough): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done).off('close', done);
      resolve();
    };
    stream.on('drain', done).on('close', done);
    if (stream.destroyed) done();
  });
}

/** What was hashed must be what was stored, whatever follows the end of the archive. */
function sameBytes(
  summary: ArchiveSummary | undefined,
  bytes: number | undefined,
): { artifactDigest: string; bytes: number } {
  if (summary && bytes !== undefined && summary.packedBytes === bytes) {
    return { artifactDigest: summary.digest, bytes };
  }
  throw new DomainError(
    'unprocessable',
    'archive-damaged',
    'The archive is refused: something follows its end. Pack it again.',
  );
}
