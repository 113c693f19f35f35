import { createHash } from 'node:crypto';
import { pipeline, type Readable, Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DomainError, messageOf } from '../../kernel/errors.js';
import { type ArchiveCaps, archiveCaps } from './archive/archive-caps.js';
import { type ArchiveEnd, ArchiveGuard, type CheckedEntry } from './archive/archive-guard.js';
import { refusal } from './archive/archive-refusal.js';
import { readTar } from './archive/tar-reader.js';

export interface ArchiveSummary extends ArchiveEnd {
  /** Of exactly the bytes that were unpacked. */
  readonly digest: string;
  readonly packedBytes: number;
  readonly unpackedBytes: number;
  readonly files: number;
}

/** Receives each checked entry; need not read `content`. */
export type EntrySink = (entry: CheckedEntry, content: AsyncIterable<Buffer>) => Promise<void>;

/** Twice the default: fewer turns of the event loop for large files, and none of them long for many small ones. */
const UNPACKED_CHUNK_BYTES = 32 * 1024;

/**
 * Reads a .tar.gz, checks every entry before its content is touched, and hashes the very bytes that
 * it unpacks. Without a sink it only checks, which is what the server does on upload.
 */
export async function walkArchive(
  source: Readable,
  options: { caps?: ArchiveCaps; sink?: EntrySink } = {},
): Promise<ArchiveSummary> {
  const guard = new ArchiveGuard(options.caps ?? archiveCaps);
  const hash = createHash('sha256');
  const counts = { packedBytes: 0, unpackedBytes: 0, files: 0 };
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      counts.packedBytes += chunk.length;
      done(null, chunk);
    },
  });
  const unzipped = createGunzip({ chunkSize: UNPACKED_CHUNK_BYTES });
  const flowing = new Promise<void>((resolve, reject) => {
    pipeline(source, meter, unzipped, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
  // The loop below reports the failure; without this it would also be an unhandled rejection.
  flowing.catch(() => undefined);
  /** Behind gunzip, so that padding and headers count as unpacked bytes, too. */
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of unzipped as AsyncIterable<Buffer>) {
      guard.count(chunk.length, counts.packedBytes);
      counts.unpackedBytes += chunk.length;
      yield chunk;
    }
  }
  try {
    for await (const entry of readTar(counted())) {
      const checked = guard.check(entry);
      if (checked?.kind === 'file') counts.files += 1;
      if (checked) await options.sink?.(checked, entry.content);
    }
    await flowing;
    const end = await guard.end();
    return { digest: `sha256:${hash.digest('hex')}`, ...counts, ...end };
  } catch (error) {
    source.destroy();
    throw refused(error);
  }
}

/** What the parsers throw means one thing to the caller: these bytes are not a good archive. */
function refused(error: unknown): unknown {
  if (error instanceof DomainError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  // A full disk or a missing folder is not the archive's fault.
  if (/^E[A-Z]+$/.test(code)) return error;
  return refusal('archive-damaged', `it is not a complete .tar.gz (${messageOf(error)})`);
}
