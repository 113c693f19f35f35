/**
 * What the sender reads and writes of one stream that it has leased, in that tenant's own transactions. Each
 * that moves it on compares lease and position: a sender that has slept through its lease changes nothing.
 */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import type { ReachedCheckpoint } from './stream-batch.js';
import type { StreamClaim } from './stream-claims.store.js';

type Held = { readonly tenantId: string; readonly streamId: string; readonly lease: string };
const held = 'tenant_id = :tenantId and stream_id = :streamId and lease = :lease::uuid';

const heldBy = (open: OpenContext, { streamId, lease }: StreamClaim): Held => ({
  tenantId: open.tenantId,
  streamId,
  lease,
});

export interface Place {
  readonly position: number;
  readonly acknowledged: number;
  readonly isPaused: boolean;
  /** Of the log. */
  readonly size: number;
}

const hold = statement<Held, Place>(
  'audit-stream-positions.hold',
  `select position, acknowledged, due_at is null as "isPaused",
     coalesce((select size from audit_trees t where t.tenant_id = p.tenant_id), 0) as size
   from audit_stream_positions p where ${held} for update`,
);

/** Locks it until the commit; undefined: the lease is somebody else's by now, or the stream is gone. */
export function holdStream(open: OpenContext, claim: StreamClaim): Promise<Place | undefined> {
  return open.tx.first(hold, heldBy(open, claim));
}

type Moved = {
  readonly from: number;
  readonly to: number;
  /** False: nothing of it was wanted, so nobody was told. */
  readonly isSent: boolean;
  readonly isCaughtUp: boolean;
};

const advance = statement<Held & Moved>(
  'audit-stream-positions.advance',
  `update audit_stream_positions set position = :to::bigint,
     acknowledged = case when :isSent::boolean then :to::bigint else acknowledged end,
     delivered_at = case when :isSent::boolean then (select clock_timestamp()) else delivered_at end,
     lease = null, lease_until = null, failures = 0, last_error = null,
     due_at = case when due_at is null then null else (select clock_timestamp()) end,
     behind_since = case when :isCaughtUp::boolean or due_at is null then null
       else coalesce(behind_since, (select clock_timestamp())) end,
     told_at = case when :isCaughtUp::boolean then null else told_at end
   where ${held} and position = :from::bigint`,
);

/** False: somebody else has moved it. */
export async function advanceStream(
  open: OpenContext,
  claim: StreamClaim,
  moved: Moved,
): Promise<boolean> {
  return (await open.tx.execute(advance, { ...heldBy(open, claim), ...moved })) === 1;
}

const postpone = statement<Held & { readonly delayMs: number; readonly error: string }>(
  'audit-stream-positions.postpone',
  `update audit_stream_positions set lease = null, lease_until = null, failures = failures + 1,
     last_error = :error::text,
     due_at = case when due_at is null then null
       else (select clock_timestamp()) + :delayMs::int * interval '1 ms' end,
     behind_since = case when due_at is null then null
       else coalesce(behind_since, (select clock_timestamp())) end
   where ${held}`,
);

export async function postponeStream(
  open: OpenContext,
  claim: StreamClaim,
  failed: { readonly delayMs: number; readonly error: string },
): Promise<void> {
  await open.tx.execute(postpone, { ...heldBy(open, claim), ...failed });
}

const leave = statement<Held & { readonly delayMs: number }>(
  'audit-stream-positions.leave',
  `update audit_stream_positions set lease = null, lease_until = null, behind_since = null,
     due_at = case when due_at is null then null
       else (select clock_timestamp()) + :delayMs::int * interval '1 ms' end
   where ${held}`,
);

/** Gives the lease back; it is no attempt. */
export async function leaveStream(
  open: OpenContext,
  claim: StreamClaim,
  delayMs: number,
): Promise<void> {
  await open.tx.execute(leave, { ...heldBy(open, claim), delayMs });
}

const tell = statement<
  { readonly tenantId: string; readonly streamId: string; readonly minutes: number },
  { readonly behind: number; readonly error: string | null }
>(
  'audit-stream-positions.tell',
  `update audit_stream_positions p set told_at = (select clock_timestamp())
   where p.tenant_id = :tenantId and p.stream_id = :streamId and p.told_at is null
     and p.behind_since <= (select clock_timestamp()) - :minutes::int * interval '1 minute'
   returning coalesce((select size from audit_trees t where t.tenant_id = p.tenant_id), 0) - p.position
     as behind, p.last_error as error`,
);

/** Undefined: it is not behind for so long, or that has been told. */
export function tellBehind(
  open: OpenContext,
  streamId: string,
  minutes: number,
): Promise<{ readonly behind: number; readonly error: string | null } | undefined> {
  return open.tx.first(tell, { tenantId: open.tenantId, streamId, minutes });
}

const reached = statement<
  { readonly tenantId: string; readonly from: number; readonly to: number },
  ReachedCheckpoint
>(
  'audit-checkpoints.reached',
  `select size, note from audit_checkpoints
   where tenant_id = :tenantId and size > :from and size <= :to order by size desc limit 1`,
);

/** The newest of a size above the first and up to the second. */
export async function reachedCheckpoint(
  open: OpenContext,
  from: number,
  to: number,
): Promise<ReachedCheckpoint | null> {
  const { tenantId } = open;
  return (await open.tx.first(reached, { tenantId, from, to })) ?? null;
}
