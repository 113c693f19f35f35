/** What a request was about, as far as it names it itself. Pure. */
import { environmentKey } from '../../kernel/environment-key.js';

export interface Place {
  readonly module: string;
  readonly environment: string;
}

type Fields = Readonly<Record<string, unknown>>;

const NAMES: Readonly<Record<string, keyof Place>> = {
  '/modules/:name': 'module',
  '/environments/:name': 'environment',
};

/**
 * '' where it names none. Only for requests that went well: of others nobody knows whether there is
 * anything of that name.
 */
export function placeOf(route: string, params: unknown, body: unknown): Place {
  const named = Object.entries(NAMES).find(([start]) => route.includes(start))?.[1];
  const { name, environment } = (params ?? {}) as Fields;
  const { moduleName, targetEnvironment } = (isDeploying(route) ? (body ?? {}) : {}) as Fields;
  return {
    module: textOf(named === 'module' ? name : moduleName),
    environment: environmentKey(
      textOf(named === 'environment' ? name : (environment ?? targetEnvironment)),
    ),
  };
}

function isDeploying(route: string): boolean {
  return route.endsWith('/deployments') || route.endsWith('/deployments/plan');
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
