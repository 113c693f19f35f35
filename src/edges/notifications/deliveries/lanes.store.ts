/** What becomes of all lanes of one channel, by whoever changes the channel. */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';

type OfChannel = { readonly tenantId: string; readonly channelId: string };

const wake = statement<OfChannel>(
  'delivery-lanes.wake',
  `update delivery_lanes set due_at = clock_timestamp(), failures = 0
   where tenant_id = :tenantId and channel_id = :channelId and due_at is not null`,
);

/** What waits is tried at once, as if it had never failed. */
export async function wakeLanesOf(open: OpenContext, channelId: string): Promise<void> {
  await open.tx.execute(wake, { tenantId: open.tenantId, channelId });
}

const dropLanes = statement<OfChannel>(
  'delivery-lanes.drop',
  'delete from delivery_lanes where tenant_id = :tenantId and channel_id = :channelId',
);

const bury = statement<OfChannel>(
  'deliveries.bury-of-channel',
  `update deliveries set state = 'dead', reason = 'channel-deleted', done_at = clock_timestamp()
   where tenant_id = :tenantId and channel_id = :channelId and state = 'waiting'`,
);

/** Nothing of it is sent any more; how many would have been. The lanes first, as everybody locks them. */
export async function dropLanesOf(open: OpenContext, channelId: string): Promise<number> {
  const of = { tenantId: open.tenantId, channelId };
  await open.tx.execute(dropLanes, of);
  return open.tx.execute(bury, of);
}
