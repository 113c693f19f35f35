import { CliError } from './exit-codes.js';

export interface GivenRole {
  readonly role: string;
  readonly modules: string[] | null;
  readonly environments: string[] | null;
}

export const roleHelp =
  'a role, as often as needed: Deployer, or with a scope Deployer:orders,payments@QA,Production';

/** Collects what --role says. Throws CliError. */
export function addRole(text: string, before: GivenRole[] = []): GivenRole[] {
  const match = /^([^:@]+)(?::([^@]*))?(?:@(.*))?$/.exec(text);
  const [, role, modules, environments] = match ?? [];
  if (!role) throw new CliError(`"${text}" is no role. Write ROLE, or ROLE:MODULES@ENVIRONMENTS.`);
  return [...before, { role, modules: namesIn(modules), environments: namesIn(environments) }];
}

export function roleText(given: {
  readonly role: string;
  readonly modules?: readonly string[] | null;
  readonly environments?: readonly string[] | null;
}): string {
  const { role, modules, environments } = given;
  return `${role}${modules ? `:${modules.join(',')}` : ''}${environments ? `@${environments.join(',')}` : ''}`;
}

function namesIn(text: string | undefined): string[] | null {
  const names = (text ?? '').split(',').filter((name) => name !== '');
  return names.length > 0 ? names : null;
}
