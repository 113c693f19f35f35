import { Injectable } from '@nestjs/common';
import type { OpenContext } from '../../../platform/context.js';
import type { DesiredPair } from '../target.js';
import { writeDesired } from './desired.store.js';
import { missedTargets, type MissedTarget } from './module-targets.store.js';
import { lockNodes } from './nodes.store.js';
import { ReleaseFacts } from './release-facts.js';
import { Rollouts } from './rollouts.js';

/**
 * Gives a new or returning node what its cluster runs when nothing is in flight. A node that takes
 * part in a rollout is left alone: while one moves the module only a node without any desired state
 * of it gets something, and what it gets is never the canary.
 */
@Injectable()
export class CatchUp {
  constructor(
    private readonly rollouts: Rollouts,
    private readonly releases: ReleaseFacts,
  ) {}

  /** Of a node that has missed something. Answers in how many modules it is told something. */
  async catchUp(open: OpenContext, nodeId: string, clusterId: string): Promise<number> {
    const missed = await missedTargets(open, nodeId);
    if (missed.length === 0) return 0;
    const moving = await this.rollouts.moving(open, clusterId);
    if (!missed.some((target) => mayCatchUp(target, moving))) return 0;
    if (!(await lockNodes(open, [nodeId])).has(nodeId)) return 0;
    const targets = await this.missedUnderLock(open, nodeId, clusterId);
    if (targets.length === 0) return 0;
    const told = await this.releases.told(
      open,
      clusterId,
      targets.map(({ releaseId }) => releaseId),
    );
    let count = 0;
    for (const target of targets) {
      const release = told.find(({ releaseId }) => releaseId === target.releaseId);
      if (!release) continue;
      count += 1;
      await tell(open, nodeId, { ...target, ...release });
    }
    return count;
  }

  /**
   * Asked again under the node's lock: a move may have been faster. What moves is asked first: a
   * rollout that ends in between has set its target by the time that the targets are read.
   */
  private async missedUnderLock(
    open: OpenContext,
    nodeId: string,
    clusterId: string,
  ): Promise<MissedTarget[]> {
    const moving = await this.rollouts.moving(open, clusterId);
    const missed = await missedTargets(open, nodeId);
    return missed.filter((target) => mayCatchUp(target, moving));
  }
}

function mayCatchUp({ isNew, moduleId }: MissedTarget, moving: ReadonlySet<string>): boolean {
  return isNew || !moving.has(moduleId);
}

async function tell(
  open: OpenContext,
  nodeId: string,
  target: MissedTarget & { readonly releaseDigest: string; readonly signatureRequired: boolean },
): Promise<void> {
  const { moduleId, deploymentId, signatureRequired } = target;
  const { releaseId, releaseDigest, configurationId } = target;
  const release: DesiredPair = { releaseId, releaseDigest, configurationId, trafficPercent: 100 };
  const assignments = [{ nodeId, releases: [release] }];
  await writeDesired(open, { moduleId, deploymentId, signatureRequired, assignments });
}
