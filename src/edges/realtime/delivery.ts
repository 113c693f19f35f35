import type { Subscriber } from './subscriber.js';

/** What followers are told of one deployment; `except` are told by themselves. */
interface Part {
  readonly deploymentId: string;
  readonly frames: readonly Buffer[];
  readonly except: ReadonlySet<Subscriber>;
}

/**
 * What one read has brought, gathered, and then handed over subscriber by subscriber: one write each, and the
 * same bytes for all who may read the same.
 */
export class Delivery {
  private readonly parts: Part[] = [];
  private readonly own = new Map<Subscriber, Buffer[]>();

  toFollowers(
    deploymentId: string,
    frames: readonly Buffer[],
    except: ReadonlySet<Subscriber>,
  ): void {
    if (frames.length > 0) this.parts.push({ deploymentId, frames, except });
  }

  to(subscriber: Subscriber, frames: readonly Buffer[]): void {
    const before = this.own.get(subscriber);
    if (before) before.push(...frames);
    else this.own.set(subscriber, [...frames]);
  }

  /** `mayRead`: whether a subscriber may read of the deployment. */
  flush(
    followers: ReadonlySet<Subscriber>,
    mayRead: (subscriber: Subscriber, deploymentId: string) => boolean,
  ): void {
    if (this.parts.length > 0) this.flushParts(followers, mayRead);
    for (const [subscriber, frames] of this.own) subscriber.outlet.write(Buffer.concat(frames));
  }

  private flushParts(
    followers: ReadonlySet<Subscriber>,
    mayRead: (subscriber: Subscriber, deploymentId: string) => boolean,
  ): void {
    const apart = new Set(this.parts.flatMap(({ except }) => [...except]));
    const byReach = new Map<string | null, Buffer>();
    const bytesFor = (subscriber: Subscriber, parts: readonly Part[]) => {
      const read = parts.filter(({ deploymentId }) => mayRead(subscriber, deploymentId));
      return Buffer.concat(read.flatMap(({ frames }) => frames));
    };
    // A write may cut the one that it is for, who leaves the followers then.
    for (const follower of [...followers]) {
      let bytes = byReach.get(follower.reach);
      if (apart.has(follower)) {
        const parts = this.parts.filter(({ except }) => !except.has(follower));
        bytes = bytesFor(follower, parts);
      } else if (!bytes) {
        bytes = bytesFor(follower, this.parts);
        byReach.set(follower.reach, bytes);
      }
      if (bytes.length > 0) follower.outlet.write(bytes);
    }
  }
}
