import { createHash } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  truncateSync,
} from 'node:fs';
import { writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { DomainError } from '../../kernel/errors.js';

/**
 * An append-only file of JSON lines, each with a checksum, each on disk before `append` returns.
 * A torn last line is what a crash leaves and is dropped; damage anywhere else is refused, because
 * whatever would be guessed could start a thing twice. Writes are synchronous on purpose: the
 * effect that follows must not overtake them.
 */
export class JournalFile {
  private descriptor: number;

  private constructor(
    private readonly path: string,
    private bytes: number,
  ) {
    this.descriptor = openSync(path, 'a', 0o600);
  }

  static open(path: string): { file: JournalFile; records: unknown[] } {
    const { records, soundBytes } = read(path);
    const file = new JournalFile(path, soundBytes);
    return { file, records };
  }

  get sizeBytes(): number {
    return this.bytes;
  }

  append(record: unknown): void {
    const line = Buffer.from(lineOf(record));
    try {
      writeAll(this.descriptor, line);
      fsyncSync(this.descriptor);
    } catch (error) {
      // A full disk takes half a line: the next one must not stand behind it.
      ftruncateSync(this.descriptor, this.bytes);
      throw error;
    }
    this.bytes += line.length;
  }

  /** Replaces everything by these records; a crash leaves either the old file or the new one. */
  rewrite(records: readonly unknown[]): void {
    const temporary = `${this.path}.new`;
    const text = Buffer.from(records.map(lineOf).join(''));
    // All that can be refused comes before the rename: after it nothing may go to the old file.
    const folder = openSync(dirname(this.path), 'r');
    try {
      const descriptor = openSync(temporary, 'a', 0o600);
      try {
        ftruncateSync(descriptor);
        writeAll(descriptor, text);
        fsyncSync(descriptor);
        renameSync(temporary, this.path);
      } catch (error) {
        closeSync(descriptor);
        throw error;
      }
      closeSync(this.descriptor);
      this.descriptor = descriptor;
      this.bytes = text.length;
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

function read(path: string): { records: unknown[]; soundBytes: number } {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { records: [], soundBytes: 0 };
    throw error;
  }
  const records: unknown[] = [];
  let soundBytes = 0;
  const lines = text.split('\n');
  const tail = lines.pop() ?? '';
  for (const [index, line] of lines.entries()) {
    const record = parseLine(line);
    if (record === undefined) {
      const isLast = index === lines.length - 1 && tail === '';
      if (isLast) break;
      throw new DomainError(
        'bug',
        'journal-damaged',
        `Line ${index + 1} of ${path} is damaged; restore the file, or move the folder away and enrol the node again.`,
      );
    }
    records.push(record);
    soundBytes += Buffer.byteLength(line) + 1;
  }
  if (soundBytes < Buffer.byteLength(text)) truncateSync(path, soundBytes);
  return { records, soundBytes };
}

function lineOf(record: unknown): string {
  const json = JSON.stringify(record);
  return `${checksum(json)} ${json}\n`;
}

function parseLine(line: string): unknown {
  const json = line.slice(17);
  if (line[16] !== ' ' || checksum(json) !== line.slice(0, 16)) return undefined;
  return JSON.parse(json) as unknown;
}

function checksum(json: string): string {
  return createHash('sha256').update(json).digest('hex').slice(0, 16);
}

function writeAll(descriptor: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
}
