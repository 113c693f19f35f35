import { readFile } from 'node:fs/promises';
import { withoutMark } from '../without-mark.js';
import type { Command } from 'commander';
import { answer, type components, type Tidegate } from '#sdk';
import { examples, type Actions, type Cli } from '../cli.js';
import { printable } from '../display/printable.js';
import { CliError, exitCodes } from '../exit-codes.js';
import { idOf, itemsOf, listOf } from '../pages.js';
import { readSecret } from '../session/ask.js';

interface CreateOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly secretStdin?: boolean;
  readonly rules?: string;
}

type Provider = components['schemas']['IdentityProvider'];

const PATH = '/api/v1/identity-providers/{id}';

export function addIdentityProviderCommands(program: Command, { act }: Actions): void {
  const providers = program
    .command('identity-providers')
    .description('Where people of the tenant sign in by OpenID Connect.');
  providers
    .command('list')
    .description('List identity providers.')
    .addHelpText('after', examples('tidegate identity-providers list'))
    .action(act(list));
  providers
    .command('create')
    .description('Connect an issuer. Enter the redirect URI that is printed there.')
    .argument('<name>', 'what people choose when they sign in')
    .requiredOption('--issuer <url>', 'as "issuer" of its discovery document says')
    .requiredOption('--client-id <id>', 'of the client that Tidegate is there')
    .option('--secret-stdin', 'read the client secret from standard input')
    .option('--rules <file>', 'JSON with factor, admissions, rules, claims, scopes')
    .addHelpText(
      'after',
      examples(
        'pass show oidc | tidegate identity-providers create Company --issuer https://login.example.com/realms/company --client-id tidegate --secret-stdin',
        'tidegate identity-providers create Company --issuer https://login.example.com --client-id tidegate --rules rules.json',
      ),
    )
    .action(act(create));
  providers
    .command('show')
    .description('Show one with its rules, and its domains with their records.')
    .argument('<provider>', 'name or id')
    .addHelpText('after', examples('tidegate identity-providers show Company'))
    .action(act(show));
  providers
    .command('test')
    .description('Ask the issuer for all that a sign-in needs, and say what is wrong.')
    .argument('<provider>', 'name or id')
    .addHelpText('after', examples('tidegate identity-providers test Company'))
    .action(act(test));
  providers
    .command('verify-domain')
    .description('Say that a domain is yours and verify it; the first time it prints the record.')
    .argument('<provider>', 'name or id')
    .argument('<domain>', 'of e-mail addresses')
    .addHelpText('after', examples('tidegate identity-providers verify-domain Company example.com'))
    .action(act(verifyDomain));
  addEndingCommands(providers, { act });
}

function addEndingCommands(providers: Command, { act }: Actions): void {
  providers
    .command('disable')
    .description('Nobody signs in there any more; sessions that it vouched for end.')
    .argument('<provider>', 'name or id')
    .addHelpText('after', examples('tidegate identity-providers disable Company'))
    .action(act(disable));
  providers
    .command('enable')
    .description('People can sign in there again.')
    .argument('<provider>', 'name or id')
    .addHelpText('after', examples('tidegate identity-providers enable Company'))
    .action(act(enable));
  providers
    .command('require')
    .description('Everybody in the tenant must sign in there, except those named.')
    .argument('<provider>', 'name or id')
    .option('--emergency <username...>', 'accounts that come in without; one must be an Admin')
    .option('--emergency-role <role...>', 'roles whose holders come in without')
    .option('--off', 'nobody must any more')
    .addHelpText(
      'after',
      examples(
        'tidegate identity-providers require Company --emergency break-glass',
        'tidegate identity-providers require Company --off',
      ),
    )
    .action(act(demand));
  providers
    .command('delete')
    .description('Remove it, with its domains; sessions that it vouched for end.')
    .argument('<provider>', 'name or id')
    .addHelpText('after', examples('tidegate identity-providers delete Company'))
    .action(
      act(async (cli, nameOrId: string) => {
        const { client, id } = await found(cli, nameOrId);
        await client.api.DELETE(PATH, { params: { path: { id } } });
        cli.terminal.result({ id, deleted: true }, ['It is deleted.']);
      }),
    );
}

async function list(cli: Cli): Promise<void> {
  const items = await listOf(all(await cli.connect()));
  const rows = items.map(({ name, issuer, isEnabled, id }) => [
    name,
    issuer,
    isEnabled ? 'yes' : 'no',
    id,
  ]);
  cli.terminal.list({ items }, ['NAME', 'ISSUER', 'ENABLED', 'ID'], rows);
}

async function create(cli: Cli, name: string, options: CreateOptions): Promise<void> {
  const { issuer, clientId } = options;
  const more = options.rules === undefined ? {} : await rulesIn(options.rules);
  const secret = options.secretStdin ? { clientSecret: await readSecret(cli.streams) } : {};
  const { api } = await cli.connect();
  const body = { ...more, ...secret, name, issuer, clientId };
  const made = await answer(api.POST('/api/v1/identity-providers', { body }));
  cli.terminal.result(
    made,
    [
      `People can sign in at "${made.name}".`,
      `Enter this redirect URI there: ${made.redirectUri}`,
      `Then: tidegate identity-providers test "${made.name}"`,
    ].map(printable),
  );
}

