/**
 * A file of the archive, packed: what is hashed of each entry as an export has it, so that it is proven
 * without anything else, and in a file beside it what is personal.
 */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Personal, Salts } from '../../../kernel/tlog/audit-leaf.js';
import {
  type ExportEntry,
  type ExportHead,
  writeExportLine,
} from '../../../kernel/tlog/export-lines.js';
import { ExportReader } from '../../../kernel/tlog/read-export.js';
import type { ApartValues } from '../../../kernel/tlog/restore-entry.js';

const packed = promisify(gzip);
const unpacked = promisify(gunzip);
/** Many times what any file has; what is larger was not written here. */
const UNPACKED_BYTES = 128 * 1024 * 1024;

export interface ArchivedLeaf {
  readonly sequence: number;
  readonly leaf: string;
}

export interface ArchivedPersonal extends ApartValues {
  readonly sequence: number;
}

export function packLeaves(
  head: Omit<ExportHead, 'kind' | 'filter'>,
  leaves: readonly ArchivedLeaf[],
): Promise<Buffer> {
  const rest = { kind: 'entry', hash: null, personal: {}, proof: null } as const;
  const lines = [
    writeExportLine({ kind: 'head', filter: null, ...head }),
    ...leaves.map(({ sequence, leaf }) => writeExportLine({ ...rest, sequence, leaf })),
    writeExportLine({ kind: 'end', end: head.size, next: null }),
  ];
  return packed(Buffer.from(lines.join('')));
}

export function packPersonal(entries: readonly ArchivedPersonal[]): Promise<Buffer> {
  return packed(Buffer.from(entries.map((entry) => `${JSON.stringify(entry)}\n`).join('')));
}

export interface UnpackedLeaves {
  readonly head: ExportHead;
  readonly entries: readonly ExportEntry[];
}

/** Throws for what is not a whole file of that form. */
export async function unpackLeaves(bytes: Buffer): Promise<UnpackedLeaves> {
  const reader = new ExportReader();
  const entries: ExportEntry[] = [];
  let head: ExportHead | undefined;
  for (const text of await linesOf(bytes)) {
    const line = reader.read(text);
    if (line.kind === 'head') head = line;
    if (line.kind === 'entry') entries.push(line);
  }
  if (!head || !reader.isComplete) throw new Error('the file has no end');
  return { head, entries };
}

/** By sequence. Throws for what is not a file of that form. */
export async function unpackPersonal(bytes: Buffer): Promise<Map<number, ArchivedPersonal>> {
  const entries = new Map<number, ArchivedPersonal>();
  for (const text of await linesOf(bytes)) {
    const { sequence, personal, replaced } = JSON.parse(text) as ArchivedPersonal;
    entries.set(sequence, { sequence, personal, replaced });
  }
  return entries;
}

/** What an entry says beside its leaf; in place of what was erased stands what its row has there. */
export function apartFrom(
  fields: object,
  salts: Salts,
  personal: Readonly<Record<string, Personal>>,
): ApartValues {
  const erased = Object.keys(salts).filter((pointer) => !Object.hasOwn(personal, pointer));
  const replaced = Object.fromEntries(erased.map((pointer) => [pointer, valueAt(fields, pointer)]));
  return { personal, replaced };
}

function valueAt(root: object, pointer: string): unknown {
  let value: unknown = root;
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    value = (value as Readonly<Record<string, unknown>> | null | undefined)?.[name];
  }
  return value ?? null;
}

async function linesOf(bytes: Buffer): Promise<string[]> {
  const text = (await unpacked(bytes, { maxOutputLength: UNPACKED_BYTES })).toString('utf8');
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}
