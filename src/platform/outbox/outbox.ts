import { Inject, Injectable } from '@nestjs/common';
import type { OpenContext } from '../context.js';
import type { Event } from '../events/event.js';
import type { Deliverer } from '../events/events.js';
import { Signal } from '../signal/signal.js';
import { Topic } from '../signal/topics.js';
import { appendEvent } from './events.store.js';
import { OUTBOX_CONSUMERS, type OutboxConsumer } from './outbox-consumer.js';
import { raiseJournal } from './outbox.store.js';

export interface StreamPosition {
  readonly streamId: string;
  readonly upToSeq: number;
  /** Of the entries that have come. */
  readonly kinds: readonly string[];
}

/**
 * Notes, in the transaction that writes a journal, how far it goes now, and keeps the events of things
 * that have none. The relay takes it from there: what was committed is delivered, what was rolled
 * back never was.
 */
@Injectable()
export class Outbox implements Deliverer {
  private readonly names: readonly string[];

  constructor(
    @Inject(OUTBOX_CONSUMERS) private readonly consumers: readonly OutboxConsumer[],
    private readonly signal: Signal,
  ) {
    // One order for all transactions: two of them cannot wait for each other's rows.
    this.names = consumers.map(({ name }) => name).sort();
    const twice = this.names.find((name, index) => name === this.names[index + 1]);
    if (twice) throw new Error(`two outbox consumers are called "${twice}"`);
  }

  /** How far a journal goes now. Without a consumer that waits for such entries: no statement. */
  async append(open: OpenContext, { streamId, upToSeq, kinds }: StreamPosition): Promise<void> {
    const consumers = this.waitingFor(kinds);
    if (consumers.length === 0) return;
    await raiseJournal(open, { consumers, streamId, upToSeq });
    this.hint(open, streamId);
  }

  /** An event of a thing that has no journal. Without a consumer: no statement. */
  async deliver(open: OpenContext, event: Event): Promise<void> {
    if (this.names.length === 0) return;
    await appendEvent(open, event, this.names);
    this.hint(open, event.subjectId);
  }

  private waitingFor(kinds: readonly string[]): readonly string[] {
    return this.names.filter((name) => {
      const wanted = this.consumers.find((each) => each.name === name)!.journalKinds;
      return wanted === null || kinds.some((kind) => wanted.includes(kind));
    });
  }

  private hint(open: OpenContext, streamId: string): void {
    open.tx.afterCommit(() => this.signal.publish(Topic.Outbox, streamId));
  }
}
