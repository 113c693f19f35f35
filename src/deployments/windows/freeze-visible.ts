import { environmentKey } from '../../kernel/environment-key.js';
import type { Scope } from '../../kernel/grants.js';
import { Permission } from '../../kernel/permission.js';
import type { Context } from '../../platform/context.js';
import type { FreezeEntity } from './freeze.entity.js';

/** Whether it counts for anything of which the reader may read deployments. */
export function isVisible(ctx: Context, { environmentKeys, modules }: FreezeEntity): boolean {
  const scopes = ctx.scopesOf(Permission.DeploymentsRead);
  if (scopes === null) return true;
  const meets = (own: readonly string[], named: readonly string[] | null) =>
    own.length === 0 || named === null || named.some((name) => own.includes(name));
  return scopes.some((scope: Scope) => {
    const environments = scope.environments && scope.environments.map(environmentKey);
    return meets(environmentKeys, environments) && meets(modules, scope.modules);
  });
}
