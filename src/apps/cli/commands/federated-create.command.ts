import { readFile } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import { answer, type components } from '#sdk';
import { examples, type Actions } from '../cli.js';
import { printable } from '../display/printable.js';
import { CliError } from '../exit-codes.js';
import { collect, readParameters, readTexts } from '../parameters.js';

type Body = components['schemas']['CreateFederatedIdentity'];
type Rule = components['schemas']['FederationRule'];
type ClaimValue = Rule['clauses'][number]['oneOf'][number];

export interface CreateOptions {
  readonly issuerKind: Body['issuerKind'];
  readonly issuer?: string;
  readonly audience?: string;
  readonly description?: string;
  readonly claim: readonly string[];
  readonly rules?: string;
  readonly permissions: string;
  readonly module: readonly string[];
  readonly environment: readonly string[];
}

export type RuleSource = Pick<CreateOptions, 'claim' | 'rules'>;
type Claimed = Pick<CreateOptions, 'claim' | 'issuerKind'>;

export function addFederatedCreate(federated: Command, { act }: Actions): void {
  federated
    .command('create')
    .description('Let pipelines in whose tokens meet a rule.')
    .argument('<name>', 'they act as ci:<name>')
    .addOption(
      new Option('--issuer-kind <kind>', 'whose tokens')
        .choices(['github', 'gitlab', 'generic'])
        .makeOptionMandatory(),
    )
    .option('--issuer <url>', '`iss` of the tokens; github.com or gitlab.com without it')
    .option('--audience <audience>', '`aud` of the tokens; tidegate:<tenant>:<kind> without it')
    .option('--description <words>', 'for people')
    .option(
      '--claim <name=value>',
      'must be so; several values with commas; within another: /claim/within=value; may be repeated',
      collect,
      [],
    )
    .option('--rules <file>', 'a JSON file with a list of rules, instead of --claim')
    .option('--permissions <set>', 'read-only, operate, deploy, or names with commas', 'deploy')
    .option('--module <name>', 'only this module; may be repeated; it need not exist', collect, [])
    .option('--environment <name>', 'only this environment; may be repeated', collect, [])
    .addHelpText(
      'after',
      examples(
        'tidegate federated create shop-release --issuer-kind github --claim repository_id=718293104 --claim repository_owner_id=9919 --claim "ref=refs/heads/main,refs/tags/v*" --module shop --environment Production',
        'tidegate federated create shop-gitlab --issuer-kind gitlab --claim project_id=46573356 --claim namespace_id=68413579 --claim ref_protected=true',
        'tidegate federated create builds --issuer-kind generic --issuer https://ci.example.com --claim pipeline=build --permissions read-only',
      ),
    )
    .action(
      act(async (cli, name: string, options: CreateOptions) => {
        const body = await bodyOf(name, options);
        const { api } = await cli.connect();
        const identity = await answer(api.POST('/api/v1/federated-identities', { body }));
        cli.terminal.result(
          identity,
          [
            `Pipelines that meet its rules may act as ci:${identity.name} now.`,
            `Their jobs ask for a token with the audience ${identity.audience}`,
          ].map(printable),
        );
      }),
    );
}

export async function bodyOf(name: string, options: CreateOptions): Promise<Body> {
  const { issuerKind, issuer, audience, description, module, environment } = options;
  return {
    name,
    issuerKind,
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
    ...(description === undefined ? {} : { description }),
    rules: options.rules === undefined ? [ruleOf(options)] : await rulesIn(options),
    permissions: permissionsIn(options.permissions),
    ...(module.length > 0 ? { modules: [...module] } : {}),
    ...(environment.length > 0 ? { environments: [...environment] } : {}),
  };
}

/** A set by its name, or names with commas. */
export function permissionsIn(given: string): Body['permissions'] {
  return (given.includes(':') ? given.split(',') : given) as Body['permissions'];
}

export function ruleOf({ claim, issuerKind }: Claimed): Rule {
  if (claim.length === 0) throw new CliError('Say whom to let in: --claim name=value, or --rules.');
  const names = claim.map((entry) => entry.split('=')[0]);
  if (new Set(names).size < names.length) {
    throw new CliError('Give several values of one claim with commas: --claim ref=a,b');
  }
  // Of GitHub and GitLab all claims are texts, the ids among them.
  const clauses =
    issuerKind === 'generic'
      ? Object.entries(readParameters(claim, '--claim')).map(([one, value]) => ({
          claim: one,
          oneOf: (Array.isArray(value) ? value : [value]) as ClaimValue[],
        }))
      : Object.entries(readTexts(claim, '--claim')).map(([one, value]) => ({
          claim: one,
          oneOf: value.split(','),
        }));
  return { name: 'main', clauses };
}

export async function rulesIn({ rules: file = '', claim }: RuleSource): Promise<Rule[]> {
  if (claim.length > 0) throw new CliError('Give --claim or --rules, not both.');
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (Array.isArray(value)) return value as Rule[];
  } catch (error) {
    throw new CliError(`${file} cannot be read as JSON (${(error as Error).message}).`);
  }
  throw new CliError(`${file} must hold a list of rules.`);
}
