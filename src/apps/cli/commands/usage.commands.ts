import { Option, type Command } from 'commander';
import { answer, type components } from '#sdk';
import { examples, type Actions, type Cli } from '../cli.js';
import { table } from '../display/table.js';
import { timeText } from '../display/times.js';

type Usage = components['schemas']['Usage'];
type PlatformUsage = components['schemas']['PlatformUsage'];
type Amounts = Usage['totals'];

const GROUPINGS = ['day', 'module', 'environment', 'detail'] as const;
const AMOUNT_HEADS = ['DEPLOYMENTS', 'REQUESTS', 'FAILED', 'SENT'];
const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

interface UsageOptions {
  readonly from?: string;
  readonly to?: string;
  readonly by: (typeof GROUPINGS)[number];
  readonly tenantId?: string;
  readonly allTenants?: boolean;
  readonly csv?: boolean;
}

/** What the tenant may use, what it has used, and for platform admins what others have. */
export function addUsageCommands(program: Command, { act }: Actions): void {
  program
    .command('usage')
    .description('Show what was used: deployments, requests, bytes, and what they cost.')
    .option('--from <day>', 'the first day in UTC, like 2026-11-01; else the first of the month')
    .option('--to <day>', 'the last day, which is included; else today')
    .addOption(new Option('--by <what>', 'a row for each').choices(GROUPINGS).default('day'))
    .option('--tenant-id <id>', 'of that tenant: for platform admins')
    .option('--all-tenants', 'the tenants that have used most: for platform admins')
    .option('--csv', 'comma-separated values')
    .addHelpText(
      'after',
      examples(
        'tidegate usage',
        'tidegate usage --from 2026-10-01 --to 2026-10-31 --by module --csv > october.csv',
        'tidegate usage --all-tenants --json',
      ),
    )
    .action(act((cli, options: UsageOptions) => showUsage(cli, options)));
  program
    .command('quotas')
    .description('Show how much of each quota is used, and what its limit is.')
    .option('--csv', 'comma-separated values')
    .addHelpText('after', examples('tidegate quotas', 'tidegate quotas --json'))
    .action(act((cli, { csv = false }: { csv?: boolean }) => showQuotas(cli, csv)));
}

async function showUsage(cli: Cli, options: UsageOptions): Promise<void> {
  const { from, to, by, tenantId, allTenants, csv } = options;
  const { api } = await cli.connect();
  const format = csv ? ('csv' as const) : ('json' as const);
  const parseAs = csv ? ('text' as const) : ('json' as const);
  const days = { ...(from ? { from } : {}), ...(to ? { to } : {}), format };
  if (allTenants) {
    const params = { query: days };
    const usage = await answer(api.GET('/api/v1/platform/usage', { params, parseAs }));
    return tell(cli, usage, () =>
      platformLines(usage as PlatformUsage, cli.terminal.style.columns),
    );
  }
  const query = { ...days, by };
  const usage = tenantId
    ? await answer(
        api.GET('/api/v1/tenants/{id}/usage', {
          params: { path: { id: tenantId }, query },
          parseAs,
        }),
      )
    : await answer(api.GET('/api/v1/usage', { params: { query }, parseAs }));
  tell(cli, usage, () => usageLines(usage as Usage, cli.terminal.style.columns));
}

async function showQuotas(cli: Cli, csv: boolean): Promise<void> {
  const { api } = await cli.connect();
  const query = { format: csv ? ('csv' as const) : ('json' as const) };
  const parseAs = csv ? ('text' as const) : ('json' as const);
  const found = await answer(api.GET('/api/v1/quotas', { params: { query }, parseAs }));
  tell(cli, found, () => {
    const { quotas } = found as components['schemas']['Quotas'];
    const { isUtc } = cli.terminal.style;
    const rows = quotas.map(({ quota, use, limit, percent, resetsAt }) => {
      const text = (count: number) => (quota.endsWith('Bytes') ? bytesText(count) : String(count));
      return [
        quota,
        text(use),
        limit === null ? 'none' : text(limit),
        percent === null ? '-' : `${percent} %`,
        resetsAt === null ? '-' : timeText(resetsAt, isUtc),
      ];
    });
    const heads = ['QUOTA', 'USED', 'LIMIT', 'SHARE', 'RESETS'];
    return table(heads, rows, cli.terminal.style.columns);
  });
}

/** Comma-separated values are texts, and written as they came. */
function tell({ terminal }: Cli, found: unknown, lines: () => string[]): void {
  if (typeof found === 'string') terminal.streams.stdout.write(found);
  else terminal.result(found, terminal.options.isJson ? [] : lines());
}

function usageLines(
  { from, to, rows, totals, storedBytes, cost }: Usage,
  columns: number,
): string[] {
  const heads = ['DAY', 'MODULE', 'ENVIRONMENT', ...AMOUNT_HEADS];
  const cells = rows.map(({ day, module, environment, ...amounts }) => [
    day || '-',
    module || '-',
    environment || '-',
    ...amountCells(amounts),
  ]);
  return [
    ...table(heads, [...cells, ['all', '', '', ...amountCells(totals)]], columns),
    '',
    `${from} to ${to}. Artifacts hold ${bytesText(storedBytes)}.`,
    ...(cost ? [`It costs ${cost.total} ${cost.currency}.`] : []),
  ];
}

function platformLines({ from, to, tenants, totals }: PlatformUsage, columns: number): string[] {
  const cells = tenants.map(({ slug, ...amounts }) => [slug, ...amountCells(amounts)]);
  return [
    ...table(['TENANT', ...AMOUNT_HEADS], [...cells, ['all', ...amountCells(totals)]], columns),
    '',
    `${from} to ${to}.`,
  ];
}

function amountCells({ deployments, requests, failures, sentBytes }: Amounts): string[] {
  return [String(deployments), String(requests), String(failures), bytesText(sentBytes)];
}

/** Powers of a thousand, as limits are sold. */
function bytesText(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 1_000 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${Number(value.toFixed(unit === 0 ? 0 : 1))} ${UNITS[unit]}`;
}