async function rulesIn(file: string): Promise<object> {
  const text = withoutMark(await readFile(file));
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) return parsed;
  } catch {
    // Told below: what is wrong inside is for an editor to say.
  }
  throw new CliError(`${printable(file)} holds no JSON object.`);
}

async function show(cli: Cli, nameOrId: string): Promise<void> {
  const { client, id } = await found(cli, nameOrId);
  const params = { path: { id } };
  const provider = await answer(client.api.GET(PATH, { params }));
  const { items: domains } = await answer(client.api.GET(`${PATH}/domains`, { params }));
  const lines = [
    `${provider.name} (${provider.isEnabled ? 'enabled' : 'disabled'})`,
    `  issuer        ${provider.issuer}`,
    `  client        ${provider.clientId}, ${provider.hasSecret ? 'with' : 'without'} a secret`,
    `  redirect URI  ${provider.redirectUri}`,
    `  factor        ${provider.factor.counts}`,
    ...(provider.isRequired ? [`  required      ${requiredOf(provider)}`] : []),
    ...provider.rules.map((rule) => {
      const when = rule.when ? `${rule.when.claim} has ${rule.when.value}` : 'always';
      return `  rule          ${when}: ${rule.role ? `role ${rule.role}` : `group ${rule.group}`}`;
    }),
    ...domains.map(({ domain, verifiedAt, record }) =>
      verifiedAt
        ? `  domain        ${domain}, verified`
        : `  domain        ${domain}, publish TXT ${record.name} = ${record.value}`,
    ),
  ];
  cli.terminal.result({ provider, domains }, lines.map(printable));
}

function requiredOf({ emergency: { usernames, roles } }: Provider): string {
  return `of everybody but ${[...usernames, ...roles.map((role) => `role ${role}`)].join(', ')}`;
}

async function test(cli: Cli, nameOrId: string): Promise<number> {
  const { client, id } = await found(cli, nameOrId);
  const tested = await answer(client.api.POST(`${PATH}/test`, { params: { path: { id } } }));
  const lines = tested.checks.map(
    ({ name, isPassed, says }) => `${isPassed ? 'ok    ' : 'WRONG '} ${name}: ${says}`,
  );
  cli.terminal.result(tested, lines.map(printable));
  return tested.isUsable ? exitCodes.succeeded : exitCodes.rejected;
}

async function verifyDomain(cli: Cli, nameOrId: string, domain: string): Promise<void> {
  const { client, id } = await found(cli, nameOrId);
  const path = { id };
  const { items } = await answer(client.api.GET(`${PATH}/domains`, { params: { path } }));
  const known = items.find((one) => one.domain === domain);
  if (!known) {
    const body = { domain };
    const claimed = await answer(client.api.POST(`${PATH}/domains`, { params: { path }, body }));
    const { name, value } = claimed.record;
    cli.terminal.result(claimed, [
      printable(`Publish the TXT record ${name} with the value ${value}, then repeat this.`),
    ]);
    return;
  }
  const verified = await answer(
    client.api.POST(`${PATH}/domains/{domainId}/verify`, {
      params: { path: { id, domainId: known.id } },
    }),
  );
  cli.terminal.result(verified, [printable(`${verified.domain} is verified.`)]);
}

type Change = Partial<Pick<Provider, 'isEnabled' | 'isRequired' | 'emergency'>>;

async function changed(cli: Cli, nameOrId: string, change: Change): Promise<Provider> {
  const { client, id } = await found(cli, nameOrId);
  const params = { path: { id } };
  const now = await answer(client.api.GET(PATH, { params }));
  const { hasSecret: _s, redirectUri: _r, createdAt: _c, id: _i, version, ...rules } = now;
  const headers = { 'if-match': `"${version}"` };
  const body = { ...rules, ...change };
  return answer(client.api.PUT(PATH, { params, headers, body }));
}

async function disable(cli: Cli, nameOrId: string): Promise<void> {
  const provider = await changed(cli, nameOrId, { isEnabled: false });
  cli.terminal.result(provider, [printable(`Nobody signs in at "${provider.name}" any more.`)]);
}

async function enable(cli: Cli, nameOrId: string): Promise<void> {
  const provider = await changed(cli, nameOrId, { isEnabled: true });
  cli.terminal.result(provider, [printable(`People can sign in at "${provider.name}".`)]);
}

interface RequireOptions {
  readonly emergency?: string[];
  readonly emergencyRole?: string[];
  readonly off?: boolean;
}

async function demand(cli: Cli, nameOrId: string, options: RequireOptions): Promise<void> {
  const { off, emergency: usernames = [], emergencyRole: roles = [] } = options;
  const change = off
    ? { isRequired: false }
    : { isRequired: true, emergency: { usernames, roles } };
  const provider = await changed(cli, nameOrId, change);
  const line = off
    ? `Nobody must sign in at "${provider.name}".`
    : `Everybody must sign in at "${provider.name}", within five seconds; but for ${[...usernames, ...roles].join(', ')}.`;
  cli.terminal.result(provider, [printable(line)]);
}

async function found(cli: Cli, nameOrId: string) {
  const client = await cli.connect();
  return { client, id: await idOf('identity provider', nameOrId, all(client)) };
}

function all({ api }: Tidegate) {
  return itemsOf((page) =>
    answer(api.GET('/api/v1/identity-providers', { params: { query: page } })),
  );
}
