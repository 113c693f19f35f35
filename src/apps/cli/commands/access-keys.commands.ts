import type { Command } from 'commander';
import { answer, type components, type Tidegate } from '#sdk';
import { type Actions, type Cli, examples } from '../cli.js';
import {
  ACCESS_KEY_HEADS,
  accessKeyLines,
  accessKeyRow,
  createdKeyLines,
} from '../display/access-key-lines.js';
import { CliError } from '../exit-codes.js';
import { idOf, itemsOf, listOf } from '../pages.js';
import { collect, readTexts } from '../parameters.js';

type NewKey = components['schemas']['CreateAccessKey'];
type CreatedAccessKey = components['schemas']['CreatedAccessKey'];

const MOST_A_MINUTE = 100_000;
const SETS = ['read-only', 'operate', 'deploy', 'admin'];

export interface KeyOptions {
  readonly permissions: string;
  readonly module: readonly string[];
  readonly environment: readonly string[];
  readonly network: readonly string[];
  readonly metadata: readonly string[];
  readonly rate?: string;
  readonly days?: string;
}

export function addAccessKeyCommands(program: Command, { act }: Actions): void {
  const keys = program
    .command('access-keys')
    .description('Keys that pipelines and scripts act with. A key has what you have, at most.');
  keys
    .command('list')
    .description(
      'List your keys, or with access-keys:manage all of the tenant; never the keys themselves.',
    )
    .addHelpText('after', examples('tidegate access-keys list', 'tidegate access-keys list --json'))
    .action(
      act(async (cli) => {
        const items = await listOf(keysOf(await cli.connect()));
        const { isUtc } = cli.terminal.style;
        const rows = items.map((key) => accessKeyRow(key, isUtc));
        cli.terminal.list({ items }, ACCESS_KEY_HEADS, rows);
      }),
    );
  withKeyOptions(
    keys.command('create').description('Make a key and show it once.'),
    'tidegate access-keys create github --permissions deploy --module payments --environment QA',
    'tidegate access-keys create dashboard --permissions read-only --days 365',
    'tidegate access-keys create ci --permissions deployments:read,deployments:create --network 203.0.113.0/24',
  ).action(
    act(async (cli, name: string, options: KeyOptions) => {
      const { api } = await cli.connect();
      tellCreated(
        cli,
        await answer(api.POST('/api/v1/access-keys', { body: keyOf(name, options) })),
      );
    }),
  );
  keys
    .command('show')
    .description('Show what a key may do, until when, and when it was used last.')
    .argument('<key>', 'name or id')
    .addHelpText('after', examples('tidegate access-keys show github'))
    .action(
      act(async (cli, nameOrId: string) => {
        const client = await cli.connect();
        const path = { id: await idOf('access key', nameOrId, keysOf(client)) };
        const key = await answer(client.api.GET('/api/v1/access-keys/{id}', { params: { path } }));
        cli.terminal.result(key, accessKeyLines(key, cli.terminal.style.isUtc));
      }),
    );
  addEndCommands(keys, { act });
}

function addEndCommands(keys: Command, { act }: Actions): void {
  keys
    .command('rotate')
    .description('Make a key that takes the place of another, and show it once.')
    .argument('<key>', 'name or id')
    .option(
      '--overlap <hours>',
      'how long the old one stays good, at most 168; 0: revoked at once',
      '24',
    )
    .addHelpText(
      'after',
      examples(
        'tidegate access-keys rotate github',
        'tidegate access-keys rotate github --overlap 0',
      ),
    )
    .action(
      act(async (cli, nameOrId: string, { overlap }: { overlap: string }) => {
        const overlapSeconds = wholeNumber(overlap, '--overlap', 168) * 3_600;
        const client = await cli.connect();
        const path = { id: await idOf('access key', nameOrId, goodKeysOf(client)) };
        const call = { params: { path }, body: { overlapSeconds } };
        tellCreated(cli, await answer(client.api.POST('/api/v1/access-keys/{id}/rotate', call)));
      }),
    );
  keys
    .command('revoke')
    .description('Refuse a key everywhere, within five seconds. There is no way back.')
    .argument('<key>', 'name or id')
    .addHelpText('after', examples('tidegate access-keys revoke github'))
    .action(
      act(async (cli, nameOrId: string) => {
        const client = await cli.connect();
        const id = await idOf('access key', nameOrId, goodKeysOf(client));
        await client.api.DELETE('/api/v1/access-keys/{id}', { params: { path: { id } } });
        cli.terminal.result({ id, revoked: true }, ['Revoked. Whoever shows it is refused.']);
      }),
    );
}

/** What `access-keys create` and `service-accounts keys create` have in common. */
export function withKeyOptions(command: Command, ...lines: readonly string[]): Command {
  return command
    .argument('<name>', 'what it is for: lists and journals show it')
    .requiredOption('--permissions <set>', `${SETS.join(', ')}, or a list with commas`)
    .option('--module <name>', 'only for this module; may be repeated', collect, [])
    .option('--environment <name>', 'only in this environment; may be repeated', collect, [])
    .option('--network <network>', 'good from here only; may be repeated', collect, [])
    .option('--metadata <name=value>', 'a note; may be repeated', collect, [])
    .option('--rate <number>', 'at most this many requests a minute')
    .option('--days <number>', 'until it ends: 1 to 365 (90)')
    .addHelpText('after', examples(...lines));
}

export function keyOf(name: string, options: KeyOptions): NewKey {
  const { permissions, module, environment, network, metadata, rate, days } = options;
  const named = SETS.includes(permissions) ? permissions : permissions.split(',');
  return {
    name,
    permissions: named as NewKey['permissions'],
    modules: module.length > 0 ? [...module] : null,
    environments: environment.length > 0 ? [...environment] : null,
    allowedNetworks: [...network],
    metadata: readTexts(metadata, '--metadata'),
    ...(rate === undefined
      ? {}
      : { requestsPerMinute: wholeNumber(rate, '--rate', MOST_A_MINUTE) }),
    ...(days === undefined ? {} : { expiresInDays: wholeNumber(days, '--days', 365) }),
  };
}

export function tellCreated(cli: Cli, key: CreatedAccessKey): void {
  cli.terminal.result(key, createdKeyLines(key, cli.terminal.style.isUtc));
}

function wholeNumber(text: string, option: string, most: number): number {
  if (/^\d{1,6}$/.test(text) && Number(text) <= most) return Number(text);
  throw new CliError(`${option} is a whole number, at most ${most}.`);
}

function keysOf({ api }: Tidegate) {
  return itemsOf((query) => answer(api.GET('/api/v1/access-keys', { params: { query } })));
}

/** Names are used again: of those that have ended nobody means one. */
async function* goodKeysOf(client: Tidegate) {
  for await (const key of keysOf(client)) if (key.state === 'good') yield key;
}
