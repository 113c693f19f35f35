import { nodesOf } from '../../engine/plan.js';
import type { OpenContext } from '../../platform/context.js';
import type { DeploymentSpec } from '../planning/deployment-spec.js';
import { lastForwardPlan } from '../reads/plans.queries.js';
import { downText } from '../steps/way-back-warnings.js';

/**
 * Whoever goes back to a release that was down when it was replaced is told so. It is done all the
 * same: what it was down for may be over, and nobody but a person knows.
 */
export async function wasDownThen(
  open: OpenContext,
  originId: string,
  { release, configuration }: DeploymentSpec,
): Promise<string[]> {
  const replaced = await lastForwardPlan(open, originId);
  if (!replaced) return [];
  const down = nodesOf(replaced).filter(
    ({ from, wasDown }) =>
      wasDown &&
      from?.releaseId === release.id &&
      from.configurationId === (configuration?.id ?? null),
  );
  if (down.length === 0) return [];
  return [
    `What is to come back was down when deployment ${originId} replaced it: ${downText(down)}.`,
  ];
}
