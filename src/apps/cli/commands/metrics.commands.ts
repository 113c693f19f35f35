import { counted } from '../../../kernel/counted.js';
import { type Command, Option } from 'commander';
import { answer, type components } from '#sdk';
import { examples, type Actions, type Cli } from '../cli.js';
import { printable } from '../display/printable.js';
import { table } from '../display/table.js';
import { durationMs, timeText } from '../display/times.js';
import { idOf, itemsOf } from '../pages.js';

type Metrics = components['schemas']['ClusterMetrics'];
type Series = components['schemas']['MetricSeries'];
type Gate = components['schemas']['GateChart'];

interface WindowOptions {
  readonly from?: string;
  readonly to?: string;
  readonly step?: string;
  readonly by?: 'node' | 'release';
}

const ID = '0199a3c2-7d1e-7c4a-9d55-0f6f3b1c2a10';

function withWindow(command: Command): Command {
  return command
    .option('--from <time>', 'RFC 3339')
    .option('--to <time>', 'RFC 3339')
    .option('--step <duration>', 'of one figure, for example 15s')
    .addOption(
      new Option('--by <what>', 'a line for each node, or one for each release').choices([
        'node',
        'release',
      ]),
    );
}

/** Shows the last figure of each series; all of them are in --json. */
export function addClusterMetrics(clusters: Command, { act }: Actions): void {
  withWindow(
    clusters
      .command('metrics')
      .description('Show what the nodes do: the last figures, or with --json all of them.')
      .argument('<cluster>', 'name or id')
      .option('--environment <name>', 'when several have a cluster of this name')
      .option('--module <name>'),
  )
    .addHelpText(
      'after',
      examples(
        'tidegate clusters metrics eu-1',
        'tidegate clusters metrics eu-1 --module payments --by release --step 1m --json',
      ),
    )
    .action(
      act(
        async (
          cli,
          nameOrId: string,
          options: WindowOptions & { readonly environment?: string; readonly module?: string },
        ) => {
          const { api } = await cli.connect();
          const { environment, module } = options;
          const clusters = itemsOf((page) =>
            answer(api.GET('/api/v1/clusters', { params: { query: { ...page, environment } } })),
          );
          const id = await idOf('cluster', nameOrId, clusters);
          const query = { ...windowOf(options), module };
          const told = await answer(
            api.GET('/api/v1/clusters/{id}/metrics', { params: { path: { id }, query } }),
          );
          cli.terminal.result(told, linesOf(cli, told));
        },
      ),
    );
}

export function addDeploymentMetrics(deployments: Command, { act }: Actions): void {
  withWindow(
    deployments
      .command('metrics')
      .description('Show what its nodes do and what its gates read, beside their limits.')
      .argument('<id>'),
  )
    .addHelpText('after', examples(`tidegate deployments metrics ${ID} --by release`))
    .action(
      act(async (cli, id: string, options: WindowOptions) => {
        const { api } = await cli.connect();
        const query = windowOf(options);
        const told = await answer(
          api.GET('/api/v1/deployments/{id}/metrics', { params: { path: { id }, query } }),
        );
        const gates = told.gates.flatMap((gate) => [
          '',
          ...gateLines(gate, cli.terminal.style.columns),
        ]);
        cli.terminal.result(told, [...linesOf(cli, told), ...gates]);
      }),
    );
}

function windowOf({ from, to, step, by }: WindowOptions) {
  return { from, to, by, stepMs: step === undefined ? undefined : durationMs(step) };
}

function linesOf(cli: Cli, { series, leftOut, to }: Metrics): string[] {
  if (series.length === 0) return ['No node has reported anything in this time.'];
  const { columns, isUtc } = cli.terminal.style;
  const heads = ['MODULE', 'VERSION', 'NODE', 'REQUESTS/S', 'ERRORS', 'P95', 'CPU', 'MEMORY'];
  const more = leftOut > 0 ? [`${counted(leftOut, 'line')} with fewer requests left out.`] : [];
  return [
    ...table(heads, series.map(rowOf), columns),
    ...more,
    `Last figures before ${timeText(to, isUtc)}.`,
  ];
}

function rowOf(series: Series): string[] {
  return [
    series.module,
    series.version,
    series.node ?? `${series.nodes} together`,
    last(series.requestsPerSecond, ''),
    last(series.errorPercent, ' %'),
    last(series.p95Ms, ' ms'),
    last(series.cpuCores, ''),
    last(series.memoryMiB, ' MiB'),
  ];
}

function gateLines(gate: Gate, columns: number): string[] {
  const isPercent = gate.unit === 'percent';
  const rows = [
    ['errors', ' %', gate.errorPercent],
    ['p95', ' ms', gate.latencyMs],
    ['CPU', isPercent ? ' %' : '', gate.cpu],
    ['memory', isPercent ? ' %' : ' MiB', gate.memory],
  ] as const;
  return [
    printable(`${gate.step}: ${gate.verdict}, ${counted(gate.polls, 'poll')}`),
    ...table(
      ['', 'LAST', 'BASELINE', 'LIMIT'],
      rows.map(([name, unit, { value, baseline, limit }]) => [
        name,
        last(value, unit),
        last(baseline, unit),
        last(limit, unit),
      ]),
      columns,
    ),
  ];
}

/** The last that somebody knows. */
function last(figures: readonly (number | null)[], unit: string): string {
  const found = figures.findLast((figure) => figure !== null);
  return found === undefined || found === null ? '-' : `${Math.round(found * 100) / 100}${unit}`;
}
