import type { Command } from 'commander';
import { answer, type components, type Tidegate } from '#sdk';
import { type Actions, type Cli, examples } from '../cli.js';
import { printable } from '../display/printable.js';
import { timeText } from '../display/times.js';
import { itemsOf } from '../pages.js';
import { levelOptions, type LevelOptions, levelOf } from './settings-level.js';

type Setting = components['schemas']['Setting'];

interface ListOptions {
  readonly environment?: string;
  readonly prefix?: string;
  readonly set?: boolean;
}

const HISTORY_LINES = 20;

export function addSettingsCommands(program: Command, { act }: Actions): void {
  const settings = program
    .command('settings')
    .description('What can be changed while everything runs (docs/settings.md).');
  settings
    .command('list')
    .description('List the settings with what counts here, and where it comes from.')
    .option('--environment <name>', 'what counts in this environment')
    .option('--prefix <text>', 'only keys that begin so')
    .option('--set', 'only what is not at its default')
    .addHelpText(
      'after',
      examples('tidegate settings list', 'tidegate settings list --set --environment QA'),
    )
    .action(act((cli, options: ListOptions) => list(cli, options)));
  levelOptions(settings.command('get'))
    .description('Show a setting: its value, where it comes from, and every level.')
    .argument('<key>')
    .addHelpText(
      'after',
      examples('tidegate settings get deployments.queued-per-slot --environment QA'),
    )
    .action(
      act(async (cli, key: string, options: LevelOptions) => {
        const { api } = await cli.connect();
        tell(cli, await read(api, key, options));
      }),
    );
  levelOptions(settings.command('set'))
    .description('Set it at a level. The value is JSON, or a word.')
    .argument('<key>')
    .argument('<value>')
    .option('--reason <text>', 'why, for whoever reads the change log')
    .addHelpText(
      'after',
      examples(
        'tidegate settings set deployments.on-conflict supersede',
        'tidegate settings set gates.stabilization.limit-error-basis-points 50 --environment Production --reason "launch week"',
      ),
    )
    .action(
      act((cli, key: string, value: string, options: SetOptions) => set(cli, key, value, options)),
    );
  levelOptions(settings.command('unset'))
    .description('Take it back at a level: the level above counts then.')
    .argument('<key>')
    .addHelpText('after', examples('tidegate settings unset deployments.on-conflict'))
    .action(act((cli, key: string, options: LevelOptions) => unset(cli, key, options)));
  levelOptions(settings.command('history'))
    .description('Show who has changed a setting, from what to what and why; newest first.')
    .argument('<key>')
    .addHelpText('after', examples('tidegate settings history deployments.queued-per-slot'))
    .action(act((cli, key: string, options: LevelOptions) => history(cli, key, options)));
  settings
    .command('diff')
    .description('Show what is not at its default here; of two environments, what is different.')
    .argument('[environment]')
    .argument('[other]')
    .addHelpText(
      'after',
      examples('tidegate settings diff', 'tidegate settings diff QA Production'),
    )
    .action(act((cli, one?: string, other?: string) => diff(cli, one, other)));
}

type SetOptions = LevelOptions & { readonly reason?: string };

async function list(cli: Cli, { environment, prefix, set: onlySet }: ListOptions): Promise<void> {
  const { api } = await cli.connect();
  const query = {
    ...(environment === undefined ? {} : { environment }),
    ...(prefix === undefined ? {} : { prefix }),
    ...(onlySet ? { onlySet: 'true' as const } : {}),
  };
  const { items } = await answer(api.GET('/api/v1/settings', { params: { query } }));
  const rows = items.map(({ key, value, source, scopes }) => [
    key,
    textOf(value),
    source,
    scopes.join(', '),
  ]);
  cli.terminal.list({ items }, ['KEY', 'VALUE', 'FROM', 'LEVELS'], rows);
}

