import { BoundedMap } from '../../kernel/bounded-map.js';
import type { OpenContext } from '../../platform/context.js';
import { deploymentNotFound } from '../deployment.errors.js';
import { specTextOf } from '../deployments.queries.js';
import { parseSpec, type DeploymentSpec } from '../planning/deployment-spec.js';

/**
 * A spec never changes, and each step of a rollout asks for it. Enough for those that are opened at
 * the same time, at about 3 KiB each; the one that was asked for longest ago makes room.
 */
const SPECS_MOST = 2_000;

/** By tenant and id: what one tenant has read is no answer for another. */
const known = new BoundedMap<string, DeploymentSpec>(SPECS_MOST);

/** The spec of a deployment, as it was fixed when it was created. Throws `deployment-not-found`. */
export async function specOf(open: OpenContext, deploymentId: string): Promise<DeploymentSpec> {
  const name = `${open.tenantId} ${deploymentId}`;
  const spec = known.get(name) ?? (await readSpec(open, deploymentId));
  known.set(name, spec);
  return spec;
}

async function readSpec(open: OpenContext, deploymentId: string): Promise<DeploymentSpec> {
  const text = await specTextOf(open, deploymentId);
  if (text !== undefined) return parseSpec(text);
  throw deploymentNotFound();
}
