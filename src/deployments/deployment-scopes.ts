/** Whom a deployment concerns, by its module and environment: what is told and done only for them. */
import type { GrantTarget } from '../kernel/grants.js';
import { Permission } from '../kernel/permission.js';
import type { Context, OpenContext } from '../platform/context.js';
import { permissionMissing } from '../platform/http/http.errors.js';
import { deploymentNotFound } from './deployment.errors.js';
import { specTextOf } from './deployments.queries.js';
import type { DeploymentSpec } from './planning/deployment-spec.js';

/** What it brings, and where to: neither name ever changes. */
export function targetOf(specText: string): GrantTarget {
  const { module, environment } = JSON.parse(specText) as DeploymentSpec;
  return { module: module.name, environment: environment.name };
}

/** Throws `deployment-not-found`, as of one that never was. */
export function mustBeReadable(ctx: Context, specText: string): void {
  if (ctx.scopesOf(Permission.DeploymentsRead) === null) return;
  if (!ctx.can(Permission.DeploymentsRead, targetOf(specText))) throw deploymentNotFound();
}

/**
 * Before anything else is told of it. Throws `deployment-not-found` to whoever may not even read it, and
 * `permission-missing`.
 */
export async function mustBeAllowed(
  open: OpenContext,
  id: string,
  permission: Permission,
): Promise<void> {
  if (open.scopesOf(permission) === null) return;
  const specText = await specTextOf(open, id);
  if (specText === undefined) throw deploymentNotFound();
  const target = targetOf(specText);
  if (open.can(permission, target)) return;
  mustBeReadable(open, specText);
  throw permissionMissing(permission, target);
}
