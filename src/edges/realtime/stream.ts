import type { JournalEntry } from '../../engine/journal.js';
import type { Head } from '../../deployments/deployments.queries.js';
import type { PresentWait } from '../../deployments/reads/present-wait.js';
import type { Delivery } from './delivery.js';
import { Told } from './frame.js';
import { ENTRIES_PER_READ } from './journal-reads.js';
import { Projection } from './projection.js';
import type { Subscriber } from './subscriber.js';

/** One deployment that somebody in this process follows: one read and one fold for all of them. */
export class Stream {
  /** Those with a place of their own: who chose it, and followers who are not where the others are. */
  readonly own = new Map<Subscriber, number>();
  /** The last sequence that was sent to all other followers; null: it is none of theirs. */
  shared: number | null = null;
  private projection: Projection;
  /** What was last told of what it waits for; undefined: nothing was told yet. */
  private toldWaiting: string | undefined;

  constructor(
    readonly id: string,
    /** On the monotonic clock. */
    readonly begunAt: number,
  ) {
    this.projection = new Projection(id);
  }

  /** Somebody has seen everything up to the sequence. */
  place(subscriber: Subscriber, sequence: number): void {
    const isWithOthers = subscriber.followsAll && this.shared === sequence;
    if (isWithOthers) this.own.delete(subscriber);
    else this.own.set(subscriber, sequence);
  }

  /** Undefined: it is not told of this. */
  placeOf(subscriber: Subscriber): number | undefined {
    const shared = subscriber.followsAll ? (this.shared ?? undefined) : undefined;
    return this.own.get(subscriber) ?? shared;
  }

  /** After a subscription, whose acknowledgement has said it. */
  knows({ waitingOn }: Head): void {
    this.toldWaiting ??= JSON.stringify(waitingOn);
  }

  hasNews(head: Head): boolean {
    const isWaitingNews = JSON.stringify(head.waitingOn) !== this.toldWaiting;
    return isWaitingNews || this.slowest() < head.sequence;
  }

  get isUnwanted(): boolean {
    return this.shared === null && this.own.size === 0;
  }

  /** Where to read on; null: everybody has everything. */
  readFrom(head: Head): number | null {
    if (this.isUnwanted || !this.hasNews(head)) return null;
    // Somebody asks for the past: it is folded anew, from the beginning.
    if (this.slowest() < this.projection.sequence) this.projection = new Projection(this.id);
    return this.projection.sequence;
  }

  needsPlans(entries: readonly JournalEntry[]): boolean {
    return entries.some((entry) => this.projection.needsPlans(entry));
  }

  usePlans(plans: Parameters<Projection['usePlans']>[0]): void {
    this.projection.usePlans(plans);
  }

  /**
   * Tells what was read after `from`. Only those who have everything up to there: whoever came
   * in between, asking for the past, is served by the next read. True: read again.
   */
  deliver(from: number, entries: readonly JournalEntry[], head: Head, delivery: Delivery): boolean {
    const last = entries.at(-1)?.seq ?? from;
    const isCaughtUp = entries.length < ENTRIES_PER_READ;
    const told = entries.map((entry) => {
      const isNow = isCaughtUp && entry.seq === last;
      return new Told(entry.seq, this.projection.apply(entry, isNow ? head.waitingOn : null));
    });
    this.tell(from, last, told, delivery);
    if (isCaughtUp) this.tellWaiting(head.waitingOn, entries.at(-1), delivery);
    return !isCaughtUp || this.slowest() < last;
  }

  /** What has no sequence, to whoever follows it. */
  tellAll(frame: Buffer, delivery: Delivery): void {
    const isForFollowers = this.shared !== null;
    if (isForFollowers) delivery.toFollowers(this.id, [frame], new Set());
    for (const subscriber of this.own.keys()) {
      if (!isForFollowers || !subscriber.followsAll) delivery.to(subscriber, [frame]);
    }
  }

  private tell(from: number, last: number, told: readonly Told[], delivery: Delivery): void {
    const framesAfter = (position: number) =>
      told.filter(({ sequence }) => sequence > position).map(({ frame }) => frame);
    const isServed = (position: number) => position >= from && position < last;
    if (this.shared !== null && isServed(this.shared)) {
      delivery.toFollowers(this.id, framesAfter(this.shared), new Set(this.own.keys()));
      this.shared = last;
    }
    for (const [subscriber, position] of this.own) {
      if (isServed(position)) {
        delivery.to(subscriber, framesAfter(position));
        this.place(subscriber, last);
      } else this.place(subscriber, position);
    }
  }

  /** What it waits for changes without an entry: the same sequence again, with the news. */
  private tellWaiting(
    waitingOn: PresentWait | null,
    lastEntry: JournalEntry | undefined,
    delivery: Delivery,
  ): void {
    const text = JSON.stringify(waitingOn);
    const isSaid =
      lastEntry !== undefined && !/^(created|status-changed|finished)$/.test(lastEntry.kind);
    const isNews = text !== this.toldWaiting && !isSaid;
    this.toldWaiting = text;
    const { sequence } = this.projection;
    if (!isNews || sequence === 0) return;
    const { frame } = new Told(sequence, this.projection.progress(waitingOn));
    if (this.shared === sequence) {
      delivery.toFollowers(this.id, [frame], new Set(this.own.keys()));
    }
    for (const [subscriber, position] of this.own) {
      if (position === sequence) delivery.to(subscriber, [frame]);
    }
  }

  private slowest(): number {
    return Math.min(this.shared ?? Number.POSITIVE_INFINITY, ...this.own.values());
  }
}
