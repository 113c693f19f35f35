import { deploymentNotFound } from '../../deployments/deployment.errors.js';
import type { Clock } from '../../kernel/clock.js';
import { messageOf } from '../../kernel/errors.js';
import { headsOf, presentHeads, type Head } from '../../deployments/deployments.queries.js';
import { Context, type OpenContext } from '../../platform/context.js';
import type { Database } from '../../platform/database/database.js';
import type { Logger } from '../../platform/logging/logger.js';
import { CatchUp } from './catch-up.js';
import { Delivery } from './delivery.js';
import { DeploymentPlaces } from './deployment-places.js';
import { Followed } from './followed.js';
import { GateFeed } from './gate-feed.js';
import type { FollowingAnswer, Standing, SubscriptionToAll } from './hub-messages.js';
import { liveLimits } from './live-limits.js';
import { Newcomer } from './newcomer.js';
import { Progress } from './progress.js';
import { Pump } from './pump.js';
import type { Subscriber } from './subscriber.js';

export interface FeedPorts {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** More in one look than ever end in it: whoever follows is better off with a new snapshot. */
const ENDED_PER_LOOK = 10_000;

/**
 * The live feed of one tenant in one process. Signals only say where to look; everything is read
 * from the tenant's rows, once for all sockets, and a slow look of its own finds what a lost
 * signal did not tell.
 */
export class TenantFeed {
  private readonly subscribers = new Set<Subscriber>();
  private readonly followed: Followed;
  private readonly pump: Pump;
  private readonly gates: GateFeed;
  private readonly catchUp: CatchUp;
  private readonly places = new DeploymentPlaces();
  private readonly progress = new Progress();
  private polling = false;
  private isPollWanted = false;

  constructor(
    readonly tenantId: string,
    private readonly ports: FeedPorts,
  ) {
    const { clock, logger } = ports;
    const read = <T>(work: (open: OpenContext) => Promise<T>) => this.read(work);
    const prepare = (open: OpenContext, ids: readonly string[]) => this.learnPlaces(open, ids);
    const mayRead = (subscriber: Subscriber, id: string) => this.mayRead(subscriber, id);
    const flush = (delivery: Delivery) => delivery.flush(this.followed.followers, mayRead);
    this.followed = new Followed(mayRead, clock);
    const { streams } = this.followed;
    const adopt = (head: Head) => this.followed.adopt(head);
    this.pump = new Pump({ read, adopt, prepare, streams, flush, clock, logger });
    this.gates = new GateFeed({ read, streams, flush, clock, logger });
    this.catchUp = new CatchUp({
      read,
      prepare,
      mayRead,
      clock,
      logger,
      recentOf: (now) => this.followed.recentOf(now),
      join: (newcomer, present, askedAt) => this.followed.join(newcomer, present, askedAt),
      // What began while the snapshot was on its way had nobody to be told to.
      joined: () => void this.poll(),
      isTold: (subscriber, id) => streams.get(id)?.placeOf(subscriber) !== undefined,
    });
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
    if (!head || !this.mayRead(subscriber, id)) throw deploymentNotFound();
    const standing = { deploymentId: id, status: head.status, sequence: head.sequence };
    if (subscriber.isGone) return standing;
    this.followed.choose(subscriber, head, after);
    this.pump.look(id, true);
    return standing;
  }

  unsubscribe(subscriber: Subscriber, id: string): void {
    this.followed.unchoose(subscriber, id);
  }

  /** From now on every deployment of the tenant that it may read; what it has missed before that. */
  subscribeAll(subscriber: Subscriber, asked: SubscriptionToAll): Promise<FollowingAnswer> {
    this.subscribers.add(subscriber);
    const newcomer = new Newcomer(subscriber, asked);
    this.catchUp.add(newcomer);
    return newcomer.answered;
  }

  unsubscribeAll(subscriber: Subscriber): void {
    this.followed.leave(subscriber);
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
    const { streams, followers } = this.followed;
    if (streams.has(id) || followers.size > 0) this.pump.look(id);
  }

  gateHint(id: string): void {
    if (this.followed.streams.has(id)) this.gates.look(id);
  }

  /** Looks by itself: a lost signal costs time, never an event. */
  async poll(): Promise<void> {
    this.isPollWanted = true;
    if (this.polling) return;
    this.polling = true;
    try {
      while (this.isPollWanted && !this.isEmpty) {
        this.isPollWanted = false;
        await this.look();
      }
    } catch (error) {
      this.ports.logger.warn({ error: messageOf(error) }, 'the live feed could not look for news');
    } finally {
      this.polling = false;
    }
  }

  private async look(): Promise<void> {
    const { followed } = this;
    const { now, heads } = await this.read(async (open) => {
      const most = followed.followers.size > 0 ? ENDED_PER_LOOK : 0;
      const present = await presentHeads(open, (time) => followed.recentOf(time), most);
      const found = new Set(present.heads.map(({ id }) => id));
      const others = [...followed.streams.keys()].filter((id) => !found.has(id));
      return { now: present.now, heads: [...present.heads, ...(await headsOf(open, others))] };
    });
    if (heads.filter(({ endedAt }) => endedAt !== null).length >= ENDED_PER_LOOK) {
      return followed.cutFollowers();
    }
    for (const head of heads) {
      if (followed.isNews(head)) this.pump.look(head.id, true);
    }
    const upTo = this.progress.next(now, heads, (head) => followed.isUntold(head));
    if (upTo !== null) followed.tellProgress(upTo - liveLimits.commitMs);
    followed.forgetOver(now, heads);
  }

  private mayRead(subscriber: Subscriber, id: string): boolean {
    return subscriber.mayRead(this.places.of(id));
  }

  /** Only where somebody may not see all: everybody else is told without a question. */
  private async learnPlaces(open: OpenContext, ids: readonly string[]): Promise<void> {
    const isAsked = [...this.subscribers].some(({ reach }) => reach !== null);
    if (isAsked) await this.places.learn(open, ids);
  }

  private read<T>(work: (open: OpenContext) => Promise<T>): Promise<T> {
    return this.ports.database.transaction(Context.system(this.tenantId, 'realtime'), work);
  }
}
