import type { DomainError } from '../../../kernel/errors.js';
import { refusal, shown } from './archive-refusal.js';

/**
 * The keywords of an extended header (pax). What changes a name, a target or a size is obeyed; what only
 * describes is left out; everything else is refused, because a reader that does not know a keyword
 * unpacks something that was never packed: the map of a sparse file, say, as its first bytes.
 */
export interface PaxRecords {
  readonly path?: Buffer;
  readonly linkpath?: Buffer;
  readonly size?: number;
}

/** Times, owners, remarks: releases have none of them. */
const DESCRIBING = new Set([
  'atime',
  'ctime',
  'mtime',
  'uid',
  'gid',
  'uname',
  'gname',
  'comment',
  'charset',
  'LIBARCHIVE.creationtime',
  'LIBARCHIVE.symlinktype',
  'GNU.volume.label',
  'SCHILY.dev',
  'SCHILY.ino',
  'SCHILY.nlink',
  'SCHILY.fflags',
  'SCHILY.devmajor',
  'SCHILY.devminor',
  'SCHILY.archtype',
  'SCHILY.release',
  'SUN.devmajor',
  'SUN.devminor',
]);
/** Attributes and access lists of many systems, and the notes of two packers. */
const DESCRIBING_PREFIXES = [
  'LIBARCHIVE.xattr.',
  'SCHILY.xattr.',
  'SCHILY.acl.',
  'SCHILY.volhdr.',
  'RHT.security.',
  'MSWINDOWS.',
  'NODETAR.',
  'APK-TOOLS.',
];
/** Either says only that names are bytes as they are; whether these are UTF-8 is seen then. */
const CHARACTER_SETS = ['BINARY', 'ISO-IR 10646 2000 UTF-8'];

export const SPARSE_HELP =
  'is stored as a sparse file; pack it whole: GNU tar without --sparse, bsdtar with --no-read-sparse';
export const VOLUME_HELP = 'is part of a file that goes on in another volume; pack it in one';
export const INCREMENTAL_HELP = 'comes from an incremental backup; pack without --incremental';

const MEANING_CHANGED: readonly [RegExp, string][] = [
  [/^GNU\.sparse\.|^SCHILY\.realsize$|^SUN\.holesdata$/, SPARSE_HELP],
  [/^GNU\.volume\.|^SCHILY\.offset$/, VOLUME_HELP],
  [/^GNU\.dumpdir$|^SCHILY\.(dir|filetype|tarfiletype)$/, INCREMENTAL_HELP],
];

/** `blockName` is for a message alone: most packers make it up, and the entry's own name is in a record. */
export function readPaxRecords(bytes: Buffer, blockName: Buffer, isGlobal: boolean): PaxRecords {
  const records: { path?: Buffer; linkpath?: Buffer; size?: number } = {};
  let name: Buffer | undefined;
  let unknown: string | undefined;
  for (let at = 0; at < bytes.length;) {
    const { key, value, end } = recordAt(bytes, at);
    at = end;
    if (key === 'GNU.sparse.name') name = value;
    if (key === 'path' || key === 'linkpath' || key === 'size') {
      if (isGlobal) throw refusal('archive-unsupported', `it sets "${key}" for all its entries`);
      if (key === 'size') records.size = sizeOf(value);
      else records[key] = nonEmpty(key, value);
    } else if (key === 'hdrcharset') {
      if (CHARACTER_SETS.includes(value.toString('latin1'))) continue;
      throw refusal('archive-name-not-utf8', 'its names are in another character set than UTF-8');
    } else if (!isDescribing(key)) {
      unknown ??= key;
    }
  }
  if (unknown !== undefined) throw meaningChanged(unknown, name ?? records.path ?? blockName);
  return records;
}

/** `<length> <key>=<value>\n`, where the length counts itself. */
function recordAt(bytes: Buffer, start: number): { key: string; value: Buffer; end: number } {
  let at = start;
  let length = 0;
  for (let digits = 0; digits < 8; digits += 1, at += 1) {
    const digit = bytes[at]! - 0x30;
    if (!(digit >= 0 && digit <= 9)) break;
    length = length * 10 + digit;
  }
  const end = start + length;
  const equals = bytes.indexOf(0x3d, at + 1);
  const isWhole =
    bytes[at] === 0x20 && end <= bytes.length && bytes[end - 1] === 0x0a && equals > at + 1;
  if (!isWhole || equals >= end) {
    throw refusal('archive-damaged', 'an extended header cannot be read; pack it again');
  }
  const key = bytes.toString('utf8', at + 1, equals);
  return { key, value: bytes.subarray(equals + 1, end - 1), end };
}

function isDescribing(key: string): boolean {
  return DESCRIBING.has(key) || DESCRIBING_PREFIXES.some((prefix) => key.startsWith(prefix));
}

function meaningChanged(key: string, entryName: Buffer): DomainError {
  const help = MEANING_CHANGED.find(([pattern]) => pattern.test(key))?.[1];
  const name = shown(entryName);
  if (help) return refusal('archive-unsupported', `${name} ${help} (${shown(key)})`);
  return refusal(
    'archive-unsupported',
    `${name} has the keyword ${shown(key)}, which may change what its content means; pack without it, for example with --format=ustar`,
  );
}

function sizeOf(value: Buffer): number {
  const digits = value.toString('latin1');
  const size = /^[0-9]{1,16}$/.test(digits) ? Number(digits) : NaN;
  if (Number.isSafeInteger(size)) return size;
  throw refusal('archive-damaged', 'an extended header has a size that is none');
}

function nonEmpty(key: string, value: Buffer): Buffer {
  // Readers disagree whether this takes back an earlier name or is one.
  if (value.length > 0) return value;
  throw refusal('archive-damaged', `an extended header has an empty "${key}"`);
}
