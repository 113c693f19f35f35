import type { GrantTarget } from '../../kernel/grants.js';
import { Permission } from '../../kernel/permission.js';
import type { Context } from '../../platform/context.js';
import type { FeedEvent } from './projection.js';

/** One socket as the feed sees it: what it follows, how far it has got, and a way to send. */
export class Subscriber {
  /** The last sequence sent, by deployment. */
  readonly positions = new Map<string, number>();
  readonly chosen = new Set<string>();
  followsAll = false;
  /** Its socket is gone: what was still being read for it must not bring it back. */
  isGone = false;

  readonly tenantId: string;
  /** Its bearer may read only some of the tenant's deployments. */
  readonly isScoped: boolean;

  /** Whoever may do other things than `ctx` says is cut, and comes back with another one. */
  constructor(
    private readonly ctx: Context,
    private readonly emit: (event: FeedEvent) => void,
  ) {
    this.tenantId = ctx.tenantId;
    this.isScoped = ctx.scopesOf(Permission.DeploymentsRead) !== null;
  }

  /** Undefined: nobody knows what it is about. */
  mayRead(target: GrantTarget | undefined): boolean {
    if (!this.isScoped) return true;
    return target !== undefined && this.ctx.can(Permission.DeploymentsRead, target);
  }

  send(event: FeedEvent): void {
    this.emit(event);
  }
}
