import type { Command } from 'commander';
import { answer, type components } from '#sdk';
import { examples, type Actions } from '../cli.js';
import { CliError } from '../exit-codes.js';
import { identityId, identityLines } from '../federated-identity.js';
import { collect } from '../parameters.js';
import { permissionsIn, ruleOf, rulesIn } from './federated-create.command.js';

type Identity = components['schemas']['FederatedIdentity'];
type Body = components['schemas']['ReplaceFederatedIdentity'];

export interface SetOptions {
  readonly description?: string;
  readonly claim: readonly string[];
  readonly rules?: string;
  readonly permissions?: string;
  readonly module: readonly string[];
  readonly anyModule?: boolean;
  readonly environment: readonly string[];
  readonly anyEnvironment?: boolean;
}

export function addFederatedSet(federated: Command, { act }: Actions): void {
  federated
    .command('set')
    .description('Change whom an identity lets in, or what it grants. What is not named stays.')
    .argument('<identity>', 'name or id')
    .option('--description <words>', 'for people')
    .option(
      '--claim <name=value>',
      'one rule of these, instead of all; may be repeated',
      collect,
      [],
    )
    .option('--rules <file>', 'a JSON file with a list of rules, instead of --claim')
    .option('--permissions <set>', 'read-only, operate, deploy, or names with commas')
    .option('--module <name>', 'only this module; may be repeated; it need not exist', collect, [])
    .option('--any-module', 'all modules')
    .option('--environment <name>', 'only this environment; may be repeated', collect, [])
    .option('--any-environment', 'all environments')
    .addHelpText(
      'after',
      examples(
        'tidegate federated set shop-release --permissions operate',
        'tidegate federated set shop-release --rules rules.json --any-module',
      ),
    )
    .action(
      act(async (cli, nameOrId: string, options: SetOptions) => {
        const client = await cli.connect();
        const path = { id: await identityId(client, nameOrId) };
        const before = await answer(
          client.api.GET('/api/v1/federated-identities/{id}', { params: { path } }),
        );
        const identity = await answer(
          client.api.PUT('/api/v1/federated-identities/{id}', {
            params: { path },
            headers: { 'if-match': `"${before.version}"` },
            body: await changed(before, options),
          }),
        );
        cli.terminal.result(identity, identityLines(identity));
      }),
    );
}

export async function changed(before: Identity, options: SetOptions): Promise<Body> {
  const { description = before.description, permissions } = options;
  return {
    description,
    rules: await rulesOf(before, options),
    permissions:
      permissions === undefined
        ? (before.permissions as Body['permissions'])
        : permissionsIn(permissions),
    modules: scopeOf('module', options.module, options.anyModule, before.modules),
    environments: scopeOf(
      'environment',
      options.environment,
      options.anyEnvironment,
      before.environments,
    ),
  };
}

async function rulesOf(before: Identity, { claim, rules }: SetOptions): Promise<Body['rules']> {
  if (rules !== undefined) return rulesIn({ claim, rules });
  return claim.length > 0 ? [ruleOf({ claim, issuerKind: before.issuerKind })] : before.rules;
}

function scopeOf(
  what: string,
  names: readonly string[],
  isAny = false,
  before: readonly string[] | null,
): string[] | null {
  if (isAny && names.length > 0) throw new CliError(`Give --${what} or --any-${what}, not both.`);
  if (isAny) return null;
  return names.length > 0 ? [...names] : before && [...before];
}
