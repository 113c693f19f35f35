import { deploymentNotFound } from '../../deployments/deployment.errors.js';
import type { Clock } from '../../kernel/clock.js';
import { messageOf } from '../../kernel/errors.js';
import { activeStatuses } from '../../deployments/deployment.states.js';
import { headsOf, presentHeads, type Head } from '../../deployments/deployments.queries.js';
import { Context, type OpenContext } from '../../platform/context.js';
import type { Database } from '../../platform/database/database.js';
import type { Logger } from '../../platform/logging/logger.js';
import { DeploymentPlaces } from './deployment-places.js';
import { GateFeed } from './gate-feed.js';
import type { SnapshotLine, Standing } from './hub-messages.js';
import { Pump } from './pump.js';
import { Stream } from './stream.js';
import type { Subscriber } from './subscriber.js';

export interface FeedPorts {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What is over stays known for so long: a signal that was under way must not begin it anew. */
const FORGET_MS = 120_000;

/**
 * The live feed of one tenant in one process. Signals only say where to look; everything is read
 * from the tenant's rows, once for all sockets, and a slow look of its own finds what a lost
 * signal did not tell.
 */
export class TenantFeed {
  private readonly streams = new Map<string, Stream>();
  private readonly subscribers = new Set<Subscriber>();
  private readonly followers = new Set<Subscriber>();
  private readonly pump: Pump;
  private readonly gates: GateFeed;
  private readonly places = new DeploymentPlaces();
  private polling = false;

  constructor(
    readonly tenantId: string,
    private readonly ports: FeedPorts,
  ) {
    const read = <T>(work: (open: OpenContext) => Promise<T>) => this.read(work);
    const adopt = (head: Head) => this.adopt(head);
    const prepare = (open: OpenContext, ids: readonly string[]) => this.learnPlaces(open, ids);
    this.pump = new Pump({ read, adopt, prepare, streams: this.streams, log: ports.logger });
    this.gates = new GateFeed({ read, streams: this.streams, ...ports });
  }

  get isEmpty(): boolean {
    return this.subscribers.size === 0;
  }

  /** Throws `deployment-not-found`: of one out of reach exactly as of one that never was. */
  async subscribe(subscriber: Subscriber, id: string, after?: number): Promise<Standing> {
    this.subscribers.add(subscriber);
    const [head] = await this.read(async (open) => {
      await this.learnPlaces(open, [id]);
      return headsOf(open, [id]);
    });
    if (!head || !subscriber.mayRead(this.places.of(id))) throw deploymentNotFound();
    const standing = { deploymentId: id, status: head.status, sequence: head.sequence };
    if (subscriber.isGone) return standing;
    const stream = this.streamOf(head);
    const known = subscriber.positions.get(id) ?? head.sequence;
    stream.add(subscriber, after === undefined ? known : Math.min(after, head.sequence));
    subscriber.chosen.add(id);
    this.pump.look(id, true);
    return standing;
  }

  unsubscribe(subscriber: Subscriber, id: string): void {
    subscriber.chosen.delete(id);
    if (!subscriber.followsAll) this.drop(subscriber, id);
  }

  /** From now on every deployment of the tenant that it may read; the snapshot says where the active ones are. */
  async subscribeAll(subscriber: Subscriber): Promise<SnapshotLine[]> {
    this.subscribers.add(subscriber);
    const present = await this.read(async (open) => {
      const all = await presentHeads(open);
      const ids = all.map(({ id }) => id);
      await this.learnPlaces(open, ids);
      return all;
    });
    const heads = present.filter(({ id }) => subscriber.mayRead(this.places.of(id)));
    if (!subscriber.isGone) this.follow(subscriber, heads);
    return heads
      .filter(({ status }) => activeStatuses.includes(status))
      .map(({ id, status, sequence }) => ({ id, status, sequence }));
  }

  private follow(subscriber: Subscriber, heads: readonly Head[]): void {
    subscriber.followsAll = true;
    this.followers.add(subscriber);
    for (const head of heads) {
      if (subscriber.positions.has(head.id)) continue;
      this.streamOf(head).add(subscriber, head.sequence);
      this.pump.look(head.id, true);
    }
    // What began while the snapshot was on its way had nobody to be told to.
    void this.poll();
  }

  unsubscribeAll(subscriber: Subscriber): void {
    subscriber.followsAll = false;
    this.followers.delete(subscriber);
    for (const id of [...subscriber.positions.keys()]) {
      if (!subscriber.chosen.has(id)) this.drop(subscriber, id);
    }
  }

  leave(subscriber: Subscriber): void {
    subscriber.isGone = true;
    subscriber.chosen.clear();
    this.unsubscribeAll(subscriber);
    this.subscribers.delete(subscriber);
    if (this.isEmpty) this.gates.stop();
  }

  /** A signal: this deployment, of whatever tenant, has news. */
  hint(id: string): void {
    if (this.streams.has(id) || this.followers.size > 0) this.pump.look(id);
  }

  gateHint(id: string): void {
    if (this.streams.has(id)) this.gates.look(id);
  }

  /** Looks by itself: a lost signal costs time, never an event. */
  async poll(): Promise<void> {
    if (this.polling || this.isEmpty) return;
    this.polling = true;
    try {
      const known = [...this.streams.keys()];
      const heads = await this.read(async (open) => [
        ...(this.followers.size > 0 ? await presentHeads(open) : []),
        ...(await headsOf(open, known)),
      ]);
      for (const head of heads) {
        const isNews = this.streams.get(head.id)?.hasNews(head) ?? head.isRecent;
        if (isNews) this.pump.look(head.id, true);
      }
      this.forgetOver(heads);
    } catch (error) {
      this.ports.logger.warn({ error: messageOf(error) }, 'the live feed could not look for news');
    } finally {
      this.polling = false;
    }
  }

  /** A deployment that somebody follows without having named it: new since the snapshot. */
  private adopt(head: Head): Stream | undefined {
    if (!head.isRecent) return undefined;
    const place = this.places.of(head.id);
    const followers = [...this.followers].filter((each) => each.mayRead(place));
    if (followers.length === 0) return undefined;
    const stream = this.streamOf(head);
    for (const follower of followers) {
      if (!follower.positions.has(head.id)) stream.add(follower, 0);
    }
    return stream;
  }

  /** Only where somebody may not see all: everybody else is told without a question. */
  private async learnPlaces(open: OpenContext, ids: readonly string[]): Promise<void> {
    if ([...this.subscribers].some(({ isScoped }) => isScoped)) await this.places.learn(open, ids);
  }

  private streamOf(head: Head): Stream {
    let stream = this.streams.get(head.id);
    if (!stream) {
      stream = new Stream(head.id);
      stream.knows(head);
      this.streams.set(head.id, stream);
    }
    return stream;
  }

  private drop(subscriber: Subscriber, id: string): void {
    const stream = this.streams.get(id);
    stream?.remove(subscriber);
    if (stream?.subscribers.size === 0) this.streams.delete(id);
  }

  private forgetOver(heads: readonly Head[]): void {
    const now = this.ports.clock.monotonic();
    for (const { id, status } of heads) {
      const stream = this.streams.get(id);
      if (!stream || activeStatuses.includes(status)) continue;
      stream.overSince ??= now;
      if (now - stream.overSince < FORGET_MS) continue;
      for (const subscriber of [...stream.subscribers]) {
        if (!subscriber.chosen.has(id)) this.drop(subscriber, id);
      }
    }
  }

  private read<T>(work: (open: OpenContext) => Promise<T>): Promise<T> {
    return this.ports.database.transaction(Context.system(this.tenantId, 'realtime'), work);
  }
}
