import { gzipSync } from 'node:zlib';

/** One header and what follows it, written by hand, so that it can be wrong in any way. */
export interface RawEntry {
  name?: string | Buffer;
  flag?: string;
  target?: string | Buffer;
  content?: string | Buffer;
  mode?: number;
  /** What the header claims, when that is not the length of the content. */
  size?: number;
  magic?: string;
  prefix?: string;
}

const BLOCK_BYTES = 512;
export const END = Buffer.alloc(2 * BLOCK_BYTES);

export function rawEntry(entry: RawEntry): Buffer {
  const { name = 'file', flag = '0', target = '', mode = 0o644, prefix = '' } = entry;
  const content = Buffer.from(entry.content ?? '');
  const block = Buffer.alloc(BLOCK_BYTES);
  Buffer.from(name).copy(block, 0, 0, 100);
  block.write(`${octal(mode, 7)}\0`, 100, 'latin1');
  block.write(`${octal(0, 7)}\0${octal(0, 7)}\0`, 108, 'latin1');
  block.write(`${octal(entry.size ?? content.length, 11)}\0${octal(0, 11)}\0`, 124, 'latin1');
  block.write(flag, 156, 'latin1');
  Buffer.from(target).copy(block, 157, 0, 100);
  block.write(entry.magic ?? 'ustar\u000000', 257, 'latin1');
  block.write(prefix, 345, 'latin1');
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0 `, 148, 'latin1');
  const padding = Buffer.alloc((BLOCK_BYTES - (content.length % BLOCK_BYTES)) % BLOCK_BYTES);
  return Buffer.concat([block, content, padding]);
}

/** An extended header with these records, for the next entry or (`g`) for all. */
export function paxEntry(records: Record<string, string | Buffer>, flag: 'x' | 'g' = 'x'): Buffer {
  const content = Object.entries(records).map(([key, value]) => paxRecord(key, value));
  return rawEntry({ name: 'PaxHeader/file', flag, content: Buffer.concat(content) });
}

export function paxRecord(key: string, value: string | Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')]);
  let length = rest.length + 1;
  while (rest.length + String(length).length !== length) length += 1;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

export function rawArchive(...parts: readonly (Buffer | RawEntry)[]): Buffer {
  return gzipSync(
    Buffer.concat([...parts.map((part) => (Buffer.isBuffer(part) ? part : rawEntry(part))), END]),
  );
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}
