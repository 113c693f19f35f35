/**
 * What the sender reads and writes of one lane that it has leased, in that tenant's own transactions. Each
 * writing one begins with `holdLane`: a sender that has slept through its lease changes nothing.
 */
import type { Receipt } from '../../../drivers/channels/channel-kind.js';
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import type { LaneClaim } from './lane-claims.store.js';

type Lane = Pick<LaneClaim, 'tenantId' | 'channelId' | 'laneId'>;
const ofLane = 'tenant_id = :tenantId and channel_id = :channelId and lane_id = :laneId';

export interface NextDelivery {
  readonly id: string;
  readonly messageText: string;
  readonly recipient: string | null;
  readonly attempts: number;
  readonly waitedMs: number;
}

const next = statement<Lane, NextDelivery>(
  'deliveries.next-of-lane',
  `select id, message_text as "messageText", recipient, attempts,
     (extract(epoch from clock_timestamp() - queued_at) * 1000)::float8 as "waitedMs"
   from deliveries where ${ofLane} and state = 'waiting' order by seq limit 1`,
);

/** The first that waits; undefined: none does. */
export function nextDelivery(
  open: OpenContext,
  { tenantId, channelId, laneId }: LaneClaim,
): Promise<NextDelivery | undefined> {
  return open.tx.first(next, { tenantId, channelId, laneId });
}

const hold = statement<Lane & { readonly lease: string }, { readonly failures: number }>(
  'delivery-lanes.hold',
  `select failures from delivery_lanes where ${ofLane} and lease = :lease::uuid for update`,
);

/** Locks the lane until the commit; false: the lease is somebody else's by now, or the lane is gone. */
export async function holdLane(open: OpenContext, claim: LaneClaim): Promise<boolean> {
  const { tenantId, channelId, laneId, lease } = claim;
  return (await open.tx.first(hold, { tenantId, channelId, laneId, lease })) !== undefined;
}

const leave = statement<Lane & { readonly failures: number; readonly delayMs: number }>(
  'delivery-lanes.leave',
  `update delivery_lanes l set lease = null, lease_until = null, failures = :failures::int,
     due_at = case when exists (select from deliveries d where d.tenant_id = l.tenant_id
         and d.channel_id = l.channel_id and d.lane_id = l.lane_id and d.state = 'waiting')
       then clock_timestamp() + :delayMs::int * interval '1 millisecond' end
   where ${ofLane}`,
);

/** Gives the lease back. The lane is due again after the delay, if anything waits in it. */
export async function leaveLane(
  open: OpenContext,
  { tenantId, channelId, laneId }: LaneClaim,
  { failures, delayMs }: { readonly failures: number; readonly delayMs: number },
): Promise<void> {
  await open.tx.execute(leave, { tenantId, channelId, laneId, failures, delayMs });
}

interface Done {
  readonly tenantId: string;
  readonly id: string;
  readonly attempts: number;
  readonly state: 'waiting' | 'delivered' | 'dead';
  readonly reason: string | null;
}

const settle = statement<Done>(
  'deliveries.settle',
  `update deliveries set state = :state, attempts = :attempts::int, reason = :reason,
     done_at = case when :state <> 'waiting' then clock_timestamp() end
   where tenant_id = :tenantId and id = :id and state = 'waiting'`,
);

export async function settleDelivery(
  open: OpenContext,
  done: Omit<Done, 'tenantId'>,
): Promise<void> {
  await open.tx.execute(settle, { tenantId: open.tenantId, ...done });
}

type Attempt = Pick<Receipt, 'outcome' | 'status' | 'reason' | 'answer'> & {
  readonly deliveryId: string;
  readonly number: number;
  readonly at: Date;
  readonly durationMs: number;
};

const insertAttempt = statement<Attempt & { readonly tenantId: string }>(
  'delivery-attempts.insert',
  `insert into delivery_attempts
     (tenant_id, delivery_id, number, at, duration_ms, outcome, status, reason, answer)
   values (:tenantId, :deliveryId, :number, :at, :durationMs, :outcome, :status, :reason, :answer)`,
);

export async function keepAttempt(open: OpenContext, attempt: Attempt): Promise<void> {
  await open.tx.execute(insertAttempt, { tenantId: open.tenantId, ...attempt });
}

const bury = statement<Lane & { readonly hours: number; readonly reason: string }>(
  'deliveries.bury-of-lane',
  `update deliveries set state = 'dead', done_at = clock_timestamp(),
     reason = coalesce(reason, :reason)
   where ${ofLane} and state = 'waiting'
     and queued_at <= clock_timestamp() - :hours::int * interval '1 hour'`,
);

/** What has waited for so many hours waits no longer; how many. */
export function buryWaiting(
  open: OpenContext,
  { tenantId, channelId, laneId }: LaneClaim,
  { hours, reason }: { readonly hours: number; readonly reason: string },
): Promise<number> {
  return open.tx.execute(bury, { tenantId, channelId, laneId, hours, reason });
}
