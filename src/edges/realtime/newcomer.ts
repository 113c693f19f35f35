import type { FollowingAnswer, SubscriptionToAll } from './hub-messages.js';
import { resumptionOf, type Resumption } from './resumption.js';
import type { Subscriber } from './subscriber.js';

/** Until where a deployment is told before it goes on with the others. */
export interface Stretch {
  after: number;
  readonly upTo: number;
}

/** Whoever has asked for all deployments and is not among the followers yet. */
export class Newcomer {
  /** Where it is in each deployment that it has been told where it is. */
  readonly places: Map<string, number>;
  /** What it has yet to be told of the past. */
  readonly missing = new Map<string, Stretch>();
  since: number | null;
  isAnswered = false;
  readonly resumption: Resumption | null;
  readonly answered: Promise<FollowingAnswer>;
  answer!: (answer: FollowingAnswer) => void;
  refuse!: (error: unknown) => void;

  constructor(
    readonly subscriber: Subscriber,
    readonly asked: SubscriptionToAll,
  ) {
    this.resumption = resumptionOf(asked);
    this.places = new Map(this.resumption?.seen);
    this.since = this.resumption?.since ?? null;
    subscriber.catchingUp = this;
    this.answered = new Promise<FollowingAnswer>((resolve, reject) => {
      this.answer = resolve;
      this.refuse = reject;
    });
  }

  /** It has left meanwhile, or asked anew. */
  get isGone(): boolean {
    return this.subscriber.catchingUp !== this;
  }
}
