/**
 * What of the log goes to a receiver in one piece: entries in their order, as many as fit, of the categories
 * that are wanted; as `tidegate`, in lines as an export has them. Pure.
 */
import { auditLimits } from '../../../kernel/audit-limits.js';
import type { EntryFields, Leaf } from '../../../kernel/tlog/audit-leaf.js';
import { writeExportLine } from '../../../kernel/tlog/export-lines.js';
import { ocsfOf } from './ocsf.js';
import type { StreamFormat } from './stream-format.js';

export interface StreamEntry {
  readonly sequence: number;
  readonly fields: EntryFields;
  readonly leaf: Leaf;
}

/** The newest signed checkpoint of a size that these entries reach. */
export interface ReachedCheckpoint {
  readonly size: number;
  readonly note: string;
}

export interface Wanted {
  readonly format: StreamFormat;
  readonly categories: readonly string[] | null;
  /** Of this program. */
  readonly version: string;
}

export interface Batch {
  /** The first sequence that is not part of it. */
  readonly end: number;
  /** None: nothing of what was looked at is wanted. */
  readonly entries: number;
  readonly contentType: string;
  readonly body: string;
}

/** Of entries that follow one another; at least the first is taken. */
export function batchOf(
  entries: readonly StreamEntry[],
  checkpoint: ReachedCheckpoint | null,
  wanted: Wanted,
): Batch {
  const { format, categories } = wanted;
  const lines: { readonly sequence: number; readonly text: string }[] = [];
  let bytes = checkpoint === null ? 0 : Buffer.byteLength(checkpoint.note) * 2;
  let end = entries[0]!.sequence;
  for (const entry of entries) {
    if (categories === null || categories.includes(entry.fields.category)) {
      const text = format === 'ocsf' ? ocsfText(entry, wanted) : lineOf(entry);
      bytes += Buffer.byteLength(text) + 1;
      if (lines.length > 0 && bytes > auditLimits.streamBytes) break;
      lines.push({ sequence: entry.sequence, text });
    }
    end = entry.sequence + 1;
  }
  const texts = lines.map(({ text }) => text);
  if (format === 'ocsf') {
    const body = `[${texts.join(',\n')}]`;
    return { end, entries: texts.length, contentType: 'application/json', body };
  }
  if (checkpoint !== null && checkpoint.size <= end) {
    const place = lines.filter(({ sequence }) => sequence < checkpoint.size).length;
    texts.splice(place, 0, writeExportLine({ kind: 'checkpoint', checkpoint: checkpoint.note }));
  }
  const body = texts.join('');
  return { end, entries: lines.length, contentType: 'application/x-ndjson', body };
}

function ocsfText({ fields, sequence }: StreamEntry, { version }: Wanted): string {
  return JSON.stringify(ocsfOf(fields, { sequence, version }));
}

function lineOf({ sequence, leaf: { text: leaf, personal } }: StreamEntry): string {
  return writeExportLine({ kind: 'entry', sequence, leaf, personal, hash: null, proof: null });
}
