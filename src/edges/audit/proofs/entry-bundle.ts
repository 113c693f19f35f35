import { leafOf } from '../../../kernel/tlog/audit-leaf.js';
import { type AuditRow, fieldsOf, saltsOf } from '../../../platform/audit/audit-row.js';
import type { LoggedEntry } from './tree.views.js';

/** The entry itself; null: it is gone, though the tree has it. */
export function entryIn(logged: LoggedEntry): AuditRow | null {
  return logged.id === null ? null : (logged as AuditRow);
}

export function leafIn(row: AuditRow) {
  return leafOf(fieldsOf(row), saltsOf(row));
}

/** Entries of a tile as C2SP tlog-tiles has them: each after its length in two bytes. */
export function bundleOf(leaves: readonly string[]): Buffer {
  const parts = leaves.flatMap((leaf) => {
    const bytes = Buffer.from(leaf);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(bytes.length);
    return [length, bytes];
  });
  return Buffer.concat(parts);
}
