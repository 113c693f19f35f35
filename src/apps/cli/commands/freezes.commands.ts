import type { Command } from 'commander';
import { answer, type components, type Tidegate } from '#sdk';
import { examples, type Actions, type Cli } from '../cli.js';
import { printable } from '../display/printable.js';
import { timeText } from '../display/times.js';
import { momentOf, windowOf, type WindowOptions } from '../freeze-window.js';
import { collect, readTexts } from '../parameters.js';
import { idOf } from '../pages.js';

type Freeze = components['schemas']['Freeze'];
type Verb = NonNullable<components['schemas']['FreezeRules']['verbs']>[number];

interface PlaceOptions {
  readonly environment?: string;
  readonly module?: string;
}

interface CreateOptions extends WindowOptions {
  readonly reason: string;
  readonly environment: readonly string[];
  readonly module: readonly string[];
  readonly label: readonly string[];
  readonly verbs?: string;
}

/** Times in which nothing starts. */
export function addFreezeCommands(program: Command, { act }: Actions): void {
  const freezes = program.command('freezes').description('Times in which nothing starts.');
  freezes
    .command('list')
    .description('List freezes, with the window that is on and the next one.')
    .option('--at <time>', 'those only that are on then: 2026-12-24T12:00Z')
    .option('--environment <name>', 'those that count there')
    .option('--module <name>', 'those that count for it')
    .addHelpText(
      'after',
      examples('tidegate freezes list', 'tidegate freezes list --environment Production'),
    )
    .action(act((cli, options: PlaceOptions & { readonly at?: string }) => list(cli, options)));
  freezes
    .command('calendar')
    .description('Show when it is frozen: each window of each freeze.')
    .option('--from <time>', 'now by default')
    .option('--to <time>', '30 days later by default')
    .option('--environment <name>', 'those that count there')
    .option('--module <name>', 'those that count for it')
    .addHelpText(
      'after',
      examples(
        'tidegate freezes calendar --environment Production',
        'tidegate freezes calendar --from 2026-12-01T00:00Z --to 2027-01-31T00:00Z',
      ),
    )
    .action(act((cli, options: CalendarOptions) => calendar(cli, options)));
  addChanges(freezes, { act });
}

function addChanges(freezes: Command, { act }: Actions): void {
  freezes
    .command('create')
    .description('Freeze once, or again and again.')
    .argument('<name>')
    .requiredOption('--reason <text>', 'whoever has to wait reads it')
    .option('--environment <name>', 'where; again for each, all by default', collect, [])
    .option('--module <name>', 'for what; again for each, all by default', collect, [])
    .option('--label <name=value>', 'in environments that bear it; again for each', collect, [])
    .option('--verbs <list>', 'create, approve, start, promote, rollback; start,promote by default')
    .option('--from <time>', 'once: 2026-12-20T18:00Z')
    .option('--to <time>', 'once: 2027-01-03T18:00Z')
    .option('--every <days>', 'day, weekday, fri, "second tue", or a rule of RFC 5545')
    .option('--first <date>', 'the first day of --every: today by default')
    .option('--at <time>', 'when each begins, by the clock there: 16:00')
    .option('--for <duration>', 'how long each lasts: 2d16h')
    .option('--zone <name>', 'where that clock is: Europe/Berlin')
    .addHelpText(
      'after',
      examples(
        'tidegate freezes create Christmas --reason "Nobody is there." --environment Production --from 2026-12-20T18:00Z --to 2027-01-03T18:00Z',
        'tidegate freezes create Weekends --reason "Nobody is there." --every fri --at 16:00 --for 2d16h --zone Europe/Berlin',
        'tidegate freezes create Patches --reason "Servers restart." --every "second tue" --at 20:00 --for 4h --zone UTC',
      ),
    )
    .action(act((cli, name: string, options: CreateOptions) => create(cli, name, options)));
  freezes
    .command('delete')
    .description('End a freeze at once, with all its windows to come.')
    .argument('<freeze>', 'name or id')
    .addHelpText('after', examples('tidegate freezes delete Christmas'))
    .action(
      act(async (cli, nameOrId: string) => {
        const client = await cli.connect();
        const id = await freezeIdOf(client, nameOrId);
        await client.api.DELETE('/api/v1/freezes/{id}', { params: { path: { id } } });
        cli.terminal.result({ id, deleted: true }, ['Ended. What has waited for it goes on.']);
      }),
    );
  freezes
    .command('override')
    .description('Let one deployment pass despite all freezes.')
    .argument('<deployment>', 'its id')
    .requiredOption('--reason <text>', 'it stays in the audit log')
    .addHelpText(
      'after',
      examples(
        'tidegate freezes override 0199a3c2-7d1e-7c4a-9d55-0f6f3b1c2a10 --reason "mends the outage"',
      ),
    )
    .action(
      act(async (cli, id: string, { reason }: { readonly reason: string }) => {
        const { api } = await cli.connect();
        const call = { params: { path: { id } }, body: { reason } };
        const passed = await answer(api.POST('/api/v1/deployments/{id}/override-freeze', call));
        cli.terminal.result(passed, [printable(`It may start, by ${passed.by}.`)]);
      }),
    );
}

