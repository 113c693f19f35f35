import type { JournalEntry } from '../../engine/journal.js';
import type { Head } from '../../deployments/deployments.queries.js';
import type { PresentWait } from '../../deployments/reads/present-wait.js';
import { Projection } from './projection.js';
import type { Subscriber } from './subscriber.js';

/** Entries of one deployment per question; more follow at once. */
export const ENTRIES_PER_READ = 200;

/** One deployment that somebody in this process follows: one read and one fold for all of them. */
export class Stream {
  readonly subscribers = new Set<Subscriber>();
  /** When it was found to be over, on the monotonic clock; null while it is not. */
  overSince: number | null = null;
  private projection: Projection;
  /** What was last told of what it waits for; undefined: nothing was told yet. */
  private toldWaiting: string | undefined;

  constructor(readonly id: string) {
    this.projection = new Projection(id);
  }

  /** Adds a subscriber that has seen everything up to the sequence. */
  add(subscriber: Subscriber, sequence: number): void {
    this.subscribers.add(subscriber);
    subscriber.positions.set(this.id, sequence);
  }

  remove(subscriber: Subscriber): void {
    this.subscribers.delete(subscriber);
    subscriber.positions.delete(this.id);
  }

  /** After a subscription, whose acknowledgement has said it. */
  knows({ waitingOn }: Head): void {
    this.toldWaiting ??= JSON.stringify(waitingOn);
  }

  hasNews(head: Head): boolean {
    const isWaitingNews = JSON.stringify(head.waitingOn) !== this.toldWaiting;
    return isWaitingNews || this.slowest() < head.sequence;
  }

  /** Where to read on; null: everybody has everything. */
  readFrom(head: Head): number | null {
    if (this.subscribers.size === 0 || !this.hasNews(head)) return null;
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
   * Sends what was read after `from`. Only to those who have everything up to there: whoever came
   * in between, asking for the past, is served by the next read. True: read again.
   */
  deliver(from: number, entries: readonly JournalEntry[], head: Head): boolean {
    const last = entries.at(-1)?.seq ?? from;
    const isCaughtUp = entries.length < ENTRIES_PER_READ;
    for (const entry of entries) {
      const isNow = isCaughtUp && entry.seq === last;
      const event = this.projection.apply(entry, isNow ? head.waitingOn : null);
      for (const subscriber of [...this.subscribers]) {
        const position = this.positionOf(subscriber);
        if (position < from || position >= entry.seq) continue;
        subscriber.positions.set(this.id, entry.seq);
        subscriber.send(event);
      }
    }
    if (isCaughtUp) this.tellWaiting(head.waitingOn, entries.at(-1));
    return !isCaughtUp || this.slowest() < last;
  }

  /** What it waits for changes without an entry: the same sequence again, with the news. */
  private tellWaiting(waitingOn: PresentWait | null, lastEntry: JournalEntry | undefined): void {
    const text = JSON.stringify(waitingOn);
    const isSaid =
      lastEntry !== undefined && !/^(created|status-changed|finished)$/.test(lastEntry.kind);
    const isNews = text !== this.toldWaiting && !isSaid;
    this.toldWaiting = text;
    if (!isNews || this.projection.sequence === 0) return;
    const event = this.projection.progress(waitingOn);
    for (const subscriber of [...this.subscribers]) {
      if (this.positionOf(subscriber) === this.projection.sequence) subscriber.send(event);
    }
  }

  private slowest(): number {
    return Math.min(...[...this.subscribers].map((each) => this.positionOf(each)));
  }

  private positionOf(subscriber: Subscriber): number {
    return subscriber.positions.get(this.id) ?? 0;
  }
}
