/** A delivery that is over is put on its way once more: the row stays, and with it the id. */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';

const requeue = statement<{ readonly tenantId: string; readonly id: string }>(
  'deliveries.queue-again',
  `with lane as (
     insert into delivery_lanes as lane (tenant_id, channel_id, lane_id, last_seq, due_at)
     select tenant_id, channel_id, lane_id, seq + 1, clock_timestamp() from deliveries
     where tenant_id = :tenantId and id = :id and state <> 'waiting'
     on conflict (tenant_id, channel_id, lane_id) do update set last_seq = lane.last_seq + 1,
       due_at = coalesce(lane.due_at, clock_timestamp())
     returning last_seq)
   update deliveries d set state = 'waiting', seq = lane.last_seq, queued_at = clock_timestamp(),
     done_at = null, reason = null, redeliveries = d.redeliveries + 1
   from lane where d.tenant_id = :tenantId and d.id = :id and d.state <> 'waiting'`,
);

/** False: it waits already. */
export async function queueAgain(open: OpenContext, id: string): Promise<boolean> {
  return (await open.tx.execute(requeue, { tenantId: open.tenantId, id })) > 0;
}
