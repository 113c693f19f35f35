import type { FeedEvent } from './projection.js';

/** One socket as the feed sees it: what it follows, how far it has got, and a way to send. */
export class Subscriber {
  /** The last sequence sent, by deployment. */
  readonly positions = new Map<string, number>();
  readonly chosen = new Set<string>();
  followsAll = false;
  /** Its socket is gone: what was still being read for it must not bring it back. */
  isGone = false;

  constructor(
    readonly tenantId: string,
    private readonly emit: (event: FeedEvent) => void,
  ) {}

  send(event: FeedEvent): void {
    this.emit(event);
  }
}
