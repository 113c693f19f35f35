/** Lists cut down to what somebody may see, in the statement itself: so that pages stay full. */
import { environmentKey } from '../../kernel/environment-key.js';
import type { Scope } from '../../kernel/grants.js';

/** The columns that a scope is compared with. A list without modules (environments) leaves it out. */
interface ScopedColumns {
  readonly module?: string;
  readonly environmentKey?: string;
}

/**
 * Whether a row is in one of `:scopes`; all rows, if it is null: then nothing is asked of them. Only for
 * permissions that the left out names do not narrow. Fragment: :scopes, or the parameter named.
 */
export function inScopes(
  { module, environmentKey: environment }: ScopedColumns,
  parameter = 'scopes',
): string {
  const named = [
    module && `(scope.modules is null or ${module} = any(scope.modules))`,
    environment && `(scope.environments is null or ${environment} = any(scope.environments))`,
  ].filter(Boolean);
  return `(:${parameter}::jsonb is null or exists (
    select 1 from jsonb_to_recordset(:${parameter}::jsonb) as scope (modules text[], environments text[])
    where ${named.join(' and ')}))`;
}

/** `ctx.scopesOf(…)` as the parameter `scopes`. */
export function scopesText(scopes: readonly Scope[] | null): string | null {
  if (scopes === null) return null;
  return JSON.stringify(
    scopes.map(({ modules, environments }) => ({
      modules,
      environments: environments && environments.map(environmentKey),
    })),
  );
}
