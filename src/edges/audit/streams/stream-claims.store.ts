/**
 * The table `audit_stream_positions` as the sender schedules it, for all tenants as the system's role: who has
 * something to send, and who has leased what. It sees whose and how far, never what is sent or where to.
 */
import { statement } from '../../../platform/database/statement.js';
import type { SystemTransaction } from '../../../platform/database/transaction.js';

/** A stream that is leased: nobody else sends of it until the lease is over. */
export interface StreamClaim {
  readonly tenantId: string;
  readonly streamId: string;
  readonly lease: string;
  /** Attempts in vain before this one. */
  readonly failures: number;
}

type Claiming = {
  readonly lease: string;
  readonly leaseMs: number;
  readonly take: number;
  /** Those that failed the last time, or those that did not. */
  readonly isFailing: boolean;
};

const claim = statement<Claiming, StreamClaim>(
  'audit-stream-positions.claim',
  `with due as (
     select p.tenant_id, p.stream_id from audit_stream_positions p
     join audit_trees t on t.tenant_id = p.tenant_id
     where p.due_at <= (select clock_timestamp()) and t.size > p.position
       and (p.lease_until is null or p.lease_until < (select clock_timestamp()))
       and (p.failures > 0) = :isFailing::boolean
     order by p.due_at limit :take for update of p skip locked)
   update audit_stream_positions p set lease = :lease::uuid,
     lease_until = (select clock_timestamp()) + :leaseMs::int * interval '1 ms'
   from due d where p.tenant_id = d.tenant_id and p.stream_id = d.stream_id
   returning p.tenant_id as "tenantId", p.stream_id as "streamId", p.lease, p.failures`,
);

/** Leases streams whose log has grown and that may be tried now. */
export function claimStreams(tx: SystemTransaction, claiming: Claiming): Promise<StreamClaim[]> {
  return tx.query(claim, claiming);
}

interface Backlog {
  readonly behind: number;
  readonly oldestSeconds: number;
}

const backlog = statement<Record<never, never>, Backlog>(
  'audit-stream-positions.backlog',
  `select coalesce(sum(t.size - p.position), 0)::float8 as behind,
     coalesce(max(extract(epoch from (select clock_timestamp()) - l.at)), 0)::float8 as "oldestSeconds"
   from audit_stream_positions p join audit_trees t on t.tenant_id = p.tenant_id
   join audit_leaves l on l.tenant_id = p.tenant_id and l.sequence = p.position
   where p.due_at is not null and t.size > p.position`,
);

/** What all streams that are not paused have yet to send, and how old the oldest of it is. */
export async function backlogOfStreams(tx: SystemTransaction): Promise<Backlog> {
  return (await tx.first(backlog)) ?? { behind: 0, oldestSeconds: 0 };
}
