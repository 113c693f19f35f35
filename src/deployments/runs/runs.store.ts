/**
 * The table `runs`: the engine's clockwork. Every statement of it that writes is here, in
 * claim-due.ts, or, for the gates that it polls, in gate-polls.store.ts. Time is PostgreSQL's: `(select clock_timestamp())` is
 * computed once and can be an index condition; the bare call cannot.
 */
import type { RunKey } from '../../engine/run.js';
import { statement } from '../../platform/database/statement.js';

export const RUN_KIND = 'deployment';

export const deploymentRun = (tenantId: string, id: string): RunKey => ({
  kind: RUN_KIND,
  tenantId,
  id,
});

/** The parameters that name a run: a RunKey is just that. */
export type NamedRun = { readonly tenantId: string; readonly kind: string; readonly id: string };
type FencedRun = NamedRun & { readonly fence: number };

export interface LeaseRow {
  readonly kind: string;
  readonly tenantId: string;
  readonly id: string;
  readonly fence: number;
  readonly pokes: number;
  readonly failures: number;
}

/** Who gives a lease back clears it: one that only ran out belonged to a worker that died. */
export const ranOut = (run: string) => `(${run}.lease_until is not null)::int`;

/** A run that is due at once, for the statement that opens one. Fragment: :tenantId, :kind, :id, :lane. */
export const NEW_RUN = `insert into runs (tenant_id, kind, id, lane, wake_at)
  values (:tenantId, :kind, :id, :lane, clock_timestamp())`;

export const leaseRun = statement<
  NamedRun & { readonly owner: string; readonly leaseMs: number },
  LeaseRow
>(
  'runs.lease',
  `update runs set lease_owner = :owner, fence = fence + 1,
     failures = failures + ${ranOut('runs')},
     lease_until = clock_timestamp() + :leaseMs::int * interval '1 millisecond'
   where tenant_id = :tenantId and kind = :kind and id = :id and wake_at is not null
     and (lease_until is null or lease_until < clock_timestamp())
   returning kind, tenant_id as "tenantId", id, fence, pokes, failures`,
);

/**
 * Waits for no row: one that an action has locked right now would hold up all others, and is told as
 * held but not renewed. What was asked is asked again of the row as it is locked: a run that has gone
 * to sleep since gets no lease back, which nobody would know of.
 */
export const renewLeases = statement<
  {
    readonly owner: string;
    readonly leaseMs: number;
    readonly tenantIds: readonly string[];
    readonly kinds: readonly string[];
    readonly ids: readonly string[];
    readonly fences: readonly number[];
  },
  { readonly id: string; readonly renewed: boolean }
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

export const sleepRun = statement<
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

/**
 * A run that is over stays so: whoever ended it may have missed the reply to its commit, and takes
 * that for an error.
 */
export const releaseRun = statement<
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

const OVER = `update runs set wake_at = null, waiting_on = null, gate = null, polls_gate = false,
     lease_owner = null, lease_until = null, failures = 0
   where tenant_id = :tenantId and kind = :kind and id = :id`;

/** As endRun, by who has found it awake. */
export const retireRun = statement<FencedRun>('runs.retire', `${OVER} and fence = :fence`);

/** The run is over. The caller has locked it and compared the fence. */
export const endRun = statement<NamedRun>('runs.end', OVER);

/** The status has changed. A gate begins anew after a pause, and means nothing on the way back. */
export const dropGate = statement<NamedRun & { readonly goesBack: boolean }>(
  'runs.drop-gate',
  `update runs set gate = null, polls_gate = false,
     lane = case when :goesBack then 'rollback' else lane end
   where tenant_id = :tenantId and kind = :kind and id = :id`,
);

/** How far the gate of its open step has come. The caller acts on the run. */
export const saveRunGate = statement<NamedRun & { readonly gate: string }>(
  'runs.save-gate',
  `update runs set gate = :gate where tenant_id = :tenantId and kind = :kind and id = :id`,
);

/** A hint that must not be slept over. Fragment: NamedRun. */
export const POKE = `update runs set wake_at = clock_timestamp(), pokes = pokes + 1,
     polls_gate = false
   where tenant_id = :tenantId and kind = :kind and id = :id and wake_at is not null`;

export const pokeRun = statement<NamedRun>('runs.poke', POKE);
