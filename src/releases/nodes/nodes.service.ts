import { Injectable } from '@nestjs/common';
import { endDrain } from '../../drivers/targets/agent/drain.store.js';
import { revokeNode, setAdminState } from '../../drivers/targets/agent/nodes.store.js';
import { nodeNotFound } from '../../fleet/fleet.errors.js';
import { nodeCordoned, nodeRevoked, nodeUncordoned } from '../../fleet/nodes/nodes.events.js';
import { Permission } from '../../kernel/permission.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import type { Page } from '../../platform/http/page.js';
import { sorted } from '../../platform/http/sorted-page.js';
import { changing } from '../../platform/events/changing.js';
import { giveQuotaBack } from '../../tenancy/quotas/quotas.events.js';
import type { NodesQuery } from './nodes.dto.js';
import { nodeView, nodeViews, type NodeView } from './nodes.views.js';

@Injectable()
export class NodesService {
  constructor(private readonly database: Database) {}

  list(ctx: Context, query: NodesQuery): Promise<Page<NodeView>> {
    return this.database.transaction(ctx, (open) =>
      sorted('nodes', query, {
        first: '-createdAt',
        age: 'createdAt',
        read: (slice) => nodeViews(open, query, slice),
      }),
    );
  }

  /** Throws `node-not-found`, like the three below. */
  get(ctx: Context, id: string): Promise<NodeView> {
    return this.database.transaction(ctx, (open) => find(open, id));
  }

  /** Rollouts leave a cordoned node out; what runs there goes on running. */
  cordon(ctx: Context, id: string): Promise<NodeView> {
    return this.database.transaction(ctx, async (open) => {
      await mustBeAllowed(open, id);
      const isNew = await setAdminState(open, id, 'cordoned');
      const node = await find(open, id);
      if (isNew) await open.record(changing(nodeCordoned(id, placeOf(node)), CORDON));
      return node;
    });
  }

  /** With its next report it gets what its cluster runs by now. */
  uncordon(ctx: Context, id: string): Promise<NodeView> {
    return this.database.transaction(ctx, async (open) => {
      await mustBeAllowed(open, id);
      const wasDrained = await endDrain(open, id);
      const isNew = await setAdminState(open, id, 'active');
      const node = await find(open, id);
      if (isNew)
        await open.record(changing(nodeUncordoned(id, placeOf(node)), uncordon(wasDrained)));
      return node;
    });
  }

  /** The node's key is good for nothing from now on. What runs there goes on until it is stopped. */
  revoke(ctx: Context, id: string): Promise<void> {
    return this.database.transaction(ctx, async (open) => {
      const node = await find(open, id);
      open.require(Permission.FleetManage, { environment: node.environment });
      if (!(await revokeNode(open, id))) throw nodeNotFound();
      await open.record(
        changing(nodeRevoked(id, placeOf(node)), {
          before: { ...placeOf(node), labels: node.labels },
          after: null,
        }),
      );
      await giveQuotaBack(open, 'nodes');
    });
  }
}

async function find(open: OpenContext, id: string): Promise<NodeView> {
  const node = await nodeView(open, id);
  if (node && mayBeSeen(open, node)) return node;
  throw nodeNotFound();
}

/** By whoever reads its environment's fleet, or changes it. */
function mayBeSeen(ctx: Context, { environment }: NodeView): boolean {
  const { FleetRead, FleetManage } = Permission;
  return ctx.can(FleetRead, { environment }) || ctx.can(FleetManage, { environment });
}

/** What `state` shows where it is cordoned; else what its agent last said. */
const CORDON = { before: { isCordoned: false }, after: { isCordoned: true } };
const uncordon = (isDrained: boolean) => ({
  before: { ...CORDON.after, ...(isDrained ? { isDrained } : {}) },
  after: CORDON.before,
});

/** Before it is changed. Throws `node-not-found`, `permission-missing`. */
async function mustBeAllowed(open: OpenContext, id: string): Promise<void> {
  if (open.scopesOf(Permission.FleetManage) === null) return;
  const { environment } = await find(open, id);
  open.require(Permission.FleetManage, { environment });
}

/** What the audit trail keeps of it. */
function placeOf({ name, environment, cluster }: NodeView) {
  return { name, environment, cluster };
}
