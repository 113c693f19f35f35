import type { GrantTarget } from '../../kernel/grants.js';
import { Permission } from '../../kernel/permission.js';
import type { Context } from '../../platform/context.js';

/** Why the server ends a socket. `slow`: it reads too slowly. `behind`: the feed itself has lost track. */
export type OutletCut = 'slow' | 'behind';

/** What a subscriber is sent through; Outlet is the one of sockets. */
export interface SubscriberOutlet {
  readonly backlogBytes: number;
  write(frames: Buffer): void;
  drained(): Promise<void>;
  cut(reason: OutletCut): void;
}

interface CatchingUp {
  readonly missing: Map<string, { readonly after: number }>;
}

/** One socket as the feed sees it: what it follows, what it may read, and the way to it. */
export class Subscriber {
  readonly chosen = new Set<string>();
  /** One of the followers; not yet while it still catches up. */
  followsAll = false;
  /** While it catches up: what it has yet to be told, by deployment. */
  catchingUp: CatchingUp | null = null;
  /** It has asked with `since`, and was told so far, in ms; null: it has not asked. */
  toldUpTo: number | null = null;
  /** Its socket is gone: what was still being read for it must not bring it back. */
  isGone = false;

  readonly tenantId: string;
  /** Two with the same reach may read the same deployments. Null: all of the tenant's. */
  readonly reach: string | null;

  /** Whoever may do other things than `ctx` says is cut, and comes back with another one. */
  constructor(
    private readonly ctx: Context,
    readonly outlet: SubscriberOutlet,
  ) {
    this.tenantId = ctx.tenantId;
    const scopes = ctx.scopesOf(Permission.DeploymentsRead);
    this.reach = scopes === null ? null : JSON.stringify(scopes);
  }

  /** Undefined: nobody knows what it is about. */
  mayRead(target: GrantTarget | undefined): boolean {
    if (this.reach === null) return true;
    return target !== undefined && this.ctx.can(Permission.DeploymentsRead, target);
  }
}
