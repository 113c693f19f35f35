/**
 * What others ask of deployments: where they are at this moment. In the tenant's own transaction:
 * another tenant's deployment is simply not there.
 */
import type { RunStatus } from '../engine/run.js';
import type { OpenContext } from '../platform/context.js';
import { type NoParameters, statement } from '../platform/database/statement.js';
import { activeStatuses } from './deployment.states.js';
import type { GateState } from './gates/gate-spec.js';
import { presentWait, WAIT_COLUMNS, type PresentWait, type WaitRow } from './reads/present-wait.js';
import { RUN_KIND } from './runs/runs.store.js';

/** Deployments `d`, and the run `r` of each. */
export const WITH_RUNS = `from deployments d
  left join runs r on r.tenant_id = d.tenant_id and r.kind = '${RUN_KIND}' and r.id = d.id`;

export interface Head {
  readonly id: string;
  readonly status: RunStatus;
  readonly sequence: number;
  readonly waitingOn: PresentWait | null;
  /** By the database's clock, in ms since the epoch; null while it is not over. */
  readonly endedAt: number | null;
}

type HeadRow = Omit<Head, 'waitingOn'> & WaitRow;

const HEAD_COLUMNS = `d.id, d.status, d.journal_seq as sequence, ${WAIT_COLUMNS},
  (extract(epoch from d.finished_at) * 1000)::float8 as "endedAt"`;

type Named = { readonly tenantId: string; readonly ids: readonly string[] };

const HEADS = statement<Named, HeadRow>(
  'deployments.heads',
  `select ${HEAD_COLUMNS} ${WITH_RUNS} where d.tenant_id = :tenantId and d.id = any(:ids::uuid[])`,
);

export async function headsOf(open: OpenContext, ids: readonly string[]): Promise<Head[]> {
  return (await open.tx.query(HEADS, { tenantId: open.tenantId, ids })).map(headOf);
}

const NOW = statement<NoParameters, { readonly now: number }>(
  'deployments.now',
  `select (extract(epoch from clock_timestamp()) * 1000)::float8 as now`,
);

const PRESENT_HEADS = statement<
  {
    readonly tenantId: string;
    readonly statuses: readonly RunStatus[];
    readonly since: number;
    readonly limit: number;
  },
  HeadRow
>(
  'deployments.present-heads',
  `select ${HEAD_COLUMNS} ${WITH_RUNS}
   where d.tenant_id = :tenantId and d.id in (
     select id from deployments where tenant_id = :tenantId and status = any(:statuses::text[])
     union
     (select id from deployments
      where tenant_id = :tenantId and finished_at > to_timestamp(:since::float8 / 1000)
      order by finished_at desc limit :limit))
   order by d.id`,
);

export interface PresentHeads {
  /** By the database's clock, before the others were read: what was committed until then is in them. */
  readonly now: number;
  /** All that are not over, and those that ended after `since`. */
  readonly heads: readonly Head[];
}

/** `since`: of the time that it is, in ms since the epoch. Of those that ended, the latest, up to the limit. */
export async function presentHeads(
  open: OpenContext,
  sinceOf: (now: number) => number,
  limit: number,
): Promise<PresentHeads> {
  const { tenantId } = open;
  const { now } = (await open.tx.first(NOW))!;
  const asked = { tenantId, statuses: activeStatuses, since: sinceOf(now), limit };
  return { now, heads: (await open.tx.query(PRESENT_HEADS, asked)).map(headOf) };
}

const LAST_ENTRIES = statement<Named & { readonly kind: string }, LastEntry>(
  'deployments.last-entries',
  `select d.id, (extract(epoch from j.at) * 1000)::float8 as at
   from deployments d join journal j on j.tenant_id = d.tenant_id and j.run_kind = :kind
     and j.deployment_id = d.id and j.seq = d.journal_seq
   where d.tenant_id = :tenantId and d.id = any(:ids::uuid[])`,
);

interface LastEntry {
  readonly id: string;
  readonly at: number;
}

/** When the last entry of each was written, by its own word: what events say. */
export async function lastEntriesOf(
  open: OpenContext,
  ids: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const { tenantId } = open;
  const rows = await open.tx.query(LAST_ENTRIES, { tenantId, kind: RUN_KIND, ids });
  return new Map(rows.map(({ id, at }) => [id, at]));
}

function headOf({ id, status, sequence, endedAt, ...wait }: HeadRow): Head {
  return { id, status, sequence, endedAt, waitingOn: presentWait(wait) };
}

export interface Place {
  readonly id: string;
  readonly module: string;
  readonly environment: string;
}

const PLACES = statement<Named, Place>(
  'deployments.places',
  `select d.id, m.name as module, e.name as environment from deployments d
   join modules m on m.tenant_id = d.tenant_id and m.id = d.module_id
   join environments e on e.tenant_id = d.tenant_id and e.id = d.environment_id
   where d.tenant_id = :tenantId and d.id = any(:ids::uuid[])`,
);

/** Of what, and where, they are: it never changes. */
export function placesOf(open: OpenContext, ids: readonly string[]): Promise<Place[]> {
  return open.tx.query(PLACES, { tenantId: open.tenantId, ids });
}

type One = { readonly tenantId: string; readonly id: string };

const SPEC = statement<One, { readonly specText: string }>(
  'deployments.spec',
  'select spec_text as "specText" from deployments where tenant_id = :tenantId and id = :id',
);

/** As it was fixed when it was created. Undefined: there is no such deployment. */
export async function specTextOf(open: OpenContext, id: string): Promise<string | undefined> {
  return (await open.tx.first(SPEC, { tenantId: open.tenantId, id }))?.specText;
}

const AGE = statement<One, { readonly seconds: number }>(
  'deployments.age',
  `select extract(epoch from clock_timestamp() - created_at)::float8 as seconds
   from deployments where tenant_id = :tenantId and id = :id`,
);

/** In seconds, since it was asked for. */
export async function ageOf(open: OpenContext, id: string): Promise<number> {
  return (await open.tx.first(AGE, { tenantId: open.tenantId, id }))?.seconds ?? 0;
}

export interface GateInProgress {
  readonly id: string;
  readonly gate: GateState;
}

const GATES = statement<Named & { readonly kind: string }, GateInProgress>(
  'deployments.gates-in-progress',
  `select id, gate from runs
   where tenant_id = :tenantId and kind = :kind and id = any(:ids::uuid[])
     and json_typeof(gate->'reading') <> 'null'`,
);

/** Those of them that have been looked at. */
export function gatesOf(open: OpenContext, ids: readonly string[]): Promise<GateInProgress[]> {
  return open.tx.query(GATES, { tenantId: open.tenantId, kind: RUN_KIND, ids });
}
