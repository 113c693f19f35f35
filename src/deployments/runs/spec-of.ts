import { BoundedMap } from '../../kernel/bounded-map.js';
import type { OpenContext } from '../../platform/context.js';
import { deploymentNotFound } from '../deployment.errors.js';
import type { DeploymentSpec } from '../planning/deployment-spec.js';

/**
 * A spec never changes, and each step of a rollout asks for it. Enough for those that are opened at
 * the same time, at about 3 KiB each; the one that was asked for longest ago makes room.
 */
const SPECS_MOST = 2_000;

/** By tenant and id: what one tenant has read is no answer for another. */
const known = new BoundedMap<string, DeploymentSpec>(SPECS_MOST);

/** The spec of a deployment, as it was fixed when it was created. */
export async function specOf(open: OpenContext, deploymentId: string): Promise<DeploymentSpec> {
  const name = `${open.tenantId} ${deploymentId}`;
  const spec = known.get(name) ?? (await readSpec(open, deploymentId));
  known.set(name, spec);
  return spec;
}

async function readSpec(open: OpenContext, deploymentId: string): Promise<DeploymentSpec> {
  const [row] = await open.tx.query<{ specText: string }>(
    `select spec_text as "specText" from deployments where tenant_id = $1 and id = $2`,
    [open.tenantId, deploymentId],
  );
  if (row) return JSON.parse(row.specText) as DeploymentSpec;
  throw deploymentNotFound();
}
