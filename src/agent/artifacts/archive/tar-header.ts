import { refusal, shown } from './archive-refusal.js';

export const BLOCK_BYTES = 512;

/** What the block before an entry says, or what is left of that when extended headers have had their say. */
export interface TarHeader {
  readonly flag: string;
  readonly name: Buffer;
  readonly target: Buffer;
  readonly size: number;
  readonly mode: number;
}

const V7 = Buffer.alloc(8);
const POSIX = Buffer.from('ustar\u000000');
const GNU = Buffer.from('ustar  \u0000');
/** star's mark at the end of the block: it keeps times where others have more of the prefix. */
const STAR = Buffer.from('tar\u0000');

/** Null: a block of zeros. */
export function readHeader(block: Buffer): TarHeader | null {
  const sum = checksum(block);
  if (sum === 8 * 0x20 && !block.some((byte) => byte !== 0)) return null;
  const name = text(block, 0, 100);
  if (number(block, 148, 8, name) !== sum) {
    throw refusal('archive-damaged', 'a header has a wrong checksum; pack it again');
  }
  const magic = block.subarray(257, 265);
  const isPosix = magic.subarray(0, 6).equals(POSIX.subarray(0, 6));
  if (!isPosix && !magic.equals(GNU) && !magic.equals(V7)) {
    throw refusal('archive-damaged', `the header of ${shown(name)} is of no known format`);
  }
  const prefix = isPosix
    ? text(block, 345, block.subarray(508).equals(STAR) ? 131 : 155)
    : Buffer.alloc(0);
  return {
    flag: block[156] === 0 ? '0' : String.fromCharCode(block[156]!),
    name: prefix.length > 0 ? Buffer.concat([prefix, Buffer.from('/'), name]) : name,
    target: text(block, 157, 100),
    size: number(block, 124, 12, name),
    mode: number(block, 100, 8, name),
  };
}

function checksum(block: Buffer): number {
  // The field itself counts as eight spaces.
  let sum = 8 * 0x20;
  for (let at = 0; at < 148; at += 1) sum += block[at]!;
  for (let at = 156; at < BLOCK_BYTES; at += 1) sum += block[at]!;
  return sum;
}

function text(block: Buffer, start: number, length: number): Buffer {
  const field = block.subarray(start, start + length);
  const end = field.indexOf(0);
  return end < 0 ? field : field.subarray(0, end);
}

/** Octal digits, or the binary form for what has too many of them. */
function number(block: Buffer, start: number, length: number, name: Buffer): number {
  const field = block.subarray(start, start + length);
  if (field[0] === 0x80) {
    let value = 0;
    for (const byte of field.subarray(1)) value = value * 256 + byte;
    if (Number.isSafeInteger(value)) return value;
  } else {
    // eslint-disable-next-line no-control-regex
    const digits = /^ *([0-7]*)[ \u0000]*$/.exec(field.toString('latin1'));
    if (digits) return digits[1] === '' ? 0 : parseInt(digits[1]!, 8);
  }
  throw refusal('archive-damaged', `the header of ${shown(name)} has a number that is none`);
}