function read(api: Tidegate['api'], key: string, options: LevelOptions): Promise<Setting> {
  const params = { path: { key }, query: levelOf(options) };
  return answer(api.GET('/api/v1/settings/{key}', { params }));
}

async function set(cli: Cli, key: string, text: string, options: SetOptions): Promise<void> {
  const { api } = await cli.connect();
  const { version } = await read(api, key, options);
  const { reason } = options;
  const body = { value: valueOf(text), ...(reason === undefined ? {} : { reason }) };
  const params = { path: { key }, query: levelOf(options) };
  const headers = { 'if-match': `"${version}"` };
  tell(cli, await answer(api.PUT('/api/v1/settings/{key}', { params, body, headers })));
}

async function unset(cli: Cli, key: string, options: LevelOptions): Promise<void> {
  const { api } = await cli.connect();
  const { version } = await read(api, key, options);
  const params = { path: { key }, query: levelOf(options) };
  const headers = { 'if-match': `"${version}"` };
  tell(cli, await answer(api.DELETE('/api/v1/settings/{key}', { params, headers })));
}

async function history(cli: Cli, key: string, options: LevelOptions): Promise<void> {
  const { api } = await cli.connect();
  const changes = itemsOf((page) => {
    const params = { path: { key }, query: { ...page, ...levelOf(options) } };
    return answer(api.GET('/api/v1/settings/{key}/history', { params }));
  });
  const items = [];
  for await (const change of changes) {
    items.push(change);
    if (items.length === HISTORY_LINES) break;
  }
  const rows = items.map(
    ({ at, actor, scope, environment, wasSet, before, isSet, value, reason }) => [
      timeText(at, cli.terminal.style.isUtc),
      actor,
      environment ?? scope,
      `${wasSet ? textOf(before) : '-'} → ${isSet ? textOf(value) : '-'}`,
      reason ?? '',
    ],
  );
  cli.terminal.list({ items }, ['WHEN', 'WHO', 'LEVEL', 'CHANGE', 'WHY'], rows);
}

async function diff(cli: Cli, one?: string, other?: string): Promise<void> {
  const { api } = await cli.connect();
  const of = async (environment: string | undefined) => {
    const query = environment === undefined ? {} : { environment };
    return (await answer(api.GET('/api/v1/settings', { params: { query } }))).items;
  };
  const here = await of(one);
  const there = other === undefined ? undefined : await of(other);
  const items = here.flatMap(({ key, value, source }) => {
    const beside = there?.find((each) => each.key === key);
    const isSame = there ? textOf(beside?.value) === textOf(value) : source === 'default';
    if (isSame) return [];
    return [
      {
        key,
        value,
        source,
        ...(beside ? { other: beside.value, otherSource: beside.source } : {}),
      },
    ];
  });
  const rows = items.map(({ key, value, source, ...rest }) => [
    key,
    `${textOf(value)} (${source})`,
    ...(there ? [`${textOf(rest.other)} (${rest.otherSource})`] : []),
  ]);
  const head = ['KEY', one ?? 'HERE', ...(other === undefined ? [] : [other])];
  cli.terminal.list({ items }, head, rows);
}

function tell({ terminal }: Cli, setting: Setting): void {
  const { key, value, source, description, levels, mayOnlyTighten } = setting;
  const lines = levels.map(({ source: at, environment, value: set, isOverruled, changedBy }) =>
    [
      `  ${environment ?? at}`.padEnd(16),
      textOf(set),
      ...(isOverruled ? ['(looser than above: does not count)'] : []),
      ...(changedBy ? [`by ${changedBy}`] : []),
    ].join(' '),
  );
  const about = `${description}${mayOnlyTighten ? ' May only be tightened at a nearer level.' : ''}`;
  terminal.result(
    setting,
    [`${key} = ${textOf(value)} (${source})`, ...lines, about].map(printable),
  );
}

/** JSON where it is JSON; else the word itself. */
function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
