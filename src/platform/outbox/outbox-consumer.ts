import type { StreamKind } from './outbox.store.js';

/** "What stands in a stream after one sequence, up to another": what a consumer is to take further. */
export interface Delivery {
  readonly tenantId: string;
  /** Journal entries, or events: `eventsIn` reads those. */
  readonly stream: StreamKind;
  /** Whose it is: a deployment's id, or that of the thing it happened to. */
  readonly streamId: string;
  /** Delivered before, up to and with this one. */
  readonly afterSeq: number;
  readonly upToSeq: number;
  /** Aborted when the time is up or the process stops; what is then done anyway may be done twice. */
  readonly signal: AbortSignal;
}

/**
 * Whoever must hear of every journal entry and delivered event (webhooks, chat, an event bus). `deliver` resolves when
 * everything in the range has arrived. It is called outside any transaction, in order within a
 * stream, at least once: after a crash the same range comes again.
 */
export abstract class OutboxConsumer {
  /** Stored beside its position; never rename it. */
  abstract readonly name: string;
  /**
   * Kinds of journal entries that it waits for; null: all. A commit without one of them is not noted for it,
   * which spares every step of every rollout a statement. It gets those entries with the next one that is.
   */
  readonly journalKinds: readonly string[] | null = null;
  abstract deliver(delivery: Delivery): Promise<void>;
}

/** The token under which Nest hands out all consumers. */
export const OUTBOX_CONSUMERS = Symbol('tidegate:outbox-consumers');
