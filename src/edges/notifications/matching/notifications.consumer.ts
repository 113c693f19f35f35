import { Injectable } from '@nestjs/common';
import { Context } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { type Delivery, OutboxConsumer } from '../../../platform/outbox/outbox-consumer.js';
import { occurrencesIn } from './occurrences.js';
import { STATUS_KINDS } from './rollouts.queries.js';
import { Teller } from './teller.js';

/** Sequences looked at in one transaction: a stream may be long when it was left alone. */
const AT_ONCE = 200;

/**
 * Turns what has happened into messages to those who want to hear of it. At least once, in the order of the
 * stream; each event is told in a transaction of its own, which changes nothing when it comes again.
 */
@Injectable()
export class NotificationsConsumer extends OutboxConsumer {
  readonly name = 'notifications';
  override readonly journalKinds = STATUS_KINDS;

  constructor(
    private readonly database: Database,
    private readonly teller: Teller,
  ) {
    super();
  }

  async deliver({ signal, ...range }: Delivery): Promise<void> {
    const ctx = Context.system(range.tenantId, 'notifications');
    for (let afterSeq = range.afterSeq; afterSeq < range.upToSeq; afterSeq += AT_ONCE) {
      const upToSeq = Math.min(afterSeq + AT_ONCE, range.upToSeq);
      const part = { ...range, afterSeq, upToSeq };
      const occurrences = await this.database.transaction(ctx, (open) => occurrencesIn(open, part));
      for (const occurrence of occurrences) {
        signal.throwIfAborted();
        await this.database.transaction(ctx, (open) => this.teller.tell(open, occurrence));
      }
    }
  }
}
