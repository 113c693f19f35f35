/** The tables `audit_entries` and `audit_pending`: what was done, and what of it is yet to be sealed. */
import type { OpenContext } from '../context.js';
import { statement } from '../database/statement.js';
import type { AuditRow } from './audit-row.js';

export type NewAuditEntry = AuditRow & { readonly leaf: Buffer; readonly leafText: string };

/** One statement for both rows: this stands in every business transaction. */
const insert = statement<NewAuditEntry>(
  'audit-entries.insert',
  `with entry as (
     insert into audit_entries (at, id, tenant_id, category, action, actor, subject_kind,
       subject_id, request_id, result, body_text, leaf_hash, format_version, actor_kind, actor_id,
       acting_for, source_address, user_agent, trace_id, release_id, deployment_id, salts_text)
     values (:at, :id, :tenantId, :category, :action, :actor, :subjectKind, :subjectId,
       :requestId, :result, :body, :leafText, :version, :actorKind, :actorId, :actingFor,
       :sourceAddress, :userAgent, :traceId, :releaseId, :deploymentId, :salts))
   insert into audit_pending (tenant_id, entry_id, at, leaf_hash)
   values (:tenantId, :id, :at, :leaf)`,
);

export async function insertAuditEntry(open: OpenContext, entry: NewAuditEntry): Promise<void> {
  await open.tx.execute(insert, entry);
}
