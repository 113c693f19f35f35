/**
 * What the live feed asks of the database. Every question is one statement, in the tenant's own
 * transaction: another tenant's deployment is simply not there.
 */
import { activeStatuses } from '../../deployments/deployment.states.js';
import type { GateState } from '../../deployments/gates/gate-spec.js';
import {
  presentWait,
  WAIT_COLUMNS,
  type PresentWait,
  type WaitRow,
} from '../../deployments/reads/present-wait.js';
import { RUN_KIND } from '../../deployments/runs/runs.store.js';
import type { JournalEntry } from '../../engine/journal.js';
import type { Plan } from '../../engine/plan.js';
import type { RunStatus } from '../../engine/run.js';
import type { OpenContext } from '../../platform/context.js';

/** Entries of one deployment per question; more follow at once. */
export const ENTRIES_PER_READ = 200;
/** Among so many of the newest, one that began and ended unnoticed is found. */
const NEWEST = 50;
/** Longer ago than any lost signal. */
const RECENTLY = '60 seconds';

export interface Head {
  readonly id: string;
  readonly status: RunStatus;
  readonly sequence: number;
  readonly waitingOn: PresentWait | null;
  /** It is not over, or has been for a few seconds only. */
  readonly isRecent: boolean;
}

const HEAD_COLUMNS = `d.id, d.status, d.journal_seq as sequence, ${WAIT_COLUMNS},
  (d.finished_at is null or d.finished_at > clock_timestamp() - interval '${RECENTLY}') as "isRecent"`;

const HEAD_TABLES = `deployments d
  left join runs r on r.tenant_id = d.tenant_id and r.kind = '${RUN_KIND}' and r.id = d.id`;

type HeadRow = Omit<Head, 'waitingOn'> & WaitRow;

function headOf({ id, status, sequence, isRecent, ...wait }: HeadRow): Head {
  return { id, status, sequence, isRecent, waitingOn: presentWait(wait) };
}

export async function headsOf(open: OpenContext, ids: readonly string[]): Promise<Head[]> {
  const rows = await open.tx.query<HeadRow>(
    `select ${HEAD_COLUMNS} from ${HEAD_TABLES} where d.tenant_id = $1 and d.id = any($2)`,
    [open.tenantId, ids],
  );
  return rows.map(headOf);
}

/** All that are not over, and the newest ones whatever they are. */
export async function presentHeads(open: OpenContext): Promise<Head[]> {
  const rows = await open.tx.query<HeadRow>(
    `select ${HEAD_COLUMNS} from ${HEAD_TABLES}
     where d.tenant_id = $1 and d.id in (
       select id from deployments where tenant_id = $1 and status = any($2)
       union
       (select id from deployments where tenant_id = $1 order by id desc limit ${NEWEST}))
     order by d.id desc`,
    [open.tenantId, activeStatuses],
  );
  return rows.map(headOf);
}

export interface Wanted {
  readonly id: string;
  readonly after: number;
}

/** The next entries of each journal, by deployment and sequence. */
export function entriesOf(
  open: OpenContext,
  wanted: readonly Wanted[],
): Promise<(JournalEntry & { readonly id: string })[]> {
  return open.tx.query(
    `select w.id, j.* from unnest($2::uuid[], $3::int[]) as w(id, after)
     cross join lateral (
       select seq, (extract(epoch from at) * 1000)::float8 as at, plan_number as "planNumber",
         step_id as "stepId", attempt, kind, actor, data
       from journal where tenant_id = $1 and deployment_id = w.id and seq > w.after
       order by seq limit ${ENTRIES_PER_READ}) j
     order by w.id, j.seq`,
    [open.tenantId, wanted.map(({ id }) => id), wanted.map(({ after }) => after)],
  );
}

export interface PlanRow {
  readonly id: string;
  readonly number: number;
  readonly plan: Plan;
}

export async function plansOf(open: OpenContext, ids: readonly string[]): Promise<PlanRow[]> {
  const rows = await open.tx.query<{ id: string; number: number; bodyText: string }>(
    `select deployment_id as id, number, body_text as "bodyText" from plans
     where tenant_id = $1 and deployment_id = any($2)`,
    [open.tenantId, ids],
  );
  return rows.map(({ id, number, bodyText }) => ({
    id,
    number,
    plan: JSON.parse(bodyText) as Plan,
  }));
}

export interface GateRow {
  readonly id: string;
  readonly gate: GateState;
}

export function gatesOf(open: OpenContext, ids: readonly string[]): Promise<GateRow[]> {
  return open.tx.query<GateRow>(
    `select id, gate from runs
     where tenant_id = $1 and kind = $2 and id = any($3) and json_typeof(gate->'reading') <> 'null'`,
    [open.tenantId, RUN_KIND, ids],
  );
}