async function list(
  cli: Cli,
  { at, environment, module }: PlaceOptions & { readonly at?: string },
): Promise<void> {
  const { api } = await cli.connect();
  const query = {
    ...placeOf({ environment, module }),
    ...(at === undefined ? {} : { at: momentOf(at, '--at') }),
  };
  const { items } = await answer(api.GET('/api/v1/freezes', { params: { query } }));
  const { isUtc } = cli.terminal.style;
  const rows = items.map((freeze) => [
    freeze.name,
    whereOf(freeze),
    freeze.verbs.join(', '),
    freeze.current ? `until ${endOf(freeze.current, isUtc)}` : '',
    freeze.next ? timeText(freeze.next.from, isUtc) : '',
  ]);
  cli.terminal.list({ items }, ['NAME', 'WHERE', 'NOT ALLOWED', 'NOW', 'NEXT'], rows);
}

interface CalendarOptions extends PlaceOptions {
  readonly from?: string;
  readonly to?: string;
}

async function calendar(
  cli: Cli,
  { from, to, environment, module }: CalendarOptions,
): Promise<void> {
  const { api } = await cli.connect();
  const query = {
    ...placeOf({ environment, module }),
    ...(from === undefined ? {} : { from: momentOf(from, '--from') }),
    ...(to === undefined ? {} : { to: momentOf(to, '--to') }),
  };
  const { items } = await answer(api.GET('/api/v1/freezes/calendar', { params: { query } }));
  const { isUtc } = cli.terminal.style;
  const rows = items.map((each) => [
    timeText(each.from, isUtc),
    timeText(each.to, isUtc),
    each.name,
    whereOf(each),
  ]);
  cli.terminal.list({ items }, ['FROM', 'TO', 'FREEZE', 'WHERE'], rows);
}

async function create(cli: Cli, name: string, options: CreateOptions): Promise<void> {
  const { reason, environment, module, label, verbs } = options;
  const body = {
    name,
    reason,
    environments: [...environment],
    modules: [...module],
    labels: readTexts(label, '--label'),
    window: windowOf(options, new Date().toISOString().slice(0, 10)),
    ...(verbs === undefined ? {} : { verbs: verbs.split(',').map((verb) => verb.trim() as Verb) }),
  };
  const { api } = await cli.connect();
  const freeze = await answer(api.POST('/api/v1/freezes', { body }));
  const { isUtc } = cli.terminal.style;
  cli.terminal.result(
    freeze,
    [
      `"${freeze.name}" freezes ${whereOf(freeze)}: no ${freeze.verbs.join(', ')}.`,
      ...(freeze.current ? [`It is on until ${endOf(freeze.current, isUtc)}.`] : []),
      ...(freeze.next ? [`Next: ${timeText(freeze.next.from, isUtc)}.`] : []),
    ].map(printable),
  );
}

function placeOf({ environment, module }: PlaceOptions): PlaceOptions {
  return {
    ...(environment === undefined ? {} : { environment }),
    ...(module === undefined ? {} : { module }),
  };
}

function whereOf({ environments, modules }: Pick<Freeze, 'environments' | 'modules'>): string {
  const of = modules.length > 0 ? `${modules.join(', ')} in ` : '';
  return `${of}${environments.length > 0 ? environments.join(', ') : 'all environments'}`;
}

const endOf = ({ to }: { readonly to: string | null }, isUtc: boolean) =>
  to === null ? 'somebody ends it' : timeText(to, isUtc);

function freezeIdOf({ api }: Tidegate, nameOrId: string): Promise<string> {
  return idOf('freeze', nameOrId, freezesOf(api));
}

async function* freezesOf(api: Tidegate['api']): AsyncGenerator<Freeze> {
  const { items } = await answer(api.GET('/api/v1/freezes', { params: { query: {} } }));
  yield* items;
}
