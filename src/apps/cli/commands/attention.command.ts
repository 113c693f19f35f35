import { type Command, Option } from 'commander';
import { answer, type components } from '#sdk';
import { examples, type Actions, type Cli } from '../cli.js';
import { printable } from '../display/printable.js';
import { table } from '../display/table.js';
import { timeText } from '../display/times.js';
import { countOf, itemsOf, listOf } from '../pages.js';

type Item = components['schemas']['AttentionItem'];

interface Options {
  readonly kind?: string;
  readonly environment?: string;
  readonly module?: string;
  readonly mine?: boolean;
  readonly oldest?: boolean;
  readonly count?: boolean;
  readonly limit: string;
}

/** What waits for a person, wherever it is. */
export function addAttentionCommand(program: Command, { act }: Actions): void {
  program
    .command('attention')
    .description('What needs a person, over all environments, and the command that unblocks it.')
    .option('--kind <kinds>', 'only these, with commas between: approval,gate,node-lost')
    .option('--environment <name>')
    .option('--module <name>')
    .option('--mine', 'only what you could unblock yourself')
    .option('--oldest', 'what has waited longest first')
    .addOption(new Option('--count', 'how many of each kind').conflicts(['kind', 'mine', 'oldest']))
    .option('--limit <count>', 'how many at most', '50')
    .addHelpText(
      'after',
      examples(
        'tidegate attention',
        'tidegate attention --mine --oldest',
        'tidegate attention --kind approval,break-glass --environment Production',
        'tidegate attention --count',
      ),
    )
    .action(
      act((cli, options: Options) => (options.count ? counts(cli, options) : list(cli, options))),
    );
}

async function list(cli: Cli, options: Options): Promise<void> {
  const most = countOf(options.limit);
  const { kind, environment, module, mine, oldest } = options;
  const { api } = await cli.connect();
  const filter = {
    kind,
    environment,
    module,
    mine: mine ? ('true' as const) : undefined,
    sort: oldest ? ('since' as const) : undefined,
  };
  const items = await listOf(
    itemsOf(
      (page) => answer(api.GET('/api/v1/attention', { params: { query: { ...page, ...filter } } })),
      most,
    ),
  );
  const { isUtc } = cli.terminal.style;
  const lines = items.flatMap((item) => linesOf(item, isUtc));
  cli.terminal.result({ items }, items.length > 0 ? lines : ['Nothing needs a person.']);
}

function linesOf(item: Item, isUtc: boolean): string[] {
  const { kind, environment, cluster, module, version, node, since, until, detail } = item;
  const what = [module, version, node && `node ${node}`].filter(Boolean).join(' ');
  const where = environment === null ? 'everywhere' : `${environment}/${cluster ?? ''}`;
  const times = `since ${timeText(since, isUtc)}${until === null ? '' : `, until ${timeText(until, isUtc)}`}`;
  const own = item.verbs.find(({ may }) => may);
  return [
    [kind, where, what, times].filter((part) => part !== '').join('  '),
    `  ${detail}`,
    own ? `  to unblock it: ${own.command}` : `  it waits for ${item.who}`,
  ].map(printable);
}

async function counts(cli: Cli, { environment, module }: Options): Promise<void> {
  const { api } = await cli.connect();
  const query = { environment, module };
  const told = await answer(api.GET('/api/v1/attention/counts', { params: { query } }));
  const rows = Object.entries(told.kinds)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => [kind, String(count)]);
  const lines =
    rows.length > 0
      ? table(['KIND', 'COUNT'], rows, cli.terminal.style.columns)
      : ['Nothing needs a person.'];
  cli.terminal.result(told, lines);
}
