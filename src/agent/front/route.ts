import type { FrontRoute } from './front-port.js';
import type { Upstream } from './upstream.js';

interface Share {
  readonly upstream: Upstream;
  readonly weight: number;
  credit: number;
}

/**
 * One module's targets and whose turn it is: smooth weighted round-robin, so that 90/10 is
 * 9 : 1 in every ten requests and not only on average.
 */
export class Route {
  private readonly shares: Share[];

  constructor(
    readonly definition: FrontRoute,
    upstreams: readonly Upstream[],
  ) {
    this.shares = upstreams.map((upstream, index) => ({
      upstream,
      weight: definition.targets[index]!.weight,
      credit: 0,
    }));
  }

  /** The next instance; `not` leaves one out, for a second attempt elsewhere. */
  pick(not?: Upstream): Upstream | undefined {
    let best: Share | undefined;
    let total = 0;
    for (const share of this.shares) {
      if (share.weight === 0 || share.upstream === not) continue;
      share.credit += share.weight;
      total += share.weight;
      if (best === undefined || share.credit > best.credit) best = share;
    }
    if (best === undefined) return undefined;
    best.credit -= total;
    return best.upstream;
  }

  has(upstream: Upstream): boolean {
    return this.shares.some((share) => share.upstream === upstream);
  }
}

/** Who sends a port's requests where, right now; exchanged by a swap while requests are in flight. */
export interface RouteHolder {
  readonly route: Route | undefined;
  /** The port is being left: clients are told to open a new connection for their next request. */
  readonly isClosing: boolean;
}
