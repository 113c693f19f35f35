import type { Command } from 'commander';
import { answer, type paths } from '#sdk';
import { examples, type Actions, type Cli } from '../cli.js';
import { deploymentFacts, deploymentView } from '../display/deployment-view.js';
import { printable } from '../display/printable.js';
import { durationMs, timeText } from '../display/times.js';
import { CliError } from '../exit-codes.js';
import { follow } from '../follow.js';
import { followAll } from '../follow-all.js';
import { countOf, itemsOf, listOf } from '../pages.js';
import { addDeploymentMetrics } from './metrics.commands.js';
import { addReturns } from './returns.commands.js';
import { addVerbs } from './verbs.commands.js';

type Query = NonNullable<paths['/api/v1/deployments']['get']['parameters']['query']>;

interface ListOptions extends Pick<
  Query,
  'status' | 'environment' | 'cluster' | 'module' | 'kind' | 'from' | 'to' | 'text'
> {
  readonly by?: string;
  readonly release?: string;
  readonly sort?: NonNullable<Query['sort']>;
  readonly limit: string;
}

export function addDeploymentCommands(program: Command, { act }: Actions): void {
  const deployments = program.command('deployments').description('Deployments, past and present.');
  deployments
    .command('list')
    .description('List deployments, newest first.')
    .option('--status <statuses>', 'for example Running, or several: Failed,RolledBack')
    .option('--environment <name>')
    .option('--cluster <name>')
    .option('--module <name>')
    .option('--release <version>', 'of this version')
    .option('--kind <kinds>', 'deploy, rollback, retry, or several')
    .option('--by <name>', 'who has asked for it, as the list shows it')
    .option('--from <time>', 'asked for since, RFC 3339')
    .option('--to <time>', 'asked for before, RFC 3339')
    .option('--text <part>', 'in module, version, or who has asked for it')
    .option('--sort <order>', 'createdAt, finishedAt, module, …; with a minus it falls: -module')
    .option('--limit <count>', 'how many at most', '20')
    .addHelpText(
      'after',
      examples(
        'tidegate deployments list',
        'tidegate deployments list --status Running --module payments',
        'tidegate deployments list --status Failed,RolledBack --by key:ci --sort -finishedAt',
      ),
    )
    .action(act((cli, options: ListOptions) => list(cli, options)));
  deployments
    .command('show')
    .description('Show a deployment: its waves, the open gate, and what decided it.')
    .argument('<id>')
    .addHelpText(
      'after',
      examples('tidegate deployments show 0199a3c2-7d1e-7c4a-9d55-0f6f3b1c2a10'),
    )
    .action(act((cli, id: string) => show(cli, id)));
  deployments
    .command('watch')
    .description('Follow a deployment until it is over; the outcome is the exit code.')
    .argument('[id]')
    .option('--all', 'follow every deployment that you may read, until you stop it')
    .option('--timeout <duration>', 'stop watching after, for example, 30m')
    .addHelpText(
      'after',
      examples(
        'tidegate deployments watch 0199a3c2-7d1e-7c4a-9d55-0f6f3b1c2a10',
        'tidegate deployments watch --all --json',
      ),
    )
    .action(act(watch));
  deployments
    .command('log')
    .description('Show what the instance or hook that failed on a node has printed last.')
    .argument('<id>')
    .argument('[node]', 'its name or id; without it the one that failed last')
    .addHelpText(
      'after',
      examples('tidegate deployments log 0199a3c2-7d1e-7c4a-9d55-0f6f3b1c2a10 web-1'),
    )
    .action(act((cli, id: string, node?: string) => showLog(cli, id, node)));
  addVerbs(deployments, { act });
  addReturns(deployments, { act });
  addDeploymentMetrics(deployments, { act });
  program
    .command('explain')
    .description('Say why a deployment is where it is, and who can do what about it.')
    .argument('<id>')
    .addHelpText('after', examples('tidegate explain 0199a3c2-7d1e-7c4a-9d55-0f6f3b1c2a10'))
    .action(act((cli, id: string) => explain(cli, id)));
}

interface WatchOptions {
  readonly timeout?: string;
  readonly all?: true;
}

