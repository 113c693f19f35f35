import { Injectable } from '@nestjs/common';
import type { Message } from '../../../drivers/channels/message.js';
import type { Context, OpenContext } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { newestFirst, type Page } from '../../../platform/http/page.js';
import type { AnswerOf } from '../../../platform/http/answer.js';
import { Signal } from '../../../platform/signal/signal.js';
import { Topic } from '../../../platform/signal/topics.js';
import { channelDisabled, channelNotFound } from '../channels/channel.errors.js';
import { ChannelEntity } from '../channels/channel.entity.js';
import type { DeliveriesQuery, deliveryOut } from './deliveries.dto.js';
import { deliveryRedelivered } from './deliveries.events.js';
import { deliveryRow, deliveryRows, newestAttempts } from './deliveries.views.js';
import { deliveryNotFound, deliveryUnderWay } from './delivery.errors.js';
import { queueAgain } from './redelivery.store.js';

type DeliveryView = AnswerOf<typeof deliveryOut>;
type Row = NonNullable<Awaited<ReturnType<typeof deliveryRow>>>;

/** Of a delivery that was tried for days, enough to see what it ran into. */
const ATTEMPTS_SHOWN = 50;

/** What was told, and what came of it. */
@Injectable()
export class DeliveryReads {
  constructor(
    private readonly database: Database,
    private readonly signal: Signal,
  ) {}

  list(ctx: Context, query: DeliveriesQuery): Promise<Page<DeliveryView>> {
    const { channelId = null, state = null, event = null } = query;
    return this.database.transaction(ctx, (open) =>
      newestFirst('deliveries', query, async (before, take) => {
        const filter = { channelId, state, event };
        return (await deliveryRows(open, filter, { before, take })).map(viewOf);
      }),
    );
  }

  /** With its message and its attempts. Throws `delivery-not-found`. */
  get(ctx: Context, id: string) {
    return this.database.transaction(ctx, async (open) => {
      const row = await find(open, id);
      const message: Record<string, unknown> = { ...messageOf(row) };
      const lastAttempts = await newestAttempts(open, id, ATTEMPTS_SHOWN);
      return { ...viewOf(row), message, lastAttempts };
    });
  }

  /**
   * At the end of its lane, under the id that it has. Throws `delivery-not-found`, `delivery-under-way`,
   * `channel-not-found`, `channel-disabled`.
   */
  redeliver(ctx: Context, id: string): Promise<DeliveryView> {
    return this.database.transaction(ctx, async (open) => {
      const { channelId, event, state } = await find(open, id);
      const { tenantId } = open;
      const channels = open.tx.repository(ChannelEntity);
      const channel = await channels.findOneBy({ tenantId, id: channelId });
      if (!channel) throw channelNotFound();
      if (!channel.isEnabled) throw channelDisabled();
      if (state === 'waiting' || !(await queueAgain(open, id))) throw deliveryUnderWay();
      await open.record(deliveryRedelivered(id, { channelId, event }));
      open.tx.afterCommit(() => this.signal.publish(Topic.Delivery, channelId));
      return viewOf(await find(open, id));
    });
  }
}

async function find(open: OpenContext, id: string): Promise<Row> {
  const row = await deliveryRow(open, id);
  if (row) return row;
  throw deliveryNotFound();
}

function messageOf({ messageText }: Row): Message {
  return JSON.parse(messageText) as Message;
}

function viewOf(row: Row): DeliveryView {
  const { messageText: _text, ...rest } = row;
  return { ...rest, title: messageOf(row).title };
}
