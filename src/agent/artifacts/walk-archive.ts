import { createHash } from 'node:crypto';
import { pipeline, type Readable, Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import {
  type ArchiveCaps,
  archiveCaps,
  ArchiveGuard,
  type CheckedEntry,
} from '../../kernel/archive-entry.js';
import { DomainError, messageOf } from '../../kernel/errors.js';

export interface ArchiveSummary {
  /** Of exactly the bytes that were unpacked. */
  readonly digest: string;
  readonly packedBytes: number;
  readonly unpackedBytes: number;
  readonly files: number;
}

/** Receives each checked entry; must read `content` to its end. */
export type EntrySink = (entry: CheckedEntry, content: AsyncIterable<Buffer>) => Promise<void>;

const drop: EntrySink = async (_entry, content) => {
  for await (const _chunk of content);
};

/**
 * Reads a .tar.gz, checks every entry before its content is touched, and hashes the very bytes that
 * it unpacks. Without a sink it only checks, which is what the server does on upload.
 */
export async function walkArchive(
  source: Readable,
  options: { caps?: ArchiveCaps; sink?: EntrySink } = {},
): Promise<ArchiveSummary> {
  const guard = new ArchiveGuard(options.caps ?? archiveCaps);
  const sink = options.sink ?? drop;
  const hash = createHash('sha256');
  const counts = { packedBytes: 0, unpackedBytes: 0, files: 0 };
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      counts.packedBytes += chunk.length;
      done(null, chunk);
    },
  });
  // A Transform after gunzip, so that padding and headers count as unpacked bytes, too.
  const raw = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      try {
        guard.count(chunk.length, counts.packedBytes);
        counts.unpackedBytes += chunk.length;
        done(null, chunk);
      } catch (error) {
        done(error as Error);
      }
    },
  });
  const tar = extract();
  const flowing = new Promise<void>((resolve, reject) => {
    pipeline(source, meter, createGunzip(), raw, tar, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
  // The loop below reports the failure; without this it would also be an unhandled rejection.
  flowing.catch(() => undefined);
  try {
    for await (const entry of tar) {
      const header = entry.header;
      const checked = guard.check({
        name: header.name,
        type: header.type,
        size: header.size ?? 0,
        mode: header.mode ?? 0,
      });
      if (checked?.kind === 'file') counts.files += 1;
      if (checked) await sink(checked, entry as AsyncIterable<Buffer>);
      else entry.resume();
    }
    await flowing;
  } catch (error) {
    source.destroy();
    throw refused(error);
  }
  return { digest: `sha256:${hash.digest('hex')}`, ...counts };
}

/** What the parsers throw means one thing to the caller: these bytes are not a good archive. */
function refused(error: unknown): unknown {
  if (error instanceof DomainError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  // A full disk or a missing folder is not the archive's fault.
  if (/^E[A-Z]+$/.test(code)) return error;
  return new DomainError(
    'unprocessable',
    'archive-damaged',
    `The archive is refused: it is not a complete .tar.gz (${messageOf(error)}).`,
    { cause: error },
  );
}
