import { Injectable } from '@nestjs/common';
import { markDrained, stopModules } from '../../drivers/targets/agent/drain.store.js';
import { nodeTold } from '../../drivers/targets/agent/nodes.events.js';
import { lockNodes } from '../../drivers/targets/agent/nodes.store.js';
import { Targets } from '../../drivers/targets/targets.js';
import { clusterView } from '../../fleet/clusters/clusters.views.js';
import { nodeNotFound } from '../../fleet/fleet.errors.js';
import { nodesOfCluster } from '../../fleet/fleet.queries.js';
import { nodeDrained } from '../../fleet/nodes/nodes.events.js';
import { Permission } from '../../kernel/permission.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { changing } from '../../platform/events/changing.js';
import { nodeView, type NodeView } from '../../releases/nodes/nodes.views.js';
import { isServing } from '../steps/serving.step.js';
import { lockStarts } from '../windows/start-lock.js';
import type { DrainBody } from './drain.dto.js';
import { drainDuringRollout, drainLeavesTooFew } from './drain.errors.js';
import { heldSlots, modulesOfNode, nodesOfModule } from './drain.views.js';

/**
 * Takes all that runs from a node, as a rollout would: what it should run becomes nothing. It is refused where
 * that would leave too few, and while a rollout moves the cluster, whose plan still has the node.
 */
@Injectable()
export class Drain {
  constructor(
    private readonly database: Database,
    private readonly targets: Targets,
  ) {}

  /** Once: asking again changes nothing. Throws `node-not-found`, `drain-during-rollout`, `drain-leaves-too-few`. */
  drain(ctx: Context, id: string, { reason, deadlineMinutes }: DrainBody): Promise<NodeView> {
    return this.database.transaction(ctx, async (open) => {
      // Before anything else: whoever starts a rollout has seen the node as it was, or sees it cordoned.
      await lockStarts(open);
      const node = await found(open, id);
      if (node.drain) return node;
      const rollouts = await heldSlots(open, node.clusterId);
      if (rollouts.length > 0) throw drainDuringRollout(rollouts);
      const nodes = await nodesOfCluster(open, node.clusterId);
      await lockNodes(
        open,
        nodes.map((each) => each.id),
      );
      const modules = await modulesOfNode(open, id);
      for (const module of modules) await this.mustLeaveEnough(open, node, module);
      const isNew = await markDrained(open, id, { reason: reason ?? null, deadlineMinutes });
      if (!isNew) return found(open, id);
      if ((await stopModules(open, id)).length > 0) await open.record(nodeTold(id, {}));
      const { name, environment, cluster } = node;
      const about = { name, environment, cluster, reason: reason ?? null, deadlineMinutes };
      await open.record(
        changing(nodeDrained(id, { ...about, modules: modules.map((module) => module.name) }), {
          before: { isDrained: false },
          after: { isDrained: true },
        }),
      );
      return found(open, id);
    });
  }

  private async mustLeaveEnough(
    open: OpenContext,
    { id, clusterId }: NodeView,
    { moduleId, name }: { readonly moduleId: string; readonly name: string },
  ): Promise<void> {
    const { targetKind, minAvailable } = (await clusterView(open, clusterId))!;
    const observed = await this.targets.get(targetKind).observe(open, {
      moduleId,
      nodeIds: await nodesOfModule(open, clusterId, moduleId),
    });
    const serving = observed.filter(isServing).map(({ nodeId }) => nodeId);
    const others = serving.filter((nodeId) => nodeId !== id).length;
    // Where it does not serve, nothing is lost with it.
    if (others === serving.length || others >= minAvailable) return;
    throw drainLeavesTooFew({ module: name, serving: others, minAvailable });
  }
}

/** Throws `node-not-found`, also to whoever may not see it, and `permission-missing`. */
async function found(open: OpenContext, id: string): Promise<NodeView> {
  const node = await nodeView(open, id);
  if (!node) throw nodeNotFound();
  const { FleetRead, FleetManage } = Permission;
  const { environment } = node;
  if (!open.can(FleetRead, { environment }) && !open.can(FleetManage, { environment })) {
    throw nodeNotFound();
  }
  open.require(FleetManage, { environment });
  return node;
}
