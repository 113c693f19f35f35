/** Audit entries as they are asked for. Each way to ask has an index that leads to its newest entries. */
import type { OpenContext } from '../../../platform/context.js';
import { AUDIT_CATEGORIES } from '../../../platform/audit/audit-record.js';
import { type AuditRow, auditColumns } from '../../../platform/audit/audit-row.js';
import { type Statement, statement } from '../../../platform/database/statement.js';

export type EntryRow = AuditRow & {
  /** Null: it is not sealed yet. */
  readonly sequence: number | null;
};

const SELECT = `select ${auditColumns('e')}, l.sequence from audit_entries e
  left join audit_leaves l on l.tenant_id = e.tenant_id and l.entry_id = e.id
  where e.tenant_id = :tenantId`;

/**
 * Bounds are always there: of all time, and before nothing. One for each end: of two the index may take the
 * wrong one to begin at.
 */
const SPAN = `e.at >= :from and e.at < :until and (e.at, e.id) < (:beforeAt, :before)`;
const NEWEST = `order by e.at desc, e.id desc limit :take`;

/** What is left to be asked of the few entries that an index leads to. */
const REST = `(:category::text is null or e.category = :category)
  and (:action::text is null or e.action = :action) and (:actor::text is null or e.actor = :actor)
  and (:subject::text is null or e.subject_id = :subject)
  and (:personId::text is null or (coalesce(e.acting_for::text, e.actor_id) = :personId
    and e.actor_kind in ('user', 'access-key')))
  and (:result::text is null or e.result = :result)
  and (:deploymentId::uuid is null or e.deployment_id = :deploymentId)
  and (:releaseId::uuid is null or e.release_id = :releaseId)
  and (:traceId::text is null or e.trace_id = :traceId)`;

export type EntryFilter = {
  readonly category: string | null;
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

type Asked = Omit<EntryFilter, 'to'> & {
  readonly tenantId: string;
  readonly until: Date;
  readonly before: string;
  readonly beforeAt: Date;
  readonly take: number;
};

/** Of kinds: whatever else is asked for leads to fewer entries, and is taken first. */
type OfKinds = Omit<
  Asked,
  'subject' | 'deploymentId' | 'releaseId' | 'traceId' | 'personId' | 'actor'
>;

/** Where the entries of a page are, then the entries themselves: so no plan sorts what it does not show. */
const shown = (newest: string) => `with recursive ${newest}
  select ${auditColumns('e')}, l.sequence from newest n
  join audit_entries e on e.tenant_id = :tenantId and e.at = n.at and e.id = n.id
  left join audit_leaves l on l.tenant_id = e.tenant_id and l.entry_id = e.id
  order by e.at desc, e.id desc`;

/** Those of one index, which has them in order. */
const along = (index: string) =>
  shown(`newest as materialized (select e.at, e.id from audit_entries e
    where e.tenant_id = :tenantId and ${index} and ${SPAN} and ${REST} ${NEWEST})`);

const all = statement<Asked, EntryRow>('audit-entries.page', along('true'));
/** What is not allowed is rare, and has an index of its own. */
const byRefusal = statement<Asked, EntryRow>(
  'audit-entries.page-by-refusal',
  along(`e.result <> 'allowed' and e.result = :result`),
);
const byDeployment = statement<Asked, EntryRow>(
  'audit-entries.page-by-deployment',
  along('e.deployment_id = :deploymentId'),
);
const byTrace = statement<Asked, EntryRow>(
  'audit-entries.page-by-trace',
  along('e.trace_id = :traceId'),
);
const bySubject = statement<Asked, EntryRow>(
  'audit-entries.page-by-subject',
  along('e.subject_id = :subject'),
);
const byRelease = statement<Asked, EntryRow>(
  'audit-entries.page-by-release',
  along('e.release_id = :releaseId'),
);
const byPerson = statement<Asked, EntryRow>(
  'audit-entries.page-by-person',
  along(`coalesce(e.acting_for::text, e.actor_id) = :personId
    and e.actor_kind in ('user', 'access-key')`),
);

/**
 * The newest of each kind of entry (category, action and outcome, of which there are few), of which the newest
 * are the page: an index leads to each. So what has much of everything and nothing of this is as quick as
 * what has a page full.
 */
const ofEach = (kinds: string, index: string) =>
  shown(`${kinds}, newest as materialized (
    select p.at, p.id from kinds k cross join lateral (
      select e.at, e.id from audit_entries e
      where e.tenant_id = :tenantId and ${index} and e.category = k.category and e.action = k.action
        and e.result = k.result and ${SPAN} ${NEWEST}) p
    where (:category::text is null or k.category = :category)
      and (:action::text is null or k.action = :action) and (:result::text is null or k.result = :result)
    order by p.at desc, p.id desc limit :take)`);

/**
 * From each kind there is to the next: a step of the index for each, however many entries it has. `columns`
 * are those of the index right behind what is fixed: with any other comparison it would be read from its begin.
 */
const stepping = (index: string, columns: readonly string[]) => {
  const of = (row: string) => columns.map((column) => `${row}.${column}`).join(', ');
  const next = (after: string) => `(select e.category, e.action, e.result from audit_entries e
    where e.tenant_id = :tenantId and ${index} ${after} order by ${of('e')} limit 1)`;
  return `kinds as (${next('')} union all select n.* from kinds k cross join lateral
    ${next(`and (${of('e')}) > (${of('k')})`)} n)`;
};

const byActor = statement<OfKinds & Pick<Asked, 'actor'>, EntryRow>(
  'audit-entries.page-by-actor',
  ofEach(stepping('e.actor = :actor', ['category', 'action', 'result']), 'e.actor = :actor'),
);
const byCategory = statement<OfKinds, EntryRow>(
  'audit-entries.page-by-category',
  ofEach(stepping('e.category = :category', ['action', 'result']), 'true'),
);
const byAction = statement<OfKinds, EntryRow>(
  'audit-entries.page-by-action',
  ofEach(
    `kinds as (select category, :action::text as action, result
      from unnest(array['${AUDIT_CATEGORIES.join("', '")}']) category,
        unnest(array['allowed', 'denied', 'failed']) result)`,
    'true',
  ),
);

/** By what leaves the fewest. */
function statementFor(filter: EntryFilter): Statement<Asked, EntryRow> {
  if (filter.deploymentId !== null) return byDeployment;
  if (filter.traceId !== null) return byTrace;
  if (filter.subject !== null) return bySubject;
  if (filter.releaseId !== null) return byRelease;
  if (filter.personId !== null) return byPerson;
  if (filter.actor !== null) return byActor;
  if (filter.action !== null) return byAction;
  if (filter.category !== null) return byCategory;
  return filter.result === null || filter.result === 'allowed' ? all : byRefusal;
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
  const { to, ...rest } = filter;
  const { tenantId } = open;
  const page = statementFor(filter);
  return open.tx.query(page, {
    ...rest,
    tenantId,
    until: new Date(Math.min(to.getTime(), beforeAt.getTime() + 1)),
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