async function watch(cli: Cli, id: string | undefined, { timeout, all }: WatchOptions) {
  if ((id === undefined) === (all === undefined)) {
    throw new CliError('Name one deployment, or say --all.');
  }
  const timeoutMs = timeout === undefined ? null : durationMs(timeout);
  const tidegate = await cli.connect();
  if (id === undefined) return followAll(cli, tidegate, timeoutMs);
  return follow(cli, tidegate, id, { timeoutMs });
}

async function list(
  cli: Cli,
  { limit, by: requestedBy, release: version, ...filter }: ListOptions,
): Promise<void> {
  const most = countOf(limit);
  const { api } = await cli.connect();
  const items = await listOf(
    itemsOf(
      (page) =>
        answer(
          api.GET('/api/v1/deployments', {
            params: { query: { ...page, ...filter, requestedBy, version } },
          }),
        ),
      most,
    ),
  );
  const { isUtc } = cli.terminal.style;
  const heads = ['ID', 'MODULE', 'VERSION', 'TO', 'STATUS', 'BY', 'CREATED'];
  const rows = items.map((item) => [
    item.id,
    item.moduleName,
    item.version,
    `${item.targetEnvironment}/${item.cluster}`,
    item.status,
    item.requestedBy,
    timeText(item.createdAt, isUtc),
  ]);
  cli.terminal.list({ items }, heads, rows, 'No deployments.');
}

async function show(cli: Cli, id: string): Promise<void> {
  const { api } = await cli.connect();
  const deployment = await answer(
    api.GET('/api/v1/deployments/{id}', { params: { path: { id } } }),
  );
  const { style } = cli.terminal;
  cli.terminal.result(deployment, [
    ...deploymentView(deployment, style),
    ...deploymentFacts(deployment, style),
  ]);
}

async function showLog(cli: Cli, id: string, named: string | undefined): Promise<void> {
  const { api } = await cli.connect();
  const node = named ?? (await failedLast(cli, id));
  const log = await answer(
    api.GET('/api/v1/deployments/{id}/nodes/{node}/log', { params: { path: { id, node } } }),
  );
  const what = log.source.startsWith('hook-') ? log.source.replace('-', ' ') : 'instance';
  const when = timeText(log.at, cli.terminal.style.isUtc);
  cli.terminal.result(
    log,
    [
      `${log.node}, ${what}: ${log.code} (${when})`,
      ...(log.isCut ? ['  …'] : []),
      ...log.lines.map((line) => `  ${line}`),
    ].map(printable),
  );
}

async function failedLast(cli: Cli, id: string): Promise<string> {
  const { api } = await cli.connect();
  const told = await answer(
    api.GET('/api/v1/deployments/{id}/explain', { params: { path: { id } } }),
  );
  const [last] = told.failureLogs;
  if (last) return last.nodeId;
  throw new CliError('No node has sent the output of something that failed in this deployment.');
}

async function explain(cli: Cli, id: string): Promise<void> {
  const { api } = await cli.connect();
  const told = await answer(
    api.GET('/api/v1/deployments/{id}/explain', { params: { path: { id } } }),
  );
  const { isUtc } = cli.terminal.style;
  const { status, summary, waitingOn, verbs } = told;
  const isAsked = status === 'PendingApproval';
  cli.terminal.result(
    told,
    [
      `${status}: ${summary}`,
      ...(waitingOn
        ? [`  since ${timeText(waitingOn.since, isUtc)}${untilText(waitingOn.until, isUtc)}`]
        : []),
      ...(isAsked ? [`  what would be signed: tidegate approvals show ${id}`] : []),
      ...(verbs.length > 0
        ? [`  possible now: ${verbs.map((verb) => commandOf(verb, id)).join(' · ')}`]
        : []),
    ].map(printable),
  );
}

/** Null: nobody can say. */
function untilText(until: string | null, isUtc: boolean): string {
  return until === null ? '' : `, until ${timeText(until, isUtc)}`;
}

/** The command that asks for a verb; promote is the one that is refused without a reason. */
export function commandOf(verb: string, id: string): string {
  const command = `tidegate deployments ${verb} ${id}`;
  return verb === 'promote' ? `${command} --reason <words>` : command;
}
