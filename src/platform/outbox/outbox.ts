import { Inject, Injectable } from '@nestjs/common';
import type { OpenContext } from '../context.js';
import { Signal } from '../signal/signal.js';
import { Topic } from '../signal/topics.js';
import { OUTBOX_CONSUMERS, type OutboxConsumer } from './outbox-consumer.js';

export interface StreamPosition {
  readonly streamId: string;
  readonly upToSeq: number;
}

/**
 * Notes, in the transaction that writes a journal, how far it goes now. The relay takes it from
 * there: what was committed is delivered, what was rolled back never was.
 */
@Injectable()
export class Outbox {
  private readonly names: readonly string[];

  constructor(
    @Inject(OUTBOX_CONSUMERS) consumers: readonly OutboxConsumer[],
    private readonly signal: Signal,
  ) {
    // One order for all transactions: two of them cannot wait for each other's rows.
    this.names = consumers.map(({ name }) => name).sort();
    const twice = this.names.find((name, index) => name === this.names[index + 1]);
    if (twice) throw new Error(`two outbox consumers are called "${twice}"`);
  }

  /** One row per consumer and stream. Without a consumer: no statement. */
  async append(open: OpenContext, { streamId, upToSeq }: StreamPosition): Promise<void> {
    if (this.names.length === 0) return;
    await open.tx.execute(
      `insert into outbox (consumer, tenant_id, stream_id, up_to_seq)
       select name, $2, $3, $4 from unnest($1::text[]) as name
       on conflict (consumer, tenant_id, stream_id)
       do update set up_to_seq = greatest(outbox.up_to_seq, excluded.up_to_seq)`,
      [this.names, open.tenantId, streamId, upToSeq],
    );
    open.tx.afterCommit(() => this.signal.publish(Topic.Outbox, streamId));
  }
}
