import { PassThrough, Readable } from 'node:stream';
import { refusal } from '../../agent/artifacts/archive/archive-refusal.js';
import { type ArchiveSummary, walkArchive } from '../../agent/artifacts/walk-archive.js';
import {
  newTemporaryKey,
  type ObjectStore,
  type TemporaryKey,
} from '../../drivers/storage/object-store.js';

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
  const flow: Flow = { isWithStore: true };
  const storing = store.put(temporaryKey, Readable.from(doubled(source, walked, flow)), options);
  // A store that fails before it reads would leave the walk waiting.
  storing.catch(() => walked.destroy());
  const [walk, put] = await Promise.allSettled([walkArchive(walked), storing]);
  try {
    // One failure breaks the pipes of the others, whose errors are only its echo and may come first.
    if (flow.sourceFailure) throw flow.sourceFailure.reason;
    if (flow.isWithStore && put.status === 'rejected') throw put.reason;
    if (walk.status === 'rejected') throw walk.reason;
    if (put.status === 'rejected') throw put.reason;
    return { temporaryKey, ...sameBytes(walk.value, put.value) };
  } catch (error) {
    await store.delete(temporaryKey);
    throw error;
  }
}

/** Where a chunk was when the flow stopped: it tells who stopped it. */
interface Flow {
  isWithStore: boolean;
  sourceFailure?: { readonly reason: unknown };
}

/** Yields the source's chunks to the store and writes the same ones to the walk. */
async function* doubled(source: Readable, walked: PassThrough, flow: Flow): AsyncGenerator<Buffer> {
  flow.isWithStore = false;
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      flow.isWithStore = true;
      yield chunk;
      flow.isWithStore = false;
      if (walked.destroyed) return;
      if (!walked.write(chunk)) await drained(walked);
    }
    walked.end();
  } catch (error) {
    // A store that stops reading throws an AbortError in here; its reason is not the source's.
    if (!flow.isWithStore) flow.sourceFailure = { reason: error };
    throw error;
  } finally {
    // Left in the middle: the walk must not wait for the rest.
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
  summary: ArchiveSummary,
  bytes: number,
): { artifactDigest: string; bytes: number } {
  if (summary.packedBytes === bytes) return { artifactDigest: summary.digest, bytes };
  throw refusal('archive-damaged', 'something follows its end. Pack it again');
}
