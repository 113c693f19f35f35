import { DomainError } from '../../kernel/errors.js';
import type { Context } from '../../platform/context.js';
import type { Transaction } from '../../platform/database/transaction.js';
import type { DeploymentSpec } from '../planning/deployment-spec.js';

/** A spec never changes: each step of a transaction asks for it, and one of them reads it. */
const known = new WeakMap<Transaction, Map<string, DeploymentSpec>>();

/** The spec of a deployment, as it was fixed when it was created. */
export async function specOf(ctx: Context, deploymentId: string): Promise<DeploymentSpec> {
  const specs = known.get(ctx.tx) ?? new Map<string, DeploymentSpec>();
  const spec = specs.get(deploymentId) ?? (await readSpec(ctx, deploymentId));
  known.set(ctx.tx, specs.set(deploymentId, spec));
  return spec;
}

async function readSpec(ctx: Context, deploymentId: string): Promise<DeploymentSpec> {
  const [row] = await ctx.tx.query<{ specText: string }>(
    `select spec_text as "specText" from deployments where tenant_id = $1 and id = $2`,
    [ctx.tenantId, deploymentId],
  );
  if (row) return JSON.parse(row.specText) as DeploymentSpec;
  throw new DomainError('not-found', 'deployment-not-found', 'There is no such deployment.');
}
