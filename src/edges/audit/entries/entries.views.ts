/** Audit entries as they are asked for. Each way to ask has an index that leads to its newest entries. */
import type { OpenContext } from '../../../platform/context.js';
import { type AuditRow, auditColumns } from '../../../platform/audit/audit-row.js';
import { statement } from '../../../platform/database/statement.js';

export type EntryRow = AuditRow & {
  /** Null: it is not sealed yet. */
  readonly sequence: number | null;
};

const SELECT = `select ${auditColumns('e')}, l.sequence from audit_entries e
  left join audit_leaves l on l.tenant_id = e.tenant_id and l.entry_id = e.id
  where e.tenant_id = :tenantId`;

/** Bounds are always there, so that one plan does for all: of all time, and before nothing. */
const REST = `and e.at >= :from and e.at < :to and e.at <= :beforeAt
  and (e.at, e.id) < (:beforeAt, :before)
  and (:categories::text[] is null or e.category = any(:categories::text[]))
  and (:action::text is null or e.action = :action) and (:actor::text is null or e.actor = :actor)
  and (:subject::text is null or e.subject_id = :subject)
  and (:personId::text is null or (coalesce(e.acting_for::text, e.actor_id) = :personId
    and e.actor_kind in ('user', 'access-key')))
  and (:result::text is null or e.result = :result)
  and (:deploymentId::uuid is null or e.deployment_id = :deploymentId)
  and (:releaseId::uuid is null or e.release_id = :releaseId)
  and (:traceId::text is null or e.trace_id = :traceId)
  order by e.at desc, e.id desc limit :take`;

export type EntryFilter = {
  readonly categories: readonly string[] | null;
  readonly action: string | null;
  readonly actor: string | null;
  readonly subject: string | null;
  /** Who acted, or for whom a key did. */
  readonly personId: string | null;
  readonly result: string | null;
  readonly deploymentId: string | null;
  readonly releaseId: string | null;
  readonly traceId: string | null;
  readonly from: Date;
  readonly to: Date;
};

type Asked = EntryFilter & {
  readonly tenantId: string;
  readonly before: string;
  readonly beforeAt: Date;
  readonly take: number;
};

const all = statement<Asked, EntryRow>('audit-entries.page', `${SELECT} ${REST}`);
const byDeployment = statement<Asked, EntryRow>(
  'audit-entries.page-by-deployment',
  `${SELECT} and e.deployment_id = :deploymentId ${REST}`,
);
const byTrace = statement<Asked, EntryRow>(
  'audit-entries.page-by-trace',
  `${SELECT} and e.trace_id = :traceId ${REST}`,
);
const bySubject = statement<Asked, EntryRow>(
  'audit-entries.page-by-subject',
  `${SELECT} and e.subject_id = :subject ${REST}`,
);
const byActor = statement<Asked, EntryRow>(
  'audit-entries.page-by-actor',
  `${SELECT} and e.actor = :actor ${REST}`,
);
const byPerson = statement<Asked, EntryRow>(
  'audit-entries.page-by-person',
  `${SELECT} and coalesce(e.acting_for::text, e.actor_id) = :personId
   and e.actor_kind in ('user', 'access-key') ${REST}`,
);
const byAction = statement<Asked, EntryRow>(
  'audit-entries.page-by-action',
  `${SELECT} and e.action = :action ${REST}`,
);
const byCategory = statement<Asked, EntryRow>(
  'audit-entries.page-by-category',
  `${SELECT} and e.category = any(:categories::text[]) ${REST}`,
);

/** By what leaves the fewest. */
function statementFor(filter: EntryFilter) {
  if (filter.deploymentId !== null) return byDeployment;
  if (filter.traceId !== null) return byTrace;
  if (filter.subject !== null) return bySubject;
  if (filter.actor !== null) return byActor;
  if (filter.personId !== null) return byPerson;
  if (filter.action !== null) return byAction;
  return filter.categories === null ? all : byCategory;
}

export const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
export const END_OF_TIME = new Date(Date.UTC(9999, 0));

const timeOf = statement<
  { readonly tenantId: string; readonly id: string; readonly from: Date; readonly to: Date },
  { readonly at: Date }
>(
  'audit-entries.time',
  `select at from audit_entries
   where tenant_id = :tenantId and id = :id and at >= :from and at <= :to`,
);

const timeInLog = statement<
  { readonly tenantId: string; readonly id: string },
  { readonly at: Date }
>(
  'audit-leaves.time',
  'select at from audit_leaves where tenant_id = :tenantId and entry_id = :id',
);
/** Of no entry: it stands for the moment in which such an id is made. */
const MOMENT = /-7000-8000-0{12}$/;

/** Ids are made in the moment of the entry; those of format 1 right before it. */
const AROUND_MS = 60_000;

export async function timeOfEntry(open: OpenContext, id: string): Promise<Date | null> {
  const madeMs = Number.parseInt(id.replace('-', '').slice(0, 12), 16);
  const row = await open.tx.first(timeOf, {
    tenantId: open.tenantId,
    id,
    from: new Date(Math.max(0, madeMs - AROUND_MS)),
    to: new Date(Math.min(madeMs + AROUND_MS, END_OF_TIME.getTime())),
  });
  if (row) return row.at;
  const archived = await open.tx.first(timeInLog, { tenantId: open.tenantId, id });
  return archived?.at ?? (MOMENT.test(id) ? new Date(madeMs) : null);
}

/** Those before that one, the newest first. */
export async function entryRows(
  open: OpenContext,
  filter: EntryFilter,
  { before, take }: { readonly before: string | null; readonly take: number },
): Promise<EntryRow[]> {
  const beforeAt = before === null ? END_OF_TIME : await timeOfEntry(open, before);
  if (beforeAt === null) return [];
  const { tenantId } = open;
  const page = statementFor(filter);
  return open.tx.query(page, {
    ...filter,
    tenantId,
    before: before ?? LAST_ID,
    beforeAt,
    take,
  });
}

const one = statement<
  { readonly tenantId: string; readonly id: string; readonly at: Date },
  EntryRow
>('audit-entries.view', `${SELECT} and e.id = :id and e.at = :at`);

export async function entryRow(open: OpenContext, id: string): Promise<EntryRow | undefined> {
  const at = await timeOfEntry(open, id);
  return at === null ? undefined : open.tx.first(one, { tenantId: open.tenantId, id, at });
}
