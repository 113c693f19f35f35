import type { DomainError } from '../../../kernel/errors.js';
import { limits } from '../../../kernel/limits.js';
import { refusal, shown } from './archive-refusal.js';
import { ByteReader } from './byte-reader.js';
import {
  INCREMENTAL_HELP,
  type PaxRecords,
  readPaxRecords,
  SPARSE_HELP,
  VOLUME_HELP,
} from './pax-records.js';
import { BLOCK_BYTES, readHeader, type TarHeader } from './tar-header.js';

/** What an entry is by its header; nothing of it has been judged yet. */
export interface TarEntry {
  readonly kind: 'file' | 'directory' | 'symbolic-link' | 'hard-link';
  readonly name: Buffer;
  readonly target: Buffer;
  readonly size: number;
  readonly mode: number;
  /** May be left unread, or half read. */
  readonly content: AsyncIterable<Buffer>;
}

const KINDS: Readonly<Record<string, TarEntry['kind']>> = {
  '0': 'file',
  '1': 'hard-link',
  '2': 'symbolic-link',
  '5': 'directory',
  // Contiguous on the disk: an ordinary file everywhere since.
  '7': 'file',
};
const NOT_UNPACKED: Readonly<Record<string, string>> = {
  S: SPARSE_HELP,
  M: VOLUME_HELP,
  D: INCREMENTAL_HELP,
};

const ZEROS = Buffer.alloc(128 * BLOCK_BYTES);

/**
 * Reads tar as GNU tar, bsdtar, Python, Go, npm and git write it: v7, ustar, GNU and pax. A reader of our own,
 * because the API and the agent must see the same in it, byte for byte, and because what it does not know it
 * must refuse. Its work grows with the bytes it reads, and it holds one header at a time.
 */
export async function* readTar(source: AsyncIterable<Buffer>): AsyncGenerator<TarEntry> {
  const reader = new ByteReader(source);
  const extended = new ExtendedHeaders(reader);
  for (;;) {
    const block = await reader.take(BLOCK_BYTES);
    const header = block && readHeader(block);
    if (!header) {
      extended.checkNonePending();
      if (block) await checkOnlyZeros(reader);
      return;
    }
    if (header.flag === 'V') {
      // A label on the tape, or rather on the archive.
      if (header.size > 0) throw unknownFlag(header);
    } else if (!(await extended.takes(header))) {
      const whole = extended.applyTo(header);
      const { content, skipRest } = contentOf(reader, whole);
      yield { ...whole, kind: kindOf(whole), content };
      await skipRest();
    }
  }
}

/** The headers before a header, which hold what has no room in it. */
class ExtendedHeaders {
  private pax: PaxRecords | undefined;
  private longName: Buffer | undefined;
  private longTarget: Buffer | undefined;
  private bytes = 0;

  constructor(private readonly reader: ByteReader) {}

  /** Whether the header was one of these. */
  async takes(header: TarHeader): Promise<boolean> {
    const { flag } = header;
    if (flag === 'g') readPaxRecords(await this.contentOf(header), header.name, true);
    else if (flag === 'x') {
      if (this.pax) throw twice();
      this.pax = readPaxRecords(await this.contentOf(header), header.name, false);
    } else if (flag === 'L') {
      if (this.longName) throw twice();
      this.longName = untilZero(await this.contentOf(header));
    } else if (flag === 'K') {
      if (this.longTarget) throw twice();
      this.longTarget = untilZero(await this.contentOf(header));
    } else return false;
    return true;
  }

  /** Readers disagree which of two long names counts. */
  applyTo(header: TarHeader): TarHeader {
    const { pax, longName, longTarget } = this;
    if ((pax?.path && longName) || (pax?.linkpath && longTarget)) throw twice();
    this.pax = this.longName = this.longTarget = undefined;
    return {
      flag: header.flag,
      name: pax?.path ?? longName ?? header.name,
      target: pax?.linkpath ?? longTarget ?? header.target,
      size: pax?.size ?? header.size,
      mode: header.mode,
    };
  }

  checkNonePending(): void {
    if (this.pax || this.longName || this.longTarget) {
      throw refusal('archive-damaged', 'it ends behind an extended header; pack it again');
    }
  }

  private async contentOf({ size, name }: TarHeader): Promise<Buffer> {
    this.bytes += size;
    if (size > limits.unpackedHeaderBytes || this.bytes > limits.unpackedHeadersBytes) {
      throw refusal(
        'archive-header-too-large',
        `the names and attributes before ${shown(name)} are too large; pack without attributes, for example with --format=ustar`,
      );
    }
    const padded = await this.reader.take(Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES);
    if (padded) return padded.subarray(0, size);
    throw refusal('archive-damaged', 'it ends in the middle; it is not a complete .tar.gz');
  }
}

function kindOf(header: TarHeader): TarEntry['kind'] {
  const kind = KINDS[header.flag];
  if (!kind) throw unknownFlag(header);
  // Before there were flags for folders, they were told by their names.
  return kind === 'file' && header.name.at(-1) === 0x2f ? 'directory' : kind;
}

function unknownFlag({ flag, name }: TarHeader): DomainError {
  const help = NOT_UNPACKED[flag];
  if (help) return refusal('archive-unsupported', `${shown(name)} ${help}`);
  if ('346'.includes(flag)) {
    return refusal('archive-special-file', `${shown(name)} is a device or a pipe; leave it out`);
  }
  const what = `${shown(name)} is of the unknown type ${shown(flag)}`;
  return refusal('archive-unsupported', `${what}; pack it with --format=ustar`);
}

function contentOf(reader: ByteReader, { name, size }: TarHeader) {
  let left = size;
  const next = async (): Promise<Buffer> => {
    const part = await reader.some(left);
    if (!part) throw refusal('archive-damaged', `it ends in the middle of ${shown(name)}`);
    left -= part.length;
    return part;
  };
  async function* content(): AsyncGenerator<Buffer> {
    while (left > 0) yield await next();
  }
  const skipRest = async (): Promise<void> => {
    while (left > 0) await next();
    const padding = (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES;
    if (padding > 0 && !(await reader.take(padding))) {
      throw refusal('archive-damaged', `it ends in the middle of ${shown(name)}`);
    }
  };
  return { content: content(), skipRest };
}

/** One reader stops at the first block of zeros, the next goes on: nothing may depend on that. */
async function checkOnlyZeros(reader: ByteReader): Promise<void> {
  for (;;) {
    const rest = await reader.some(ZEROS.length);
    if (!rest) return;
    if (!rest.equals(ZEROS.subarray(0, rest.length))) {
      throw refusal(
        'archive-damaged',
        'something follows its end, a second archive perhaps; pack everything in one go',
      );
    }
  }
}

function untilZero(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

function twice(): DomainError {
  return refusal('archive-damaged', 'an entry has two extended headers; pack it again');
}
