import { nodesOf, type Plan } from '../../engine/plan.js';
import type { OpenContext } from '../../platform/context.js';
import type { DeploymentSpec } from '../planning/deployment-spec.js';
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
  const [row] = await open.tx.query<{ bodyText: string }>(
    `select body_text as "bodyText" from plans
     where tenant_id = $1 and deployment_id = $2 and role = 'forward' order by number desc limit 1`,
    [open.tenantId, originId],
  );
  if (!row) return [];
  const down = nodesOf(JSON.parse(row.bodyText) as Plan).filter(
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
