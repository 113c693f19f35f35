import { canonicalJson } from '../../kernel/canonical-json.js';
import type { EntryFields, EntryVersion, Salts } from '../../kernel/tlog/audit-leaf.js';

/** An entry as the table keeps it. */
export interface AuditRow {
  readonly version: EntryVersion;
  readonly id: string;
  readonly tenantId: string;
  readonly at: Date;
  readonly category: string;
  readonly action: string;
  readonly result: string;
  readonly actor: string;
  readonly actorKind: string | null;
  readonly actorId: string | null;
  readonly actingFor: string | null;
  readonly subjectKind: string;
  readonly subjectId: string;
  readonly sourceAddress: string | null;
  readonly userAgent: string | null;
  readonly requestId: string | null;
  readonly traceId: string | null;
  readonly releaseId: string | null;
  readonly deploymentId: string | null;
  /** Canonical JSON. */
  readonly body: string;
  /** Likewise. */
  readonly salts: string;
}

/** For the select list of whoever reads entries from a table of that alias. */
export const auditColumns = (e: string) =>
  `${e}.format_version as version, ${e}.id, ${e}.tenant_id as "tenantId", ${e}.at, ${e}.category,
   ${e}.action, ${e}.result, ${e}.actor, ${e}.actor_kind as "actorKind", ${e}.actor_id as "actorId",
   ${e}.acting_for as "actingFor", ${e}.subject_kind as "subjectKind", ${e}.subject_id as "subjectId",
   ${e}.source_address as "sourceAddress", ${e}.user_agent as "userAgent",
   ${e}.request_id as "requestId", ${e}.trace_id as "traceId", ${e}.release_id as "releaseId",
   ${e}.deployment_id as "deploymentId", ${e}.body_text as body, ${e}.salts_text as salts`;

export function fieldsOf(row: AuditRow): EntryFields {
  const { version, id, tenantId, at, category, action, result: outcome } = row;
  return {
    version,
    id,
    tenantId,
    at: at.toISOString(),
    category,
    action,
    outcome,
    actor: { kind: row.actorKind, id: row.actorId, name: row.actor },
    actingFor: row.actingFor,
    subject: { kind: row.subjectKind, id: row.subjectId },
    sourceAddress: row.sourceAddress,
    userAgent: row.userAgent,
    requestId: row.requestId,
    traceId: row.traceId,
    releaseId: row.releaseId,
    deploymentId: row.deploymentId,
    body: JSON.parse(row.body) as EntryFields['body'],
  };
}

export const saltsOf = (row: AuditRow) => JSON.parse(row.salts) as Salts;

/** The way back, for what lies elsewhere. */
export function rowOf(fields: EntryFields, salts: Salts): AuditRow {
  const { outcome, actor, subject, body, at, ...rest } = fields;
  return {
    ...rest,
    at: new Date(at),
    result: outcome,
    actor: actor.name,
    actorKind: actor.kind,
    actorId: actor.id,
    subjectKind: subject.kind,
    subjectId: subject.id,
    body: canonicalJson(body),
    salts: canonicalJson(salts),
  };
}
