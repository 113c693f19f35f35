/** The tables `audit_entries` and `audit_pending`: what was done, and what of it is yet to be sealed. */
import type { OpenContext } from '../context.js';
import { statement } from '../database/statement.js';

export type NewAuditEntry = {
  readonly at: Date;
  readonly id: string;
  readonly tenantId: string;
  readonly category: string;
  readonly action: string;
  readonly actor: string;
  readonly subjectKind: string;
  readonly subjectId: string;
  readonly requestId: string;
  readonly result: string;
  /** Canonical JSON. */
  readonly body: string;
  readonly leaf: string;
};

/** One statement for both rows: this stands in every business transaction. */
const insert = statement<NewAuditEntry>(
  'audit-entries.insert',
  `with entry as (
     insert into audit_entries (at, id, tenant_id, category, action, actor, subject_kind,
       subject_id, request_id, result, body_text, leaf_hash)
     values (:at, :id, :tenantId, :category, :action, :actor, :subjectKind, :subjectId,
       :requestId, :result, :body, :leaf))
   insert into audit_pending (tenant_id, entry_id, at) values (:tenantId, :id, :at)`,
);

export async function insertAuditEntry(open: OpenContext, entry: NewAuditEntry): Promise<void> {
  await open.tx.execute(insert, entry);
}
