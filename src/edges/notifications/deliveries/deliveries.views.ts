/** Deliveries and their attempts as HTTP answers them. */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';

interface DeliveryRow {
  readonly id: string;
  readonly channelId: string;
  readonly channelName: string | null;
  readonly kind: string | null;
  readonly subscriptionId: string | null;
  readonly event: string;
  readonly recipient: string | null;
  readonly messageText: string;
  readonly state: 'waiting' | 'delivered' | 'dead';
  readonly reason: string | null;
  readonly attempts: number;
  readonly redeliveries: number;
  readonly createdAt: Date;
  readonly queuedAt: Date;
  readonly doneAt: Date | null;
}

const VIEW = `select d.id, d.channel_id as "channelId", c.name as "channelName", c.kind,
    d.subscription_id as "subscriptionId", d.event_name as event, d.recipient,
    d.message_text as "messageText", d.state, d.reason, d.attempts, d.redeliveries,
    d.created_at as "createdAt", d.queued_at as "queuedAt", d.done_at as "doneAt"
  from deliveries d left join channels c on c.tenant_id = d.tenant_id and c.id = d.channel_id
  where d.tenant_id = :tenantId`;

const find = statement<{ readonly tenantId: string; readonly id: string }, DeliveryRow>(
  'deliveries.find-view',
  `${VIEW} and d.id = :id`,
);

export function deliveryRow(open: OpenContext, id: string): Promise<DeliveryRow | undefined> {
  return open.tx.first(find, { tenantId: open.tenantId, id });
}

export interface DeliveryFilter {
  readonly channelId: string | null;
  readonly state: string | null;
  readonly event: string | null;
}

interface Slice {
  readonly before: string | null;
  readonly take: number;
}

const list = statement<DeliveryFilter & Slice & { readonly tenantId: string }, DeliveryRow>(
  'deliveries.list-views',
  `${VIEW} and (:before::uuid is null or d.id < :before)
     and (:channelId::uuid is null or d.channel_id = :channelId)
     and (:state::text is null or d.state = :state)
     and (:event::text is null or d.event_name = :event)
   order by d.id desc limit :take`,
);

export function deliveryRows(
  open: OpenContext,
  filter: DeliveryFilter,
  { before, take }: Slice,
): Promise<DeliveryRow[]> {
  return open.tx.query(list, { ...filter, tenantId: open.tenantId, before, take });
}

interface AttemptRow {
  readonly number: number;
  readonly at: Date;
  readonly durationMs: number;
  readonly outcome: 'taken' | 'later' | 'refused' | 'gone';
  readonly status: number | null;
  readonly reason: string | null;
  readonly answer: string;
}

const attempts = statement<
  { readonly tenantId: string; readonly id: string; readonly most: number },
  AttemptRow
>(
  'delivery-attempts.newest',
  `select number, at, duration_ms as "durationMs", outcome, status, reason, answer
   from delivery_attempts where tenant_id = :tenantId and delivery_id = :id
   order by number desc limit :most`,
);

export function newestAttempts(open: OpenContext, id: string, most: number): Promise<AttemptRow[]> {
  return open.tx.query(attempts, { tenantId: open.tenantId, id, most });
}
