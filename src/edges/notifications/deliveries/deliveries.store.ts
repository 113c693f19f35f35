/**
 * The tables `deliveries` and `delivery_lanes` as whoever has something to tell writes them: in its own
 * transaction, so that what is rolled back is never sent.
 */
import { notificationLimits } from '../../../kernel/notification-limits.js';
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';

interface NewDelivery {
  readonly id: string;
  readonly channelId: string;
  readonly laneId: string;
  readonly subscriptionId: string | null;
  readonly eventKey: string;
  readonly eventName: string;
  readonly recipient: string | null;
  readonly messageText: string;
}

/** The lane's row is locked until the commit: the order of its numbers is that of commits. */
const raised = `insert into delivery_lanes as lane (tenant_id, channel_id, lane_id, last_seq, due_at)
     select c.tenant_id, c.id, :laneId::uuid, 1, clock_timestamp() from channels c
     where c.tenant_id = :tenantId and c.id = :channelId
     on conflict (tenant_id, channel_id, lane_id) do update set last_seq = lane.last_seq + 1,
       due_at = coalesce(lane.due_at, clock_timestamp())
     returning last_seq`;

const insert = statement<
  NewDelivery & { readonly tenantId: string; readonly most: number },
  { readonly id: string }
>(
  'deliveries.insert',
  `with head as (${raised}),
   full_lane as (
     select count(*) >= :most::int as is_full from (
       select from deliveries where tenant_id = :tenantId and channel_id = :channelId
         and lane_id = :laneId::uuid and state = 'waiting' limit :most) w)
   insert into deliveries (tenant_id, id, channel_id, lane_id, seq, subscription_id, event_key,
     event_name, recipient, message_text, state, reason, done_at)
   select :tenantId, :id, :channelId, :laneId::uuid, last_seq, :subscriptionId, :eventKey,
     :eventName, :recipient, :messageText,
     case when is_full then 'dead' else 'waiting' end,
     case when is_full then 'too-many-waiting' end,
     case when is_full then clock_timestamp() end
   from head cross join full_lane
   on conflict do nothing returning id`,
);

/** Null: the channel is gone, or the same event is on its way there already. */
export async function insertDelivery(
  open: OpenContext,
  delivery: NewDelivery,
): Promise<string | null> {
  const { tenantId } = open;
  const most = notificationLimits.deliveriesWaitingPerLane;
  return (await open.tx.first(insert, { ...delivery, tenantId, most }))?.id ?? null;
}
