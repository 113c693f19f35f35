import type { Clock } from '../../kernel/clock.js';
import { activeStatuses } from '../../deployments/deployment.states.js';
import type { Head, PresentHeads } from '../../deployments/deployments.queries.js';
import { frameOf } from './frame.js';
import { liveLimits } from './live-limits.js';
import type { Newcomer } from './newcomer.js';
import { Stream } from './stream.js';
import type { Subscriber } from './subscriber.js';

/**
 * Who follows what in one tenant. Those who follow all deployments have one place in each stream together, so that
 * a thousand of them cost what one does; only who chose a deployment, or is elsewhere in it for a while,
 * has a place of its own.
 */
export class Followed {
  readonly streams = new Map<string, Stream>();
  readonly followers = new Set<Subscriber>();
  /** What ended after this, by the database's clock, is told to followers, also if nobody knew of it. */
  private recent: number | null = null;

  constructor(
    private readonly mayRead: (subscriber: Subscriber, id: string) => boolean,
    private readonly clock: Clock,
  ) {}

  /** It only moves on after a look that has succeeded: what ended in an outage is still found. */
  recentOf(now: number): number {
    this.recent ??= now - liveLimits.recentMs;
    return this.recent;
  }

  choose(subscriber: Subscriber, head: Head, after?: number): void {
    const stream = this.streamOf(head);
    const missing = subscriber.catchingUp?.missing;
    const known = stream.placeOf(subscriber) ?? missing?.get(head.id)?.after ?? head.sequence;
    subscriber.chosen.add(head.id);
    missing?.delete(head.id);
    stream.place(subscriber, after === undefined ? known : Math.min(after, head.sequence));
  }

  unchoose(subscriber: Subscriber, id: string): void {
    subscriber.chosen.delete(id);
    if (!subscriber.followsAll) this.drop(subscriber, id);
  }

  /** It has been told all of its past: from here on it is told with the others. */
  join({ subscriber, places }: Newcomer, { heads }: PresentHeads, askedAt: number): void {
    const isFirst = this.followers.size === 0;
    const isAgain = subscriber.followsAll;
    this.followers.add(subscriber);
    subscriber.followsAll = true;
    subscriber.catchingUp = null;
    if (isAgain) return;
    const present = new Set<string>();
    for (const head of heads) {
      present.add(head.id);
      if (!this.isRecent(head)) continue;
      const stream = this.streamOf(head);
      if (isFirst) stream.shared = head.sequence;
      if (stream.own.has(subscriber)) continue;
      stream.place(subscriber, places.get(head.id) ?? head.sequence);
    }
    for (const stream of this.streams.values()) {
      const isNew = stream.begunAt >= askedAt && stream.shared !== null;
      if (!isNew || present.has(stream.id) || stream.own.has(subscriber)) continue;
      stream.place(subscriber, 0);
    }
  }

  leave(subscriber: Subscriber): void {
    const { chosen } = subscriber;
    for (const id of chosen) {
      const stream = this.streams.get(id);
      const place = stream?.placeOf(subscriber);
      if (stream && place !== undefined) stream.own.set(subscriber, place);
    }
    subscriber.followsAll = false;
    subscriber.catchingUp = null;
    subscriber.toldUpTo = null;
    this.followers.delete(subscriber);
    const isLast = this.followers.size === 0;
    for (const [id, stream] of this.streams) {
      if (isLast) stream.shared = null;
      if (!chosen.has(id)) stream.own.delete(subscriber);
      if (stream.isUnwanted) this.streams.delete(id);
    }
  }

  isNews(head: Head): boolean {
    const stream = this.streams.get(head.id);
    return stream?.hasNews(head) === true || this.isUntaken(head);
  }

  /** A deployment that somebody follows without having named it: new since the snapshot. */
  adopt(head: Head): Stream | undefined {
    const known = this.streams.get(head.id);
    if (!this.isUntaken(head)) return known;
    const stream = this.streamOf(head);
    stream.shared = 0;
    return stream;
  }

  /** Followers have not been told all of it yet. */
  isUntold(head: Head): boolean {
    const shared = this.streams.get(head.id)?.shared ?? null;
    return shared === null ? this.isUntaken(head) : shared < head.sequence;
  }

  tellProgress(upTo: number): void {
    const payload = { since: new Date(upTo).toISOString() };
    const frame = frameOf({ name: 'DeploymentsUpTo', payload });
    for (const follower of [...this.followers]) {
      if (follower.toldUpTo === null || follower.toldUpTo >= upTo) continue;
      follower.toldUpTo = upTo;
      follower.outlet.write(frame);
    }
  }

  /** What is over and told is forgotten once no signal that was under way could begin it anew. */
  forgetOver(now: number, heads: readonly Head[]): void {
    this.recent = Math.max(this.recent ?? 0, now - liveLimits.recentMs);
    for (const head of heads) {
      const stream = this.streams.get(head.id);
      if (!stream || this.isRecent(head) || stream.hasNews(head)) continue;
      stream.shared = null;
      for (const subscriber of [...stream.own.keys()]) {
        if (!subscriber.chosen.has(head.id)) stream.own.delete(subscriber);
      }
      if (stream.isUnwanted) this.streams.delete(head.id);
    }
  }

  cutFollowers(): void {
    this.recent = null;
    for (const follower of [...this.followers]) follower.outlet.cut('behind');
  }

  /** It is for some of the followers, and none of them has heard of it. */
  private isUntaken(head: Head): boolean {
    if ((this.streams.get(head.id)?.shared ?? null) !== null || !this.isRecent(head)) return false;
    return [...this.followers].some((each) => this.mayRead(each, head.id));
  }

  private isRecent({ status, endedAt }: Head): boolean {
    if (endedAt === null || activeStatuses.includes(status)) return true;
    return this.recent !== null && endedAt > this.recent;
  }

  private streamOf(head: Head): Stream {
    let stream = this.streams.get(head.id);
    if (!stream) {
      stream = new Stream(head.id, this.clock.monotonic());
      stream.knows(head);
      this.streams.set(head.id, stream);
    }
    return stream;
  }

  private drop(subscriber: Subscriber, id: string): void {
    const stream = this.streams.get(id);
    stream?.own.delete(subscriber);
    if (stream?.isUnwanted) this.streams.delete(id);
  }
}
