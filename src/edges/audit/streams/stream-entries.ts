/** Sealed entries as a stream sends them: none that is not what was sealed. */
import { leafHash } from '../../../kernel/tlog/tree.js';
import { type AuditRow, fieldsOf } from '../../../platform/audit/audit-row.js';
import { entryIn, leafIn } from '../proofs/entry-bundle.js';
import type { LoggedEntry } from '../proofs/tree.views.js';
import type { StreamEntry } from './stream-batch.js';

export interface Found {
  readonly entries: readonly StreamEntry[];
  /** Why it is not all of them: the log itself is damaged after the last of these. */
  readonly fault: 'entry-missing' | 'entry-altered' | null;
}

/**
 * Ends before the first that is gone or altered: a stream has no gap, so it stands still there, which is an
 * alarm, and `GET /audit-logs/verification` says what is wrong.
 */
export function streamEntries(logged: readonly LoggedEntry[], from: number, to: number): Found {
  const entries: StreamEntry[] = [];
  for (const each of logged) {
    const { sequence, leafHash: hash } = each;
    const row = entryIn(each);
    if (row === null || sequence !== from + entries.length) {
      return { entries, fault: 'entry-missing' };
    }
    const read = readRow(row);
    if (read === null || !leafHash(Buffer.from(read.leaf.text)).equals(hash)) {
      return { entries, fault: 'entry-altered' };
    }
    entries.push({ sequence, ...read });
  }
  return { entries, fault: entries.length === to - from ? null : 'entry-missing' };
}

/** Null: somebody has left there what cannot even be read. */
function readRow(row: AuditRow): Omit<StreamEntry, 'sequence'> | null {
  try {
    return { fields: fieldsOf(row), leaf: leafIn(row) };
  } catch {
    return null;
  }
}
