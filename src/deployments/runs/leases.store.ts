/**
 * The table `runs`: who holds the lease of a run, and until when it sleeps. Time is PostgreSQL's:
 * `(select clock_timestamp())` is computed once and can be an index condition; the bare call cannot.
 */
import type { Lease, RunKey } from '../../engine/run.js';
import type { Release, Sleep } from '../../engine/run-store.js';
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';
import type { SystemTransaction, Transaction } from '../../platform/database/transaction.js';
import type { FencedRun, NamedRun } from './runs.store.js';

export interface LeaseRow {
  readonly kind: string;
  readonly tenantId: string;
  readonly id: string;
  readonly fence: number;
  readonly pokes: number;
  readonly failures: number;
}

interface RenewedRow {
  readonly id: string;
  readonly renewed: boolean;
}

/** Who asks for a lease, and for how long. */
export interface Holder {
  readonly owner: string;
  readonly leaseMs: number;
}

/** What a holder shows for a write to be his. */
export type Held = Pick<Lease, 'key' | 'fence'>;

/** Who gives a lease back clears it: one that only ran out belonged to a worker that died. */
export const ranOut = (run: string) => `(${run}.lease_until is not null)::int`;

const LEASE = statement<NamedRun & { readonly owner: string; readonly leaseMs: number }, LeaseRow>(
  'runs.lease',
  `update runs set lease_owner = :owner, fence = fence + 1,
     failures = failures + ${ranOut('runs')},
     lease_until = clock_timestamp() + :leaseMs::int * interval '1 millisecond'
   where tenant_id = :tenantId and kind = :kind and id = :id and wake_at is not null
     and (lease_until is null or lease_until < clock_timestamp())
   returning kind, tenant_id as "tenantId", id, fence, pokes, failures`,
);

/** No row: it is over, or somebody holds it. */
export function leaseRun(
  tx: SystemTransaction,
  { tenantId, kind, id }: RunKey,
  { owner, leaseMs }: Holder,
): Promise<LeaseRow[]> {
  return tx.query(LEASE, { tenantId, kind, id, owner, leaseMs });
}

/**
 * Waits for no row: one that an action has locked right now would hold up all others, and is told as
 * held but not renewed. What was asked is asked again of the row as it is locked: a run that has gone
 * to sleep since gets no lease back, which nobody would know of.
 */
const RENEW = statement<
  {
    readonly owner: string;
    readonly leaseMs: number;
    readonly tenantIds: readonly string[];
    readonly kinds: readonly string[];
    readonly ids: readonly string[];
    readonly fences: readonly number[];
  },
  RenewedRow
>(
  'runs.renew',
  `with asked as (
     select r.tenant_id, r.kind, r.id, r.fence
     from unnest(:tenantIds::uuid[], :kinds::text[], :ids::uuid[], :fences::bigint[])
       as held (tenant_id, kind, id, fence)
     join runs r on r.tenant_id = held.tenant_id and r.kind = held.kind and r.id = held.id
       and r.fence = held.fence and r.lease_owner = :owner),
   free as (
     select r.tenant_id, r.kind, r.id from asked join runs r on r.tenant_id = asked.tenant_id
       and r.kind = asked.kind and r.id = asked.id and r.fence = asked.fence
       and r.lease_owner = :owner
     for update of r skip locked),
   renewed as (
     update runs r set lease_until = clock_timestamp() + :leaseMs::int * interval '1 millisecond'
     from free where r.tenant_id = free.tenant_id and r.kind = free.kind and r.id = free.id
     returning r.id)
   select asked.id, renewed.id is not null as renewed
   from asked left join renewed on renewed.id = asked.id`,
);

/** Those that the holder still has; the others are lost. */
export function renewLeases(
  tx: SystemTransaction,
  leases: readonly Lease[],
  { owner, leaseMs }: Holder,
): Promise<RenewedRow[]> {
  return tx.query(RENEW, {
    owner,
    leaseMs,
    tenantIds: leases.map(({ key }) => key.tenantId),
    kinds: leases.map(({ key }) => key.kind),
    ids: leases.map(({ key }) => key.id),
    fences: leases.map(({ fence }) => fence),
  });
}

const SLEEP = statement<
  FencedRun & {
    readonly pokes: number;
    /** Ms since the epoch. */
    readonly until: number;
    /** JSON. */
    readonly waitingOn: string;
    readonly pollsGate: boolean;
  },
  { readonly id: string }
>(
  'runs.sleep',
  `update runs set wake_at = to_timestamp(:until::float8 / 1000), waiting_on = :waitingOn::jsonb,
     polls_gate = :pollsGate, lease_owner = null, lease_until = null, failures = 0
   where tenant_id = :tenantId and kind = :kind and id = :id and fence = :fence and pokes = :pokes
   returning id`,
);

/** No row: it was poked meanwhile, or the lease is lost. */
export function sleepRun(
  tx: Transaction,
  { key: { tenantId, kind, id }, fence }: Held,
  pokes: number,
  { until, waitingOn, pollsGate }: Sleep,
): Promise<{ id: string }[]> {
  return tx.query(SLEEP, {
    tenantId,
    kind,
    id,
    fence,
    pokes,
    until,
    waitingOn: JSON.stringify(waitingOn),
    pollsGate,
  });
}

/**
 * A run that is over stays so: whoever ended it may have missed the reply to its commit, and takes
 * that for an error.
 */
const RELEASE = statement<
  FencedRun & {
    readonly delayMs: number;
    /** JSON, without its times. */
    readonly waitingOn: string;
    readonly failures: 'counted' | 'kept' | 'forgotten';
    readonly pokes: number;
  }
>(
  'runs.release',
  `update runs set lease_owner = null, lease_until = null, polls_gate = false,
     failures = case :failures when 'counted' then failures + 1
       when 'kept' then greatest(failures, 1) else 0 end,
     wake_at = clock_timestamp() + case when :failures <> 'forgotten' or pokes = :pokes
       then :delayMs::int else 0 end * interval '1 millisecond',
     waiting_on = :waitingOn::jsonb || jsonb_build_object(
       'since', floor(extract(epoch from clock_timestamp()) * 1000)::bigint,
       'until', floor(extract(epoch from clock_timestamp()) * 1000)::bigint + :delayMs::int)
   where tenant_id = :tenantId and kind = :kind and id = :id and fence = :fence
     and wake_at is not null`,
);

export function releaseRun(
  tx: SystemTransaction,
  { key: { tenantId, kind, id }, fence, pokes }: Lease,
  { delayMs, waitingOn, failures }: Release,
): Promise<number> {
  return tx.execute(RELEASE, {
    tenantId,
    kind,
    id,
    fence,
    delayMs,
    waitingOn: JSON.stringify(waitingOn),
    failures,
    pokes,
  });
}

const OVER = `update runs set wake_at = null, waiting_on = null, gate = null, polls_gate = false,
     lease_owner = null, lease_until = null, failures = 0
   where tenant_id = :tenantId and kind = :kind and id = :id`;

const RETIRE = statement<FencedRun>('runs.retire', `${OVER} and fence = :fence`);

/** As endRun, by who has found it awake. */
export function retireRun(
  tx: SystemTransaction,
  { key: { tenantId, kind, id }, fence }: Held,
): Promise<number> {
  return tx.execute(RETIRE, { tenantId, kind, id, fence });
}

const END = statement<NamedRun>('runs.end', OVER);

/** The run is over. The caller has locked it and compared the fence. */
export async function endRun(open: OpenContext, { tenantId, kind, id }: RunKey): Promise<void> {
  await open.tx.execute(END, { tenantId, kind, id });
}
