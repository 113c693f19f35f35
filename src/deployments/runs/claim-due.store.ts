/**
 * Which due runs a worker takes: one statement. Tenants take turns, so that thousands of runs of one
 * of them are no wait for the others; and rollbacks go first on a part of each batch that is theirs.
 *
 * Usually few runs are due, and the oldest of each lane are all there are. Only in a flood, when
 * that reading comes back full, each tenant is asked for its oldest by a loose index scan: it costs
 * by the number of tenants and not by what one of them has piled up. Nothing is locked before the
 * batch has been chosen; more are chosen than fit, because other workers choose at the same moment.
 */
import { limits } from '../../kernel/limits.js';
import { statement } from '../../platform/database/statement.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import { ranOut, type Holder, type LeaseRow } from './leases.store.js';

/** Read in the order of time before a lane counts as flooded. */
const READ_FIRST = 500;
/** Chosen for each place of a batch: other workers may have taken the same ones a moment ago. */
const CHOSEN_PER_PLACE = 4;

/** `(select …)`: computed once, and good as an index condition; the bare call is neither. */
const isAwake = (run: string) =>
  `${run}.wake_at is not null and not ${run}.polls_gate and ${run}.kind = any(:kinds::text[])`;
const isDue = (run: string) => `${isAwake(run)} and ${run}.wake_at <= (select clock_timestamp())
  and (${run}.lease_until is null or ${run}.lease_until < (select clock_timestamp()))`;

const oldestOf = (lane: string) => `(select r.lane, r.tenant_id, r.kind, r.id, r.wake_at
  from runs r where r.lane = '${lane}' and ${isDue('r')} order by r.wake_at limit ${READ_FIRST})`;

const firstOfTenant = (after: string) => `(select r.tenant_id, r.wake_at from runs r
  where r.lane = before.lane and ${isAwake('r')} ${after} order by r.tenant_id, r.wake_at limit 1)`;

export const CLAIM_DUE = statement<
  {
    readonly owner: string;
    readonly leaseMs: number;
    readonly limit: number;
    readonly kinds: readonly string[];
  },
  LeaseRow
>(
  'runs.claim-due',
  `
  with recursive oldest as materialized (
    ${oldestOf('rollback')} union all ${oldestOf('normal')}),
  flooded as materialized (
    select lane from oldest group by lane having count(*) >= ${READ_FIRST}),
  tenants (lane, tenant_id, wake_at) as (
    select before.lane, next.*
    from flooded before cross join lateral ${firstOfTenant('')} next
    union all
    select before.lane, next.*
    from tenants before
    cross join lateral ${firstOfTenant('and r.tenant_id > before.tenant_id')} next),
  known as (
    select * from oldest where lane not in (select lane from flooded)
    union all
    select each.* from tenants cross join lateral (
      select r.lane, r.tenant_id, r.kind, r.id, r.wake_at from runs r
      where r.lane = tenants.lane and r.tenant_id = tenants.tenant_id and ${isDue('r')}
      order by r.wake_at limit least(:limit::int, ${limits.claimsPerTenant})) each
    where tenants.wake_at <= (select clock_timestamp())),
  ranked as (
    select *, row_number() over (partition by lane, tenant_id order by wake_at, id) as turn
    from known),
  placed as (
    select *, row_number() over (partition by lane order by turn, wake_at, id) as place
    from ranked where turn <= ${limits.claimsPerTenant}),
  chosen as materialized (
    select tenant_id, kind, id, row_number() over (
      order by (lane = 'rollback' and place <= ceil(:limit::int * ${limits.rollbackShare})) desc, turn, lane desc, wake_at, id) as place
    from placed order by place limit ${CHOSEN_PER_PLACE} * :limit::int),
  due as (
    select r.tenant_id, r.kind, r.id, chosen.place from chosen
    join runs r on r.tenant_id = chosen.tenant_id and r.kind = chosen.kind and r.id = chosen.id
    where ${isDue('r')}
    order by chosen.place limit :limit for update of r skip locked)
  update runs r set lease_owner = :owner, fence = r.fence + 1, failures = r.failures + ${ranOut('r')},
    lease_until = clock_timestamp() + :leaseMs::int * interval '1 millisecond'
  from due where r.tenant_id = due.tenant_id and r.kind = due.kind and r.id = due.id
  returning r.kind, r.tenant_id as "tenantId", r.id, r.fence, r.pokes, r.failures`,
);

/** `kinds`: those that this process knows; what a newer version runs is nothing for it. */
export function claimDue(
  tx: SystemTransaction,
  { owner, leaseMs }: Holder,
  { limit, kinds }: { readonly limit: number; readonly kinds: readonly string[] },
): Promise<LeaseRow[]> {
  return tx.query(CLAIM_DUE, { owner, leaseMs, limit, kinds });
}
