/** The statements of the relay, as the system's role: it schedules for all tenants. */
import type { Database } from '../database/database.js';

export interface Claim {
  readonly tenantId: string;
  readonly streamId: string;
  readonly afterSeq: number;
  readonly upToSeq: number;
  readonly failures: number;
}

export interface ClaimLimits {
  readonly streams: number;
  readonly streamsPerTenant: number;
  /** Tenants that have as much under way as they may. */
  readonly busyTenants: readonly string[];
  readonly leaseMs: number;
}

/** Candidates looked at per claim: enough for a fair choice, few enough to be quick. */
const CANDIDATES = 500;

/**
 * Leases streams that have something new: a few of each tenant. `lease_until` is also when a
 * failing stream is due again.
 */
export function claimStreams(
  database: Database,
  consumer: string,
  { streams, streamsPerTenant, busyTenants, leaseMs }: ClaimLimits,
): Promise<Claim[]> {
  return database.system((tx) =>
    tx.query<Claim>(
      `with open as (
         select tenant_id, stream_id, lease_until from outbox
         where consumer = $1 and delivered_seq < up_to_seq
           and (lease_until is null or lease_until < (select clock_timestamp()))
           and tenant_id <> all ($2::uuid[])
         order by lease_until nulls first limit ${CANDIDATES}),
       fair as (
         select *, row_number() over (partition by tenant_id order by lease_until nulls first) as place
         from open),
       chosen as (
         select o.consumer, o.tenant_id, o.stream_id
         from outbox o join fair f on o.tenant_id = f.tenant_id and o.stream_id = f.stream_id
         where o.consumer = $1 and f.place <= $3 and o.delivered_seq < o.up_to_seq
           and (o.lease_until is null or o.lease_until < (select clock_timestamp()))
         order by f.place limit $4 for update of o skip locked)
       update outbox o set lease_until = clock_timestamp() + $5::int * interval '1 millisecond'
       from chosen c where o.consumer = c.consumer and o.tenant_id = c.tenant_id
         and o.stream_id = c.stream_id
       returning o.tenant_id as "tenantId", o.stream_id as "streamId",
         o.delivered_seq as "afterSeq", o.up_to_seq as "upToSeq", o.failures`,
      [consumer, busyTenants, streamsPerTenant, streams, leaseMs],
    ),
  );
}

/** Compare-and-set: whoever lost the lease in the meantime moves nothing. True: there is more. */
export async function advanceStream(
  database: Database,
  consumer: string,
  { tenantId, streamId, afterSeq, upToSeq }: Claim,
): Promise<boolean> {
  const [row] = await database.system((tx) =>
    tx.query<{ isOpen: boolean }>(
      `update outbox set delivered_seq = $5, lease_until = null, failures = 0
       where consumer = $1 and tenant_id = $2 and stream_id = $3 and delivered_seq = $4
       returning delivered_seq < up_to_seq as "isOpen"`,
      [consumer, tenantId, streamId, afterSeq, upToSeq],
    ),
  );
  return row?.isOpen ?? false;
}

/** Nobody tries again before the delay is over. */
export async function postponeStream(
  database: Database,
  consumer: string,
  { tenantId, streamId, afterSeq, failures }: Claim,
  { delayMs, isFailure }: { readonly delayMs: number; readonly isFailure: boolean },
): Promise<void> {
  await database.system((tx) =>
    tx.execute(
      `update outbox set lease_until = clock_timestamp() + $6::int * interval '1 millisecond',
         failures = failures + $7::int
       where consumer = $1 and tenant_id = $2 and stream_id = $3 and delivered_seq = $4
         and failures = $5`,
      [consumer, tenantId, streamId, afterSeq, failures, delayMs, isFailure ? 1 : 0],
    ),
  );
}

export interface Backlog {
  readonly consumer: string;
  readonly open: number;
  readonly failing: number;
}

export function readBacklog(database: Database): Promise<Backlog[]> {
  return database.system((tx) =>
    tx.query<Backlog>(
      `select consumer, count(*)::int as open, (count(*) filter (where failures > 0))::int as failing
       from outbox where delivered_seq < up_to_seq group by consumer`,
    ),
  );
}
