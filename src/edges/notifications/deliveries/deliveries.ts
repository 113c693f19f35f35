import { Injectable } from '@nestjs/common';
import { boundedMessage, type Message } from '../../../drivers/channels/message.js';
import { newId } from '../../../kernel/ids.js';
import type { OpenContext } from '../../../platform/context.js';
import { Signal } from '../../../platform/signal/signal.js';
import { Topic } from '../../../platform/signal/topics.js';
import { insertDelivery } from './deliveries.store.js';

export interface NewDelivery {
  readonly channelId: string;
  /** Whose messages to the channel come in order; null: the channel's own. */
  readonly subscriptionId: string | null;
  /**
   * Names what is told, the same whenever it is told again: once it is on its way to the channel, for this
   * subscription and recipient, it is not put there a second time. `<stream>:<sequence>` of an event.
   */
  readonly event: string;
  readonly message: Message;
  /** In place of whoever the channel names, where its kind has persons: one e-mail address. */
  readonly recipient?: string | null;
}

/** Puts messages on their way to channels. */
@Injectable()
export class Deliveries {
  constructor(private readonly signal: Signal) {}

  /**
   * In the transaction of whoever has something to tell. Answers the delivery's id; null when the channel is
   * gone or the event is on its way there already. Never refuses a message: what is too long is cut, and
   * what comes on top of a full lane is kept as a dead letter.
   */
  async enqueue(open: OpenContext, delivery: NewDelivery): Promise<string | null> {
    const { channelId, subscriptionId, event, recipient = null } = delivery;
    const message = boundedMessage(delivery.message);
    const id = await insertDelivery(open, {
      id: newId(),
      channelId,
      laneId: subscriptionId ?? channelId,
      subscriptionId,
      eventKey: event.slice(0, EVENT_KEY_CHARACTERS),
      eventName: message.event.name,
      recipient,
      messageText: JSON.stringify(message),
    });
    if (id !== null) open.tx.afterCommit(() => this.signal.publish(Topic.Delivery, channelId));
    return id;
  }
}

const EVENT_KEY_CHARACTERS = 200;
