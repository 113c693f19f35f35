/**
 * The table `delivery_lanes` as the sender schedules it, for all tenants as the system's role: who is due,
 * and who has leased what. It sees when and whose, never what is said.
 */
import { statement } from '../../../platform/database/statement.js';
import type { SystemTransaction } from '../../../platform/database/transaction.js';

/** A lane that is leased: nobody else sends of it until the lease is over. */
export interface LaneClaim {
  readonly tenantId: string;
  readonly channelId: string;
  readonly laneId: string;
  readonly lease: string;
  readonly failures: number;
}

export interface ClaimLimits {
  readonly lanes: number;
  readonly perTenant: number;
  readonly perChannel: number;
  /** Of a tenant, those that failed the last time: what hangs leaves room for what does not. */
  readonly failingPerTenant: number;
  readonly busyTenants: readonly string[];
  readonly busyChannels: readonly string[];
  readonly failingTenants: readonly string[];
  readonly leaseMs: number;
}

/** Looked at for one claim: enough for a fair choice, few enough to be quick. */
const CANDIDATES = 500;

const claim = statement<ClaimLimits & { readonly lease: string }, LaneClaim>(
  'delivery-lanes.claim',
  `with due as (
     select tenant_id, channel_id, lane_id, due_at, failures > 0 as is_failing
     from delivery_lanes
     where due_at <= (select clock_timestamp())
       and (lease_until is null or lease_until < (select clock_timestamp()))
       and tenant_id <> all (:busyTenants::uuid[]) and channel_id <> all (:busyChannels::uuid[])
       and (failures = 0 or tenant_id <> all (:failingTenants::uuid[]))
     order by due_at limit ${CANDIDATES}),
   fair as (
     select *, row_number() over (partition by tenant_id order by is_failing, due_at) as of_tenant,
       row_number() over (partition by channel_id order by is_failing, due_at) as of_channel,
       row_number() over (partition by tenant_id, is_failing order by due_at) as of_failing
     from due),
   chosen as (
     select l.tenant_id, l.channel_id, l.lane_id
     from delivery_lanes l join fair f using (tenant_id, channel_id, lane_id)
     where f.of_tenant <= :perTenant::int and f.of_channel <= :perChannel::int
       and (not f.is_failing or f.of_failing <= :failingPerTenant::int)
       and l.due_at <= (select clock_timestamp())
       and (l.lease_until is null or l.lease_until < (select clock_timestamp()))
     order by f.of_tenant limit :lanes for update of l skip locked)
   update delivery_lanes l set lease = :lease::uuid,
     lease_until = clock_timestamp() + :leaseMs::int * interval '1 millisecond'
   from chosen c where l.tenant_id = c.tenant_id and l.channel_id = c.channel_id
     and l.lane_id = c.lane_id
   returning l.tenant_id as "tenantId", l.channel_id as "channelId", l.lane_id as "laneId",
     l.lease, l.failures`,
);

/** Leases lanes that are due: a few of each tenant and channel. */
export function claimLanes(
  tx: SystemTransaction,
  lease: string,
  limits: ClaimLimits,
): Promise<LaneClaim[]> {
  return tx.query(claim, { ...limits, lease });
}

interface Waiting {
  readonly waiting: number;
  readonly oldestSeconds: number;
}

const waiting = statement<Record<never, never>, Waiting>(
  'deliveries.count-waiting',
  `select (select count(*)::int from deliveries where state = 'waiting') as waiting,
     coalesce(extract(epoch from clock_timestamp()
       - (select min(queued_at) from deliveries where state = 'waiting')), 0)::float8
       as "oldestSeconds"`,
);

export async function countWaiting(tx: SystemTransaction): Promise<Waiting> {
  return (await tx.first(waiting)) ?? { waiting: 0, oldestSeconds: 0 };
}

type Batch = { readonly days: number; readonly rows: number };

/** What names the deliveries goes in the same statement, before PostgreSQL looks. */
const purge = statement<Batch>(
  'deliveries.purge',
  `with old as (
     select tenant_id, id from deliveries where state <> 'waiting'
       and done_at < clock_timestamp() - :days::int * interval '1 day' limit :rows),
   attempts as (
     delete from delivery_attempts a using old o
     where a.tenant_id = o.tenant_id and a.delivery_id = o.id)
   delete from deliveries d using old o
   where d.tenant_id = o.tenant_id and d.id = o.id and d.state <> 'waiting'`,
);

/** How many. */
export function purgeDeliveries(tx: SystemTransaction, batch: Batch): Promise<number> {
  return tx.execute(purge, batch);
}

const purgeIdle = statement<{ readonly rows: number }>(
  'delivery-lanes.purge',
  `delete from delivery_lanes l using (
     select tenant_id, channel_id, lane_id from delivery_lanes i
     where due_at is null and not exists (select from deliveries d where d.tenant_id = i.tenant_id
       and d.channel_id = i.channel_id and d.lane_id = i.lane_id) limit :rows) idle
   where l.tenant_id = idle.tenant_id and l.channel_id = idle.channel_id
     and l.lane_id = idle.lane_id and l.due_at is null`,
);

/** Lanes in which nothing was told for as long as anything is kept. */
export async function purgeLanes(tx: SystemTransaction, rows: number): Promise<void> {
  await tx.execute(purgeIdle, { rows });
}
