import type { Command } from 'commander';
import { answer, type Tidegate } from '#sdk';
import { type Actions, type Cli, examples } from '../cli.js';
import { printable } from '../display/printable.js';
import { CliError } from '../exit-codes.js';

/** `nodes=50`, `nodes=none`; what was said before stays. */
export function quotaOf(
  text: string,
  before: Record<string, number | null>,
): Record<string, number | null> {
  const [, key, value] = /^([A-Za-z]+)=(\d+|none)$/.exec(text) ?? [];
  if (key === undefined || value === undefined) {
    throw new CliError(`"${text}" is no quota: write nodes=50, or nodes=none for no limit.`);
  }
  return { ...before, [key]: value === 'none' ? null : Number(value) };
}

/** What tiers let tenants use: for admins of the platform. */
export function addTierCommands(program: Command, { act }: Actions): void {
  const tiers = program
    .command('tiers')
    .description('What tenants may use: for admins of the platform.');
  tiers
    .command('list')
    .description('List tiers with their quotas; "-" is without a limit.')
    .addHelpText('after', examples('tidegate tiers list'))
    .action(
      act(async (cli) => {
        const { api } = await cli.connect();
        const { items } = await answer(api.GET('/api/v1/tiers'));
        const keys = Object.keys(items[0]?.quotas ?? {}) as (keyof Tier['quotas'])[];
        const rows = items.map(({ id, rateMultiplier, quotas }) => [
          id,
          String(rateMultiplier),
          ...keys.map((key) => String(quotas[key] ?? '-')),
        ]);
        cli.terminal.list({ items }, ['TIER', 'RATE', ...keys], rows);
      }),
    );
  tiers
    .command('get')
    .description('Show a tier.')
    .argument('<tier>')
    .addHelpText('after', examples('tidegate tiers get starter'))
    .action(
      act(async (cli, id: string) => {
        tell(cli, await tierOf(await cli.connect(), id));
      }),
    );
  addChanges(tiers, { act });
}

interface ChangeOptions {
  readonly name?: string;
  readonly rate?: string;
  readonly quota: Record<string, number | null>;
}

function addChanges(tiers: Command, { act }: Actions): void {
  const withRules = (command: Command) =>
    command
      .option('--name <name>', 'as people read it')
      .option('--rate <number>', 'what rate limits are multiplied by')
      .option('--quota <key=number>', 'again for each; "none" is no limit', quotaOf, {});
  withRules(
    tiers
      .command('create')
      .description('Make a tier like another one, but for what is said.')
      .argument('<tier>', 'its id')
      .requiredOption('--like <tier>', 'whose quotas it has where none is said'),
  )
    .addHelpText('after', examples('tidegate tiers create trial --like free --quota nodes=2'))
    .action(
      act(async (cli, id: string, options: ChangeOptions & { like: string }) => {
        const client = await cli.connect();
        const like = await tierOf(client, options.like);
        const body = { id, ...changed(like, { ...options, name: options.name ?? id }) };
        tell(cli, await answer(client.api.POST('/api/v1/tiers', { body })));
      }),
    );
  withRules(
    tiers
      .command('change')
      .description('Change a tier, for all tenants that have it.')
      .argument('<tier>'),
  )
    .addHelpText('after', examples('tidegate tiers change starter --quota nodes=40 --rate 2'))
    .action(
      act(async (cli, id: string, options: ChangeOptions) => {
        const client = await cli.connect();
        const before = await tierOf(client, id);
        const headers = { 'if-match': `"${before.version}"` };
        const call = { params: { path: { id } }, headers, body: changed(before, options) };
        tell(cli, await answer(client.api.PUT('/api/v1/tiers/{id}', call)));
      }),
    );
  tiers
    .command('delete')
    .description('Delete a tier that no tenant has.')
    .argument('<tier>')
    .addHelpText('after', examples('tidegate tiers delete trial'))
    .action(
      act(async (cli, id: string) => {
        const { api } = await cli.connect();
        await api.DELETE('/api/v1/tiers/{id}', { params: { path: { id } } });
        cli.terminal.result({ id, deleted: true }, ['Deleted.']);
      }),
    );
}

const tierOf = ({ api }: Tidegate, id: string) =>
  answer(api.GET('/api/v1/tiers/{id}', { params: { path: { id } } }));

type Tier = Awaited<ReturnType<typeof tierOf>>;

function changed(before: Tier, { name, rate, quota }: ChangeOptions) {
  const rateMultiplier = rate === undefined ? before.rateMultiplier : Number(rate);
  return {
    name: name ?? before.name,
    rateMultiplier,
    quotas: { ...before.quotas, ...quota },
  };
}

function tell(cli: Cli, tier: Tier): void {
  const quotas = Object.entries(tier.quotas).map(([key, value]) => `  ${key}: ${value ?? '-'}`);
  const head = `${tier.name} (${tier.id}), rate limits × ${tier.rateMultiplier}`;
  cli.terminal.result(tier, [head, ...quotas].map(printable));
}
