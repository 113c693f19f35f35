import type { Command } from 'commander';
import { answer, type components } from '#sdk';
import { countOf, filterOf, type FilterOptions, withFilters } from '../audit/filter-options.js';
import { entryLines } from '../audit/entry-lines.js';
import { examples, type Actions, type Cli } from '../cli.js';
import { printable } from '../display/printable.js';
import { timeText } from '../display/times.js';
import { itemsOf, listOf } from '../pages.js';

type Entry = components['schemas']['AuditEntry'];

interface ListOptions extends FilterOptions {
  readonly limit: string;
  readonly all?: boolean;
}

const ID = '019a7f3e-4000-7aaa-8bbb-0123456789ab';

export function addAuditEntries(audit: Command, { act }: Actions): void {
  withFilters(audit.command('list').description('List entries, newest first; filters combine.'))
    .option('--limit <count>', 'how many at most', '50')
    .option('--all', 'all that there are; with --json a line for each')
    .addHelpText(
      'after',
      examples(
        'tidegate audit list --since 2h',
        'tidegate audit list --outcome denied --since 2026-11-01T00:00Z --until 2026-12-01T00:00Z',
        `tidegate audit list --deployment ${ID}`,
        'tidegate audit list --action audit-log-read --all --json',
      ),
    )
    .action(act(list));
  audit
    .command('show')
    .description('Show all that an entry says.')
    .argument('<entry>', 'its id')
    .addHelpText('after', examples(`tidegate audit show ${ID}`))
    .action(
      act(async (cli, id: string) => {
        const { api } = await cli.connect();
        const path = '/api/v1/audit-logs/{id}';
        const entry = await answer(api.GET(path, { params: { path: { id } } }));
        const { details, ...known } = entry;
        const { isUtc } = cli.terminal.style;
        cli.terminal.result(entry, entryLines({ ...known, body: details }, isUtc));
      }),
    );
}

async function list(cli: Cli, { limit, all = false, ...options }: ListOptions): Promise<void> {
  const filter = filterOf(options, Date.now());
  const most = all ? Infinity : countOf(limit, '--limit');
  const { api } = await cli.connect();
  const { since, until, ...names } = filter;
  const times = { ...(since ? { from: since } : {}), ...(until ? { to: until } : {}) };
  const read = (page: { limit: number; cursor?: string }) =>
    answer(api.GET('/api/v1/audit-logs', { params: { query: { ...names, ...times, ...page } } }));
  const items = itemsOf<Entry>(read, most);
  if (all) return listAll(cli, items);
  const entries = await listOf(items);
  const rows = entries.map((each) => rowOf(each, cli));
  cli.terminal.list({ items: entries }, HEADS, rows);
}

/** As they come: there may be more than anybody holds. */
async function listAll({ terminal, ...cli }: Cli, items: AsyncIterable<Entry>): Promise<void> {
  for await (const entry of items) {
    if (terminal.options.isJson) terminal.jsonLine(entry);
    else
      terminal.lines([
        rowOf(entry, { terminal, ...cli })
          .map(printable)
          .join('  '),
      ]);
  }
}

const HEADS = ['SEQUENCE', 'AT', 'OUTCOME', 'ACTION', 'WHO', 'WHAT', 'ID'];

function rowOf(entry: Entry, { terminal }: Cli): string[] {
  const { sequence, at, outcome, action, actor, subject, id } = entry;
  return [
    sequence === null ? '-' : String(sequence),
    timeText(at, terminal.style.isUtc),
    outcome,
    action,
    actor.name,
    `${subject.kind} ${subject.id}`,
    id,
  ];
}
