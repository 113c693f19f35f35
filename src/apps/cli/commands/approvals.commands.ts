import type { Command } from 'commander';
import { answer, type components } from '#sdk';
import { examples, type Actions, type Cli } from '../cli.js';
import { subjectView } from '../display/approval-view.js';
import { historyView } from '../display/approval-history-view.js';
import { timeText } from '../display/times.js';
import { CliError } from '../exit-codes.js';
import { itemsOf, listOf } from '../pages.js';
import { addDecisions } from './decisions.commands.js';

const ID = '0199a3c2-7d1e-7c4a-9d55-0f6f3b1c2a10';

interface ListOptions {
  readonly mine?: boolean;
  readonly environment?: string;
  readonly module?: string;
  readonly limit: string;
}

export function addApprovalCommands(program: Command, { act }: Actions): void {
  const approvals = program
    .command('approvals')
    .description('What waits for an approval, and what was decided.');
  approvals
    .command('list')
    .description('List what waits for an approval, newest first.')
    .option('--mine', 'only what you can decide now')
    .option('--environment <name>')
    .option('--module <name>')
    .option('--limit <count>', 'how many at most', '20')
    .addHelpText('after', examples('tidegate approvals list --mine'))
    .action(act((cli, options: ListOptions) => list(cli, options)));
  approvals
    .command('show')
    .description('Show what an approval would sign: what changes, and who decides.')
    .argument('<deployment>', 'its id')
    .addHelpText('after', examples(`tidegate approvals show ${ID}`))
    .action(act((cli, id: string) => show(cli, id)));
  approvals
    .command('history')
    .description('Show what was asked about a deployment, and what was said.')
    .argument('<deployment>', 'its id')
    .addHelpText('after', examples(`tidegate approvals history ${ID}`))
    .action(act((cli, id: string) => history(cli, id)));
  addDecisions(approvals, { act });
}

async function list(cli: Cli, { limit, mine, environment, module }: ListOptions): Promise<void> {
  const most = Number(limit);
  if (!Number.isInteger(most) || most < 1 || most > 1000) {
    throw new CliError('--limit is a number from 1 to 1000.');
  }
  const { api } = await cli.connect();
  const filter = { ...(mine ? { mine: 'true' as const } : {}), environment, module };
  const items = await listOf(
    itemsOf(
      (page) =>
        answer(api.GET('/api/v1/approvals/pending', { params: { query: { ...page, ...filter } } })),
      most,
    ),
  );
  const heads = ['DEPLOYMENT', 'MODULE', 'VERSION', 'TO', 'ASKED BY', 'DECIDE BY'];
  const rows = items.map((item) => rowOf(item, cli.terminal.style.isUtc));
  const none = mine ? 'Nothing waits for you.' : 'Nothing waits for an approval.';
  cli.terminal.list({ items }, heads, rows, none);
}

function rowOf(item: components['schemas']['PendingApproval'], isUtc: boolean): string[] {
  return [
    item.id,
    item.moduleName,
    item.version,
    `${item.targetEnvironment}/${item.cluster}`,
    item.requestedBy,
    timeText(item.deadlineAt, isUtc),
  ];
}

async function show(cli: Cli, deploymentId: string): Promise<void> {
  const { api } = await cli.connect();
  const subject = await answer(
    api.GET('/api/v1/approvals/deployments/{deploymentId}/subject', {
      params: { path: { deploymentId } },
    }),
  );
  cli.terminal.result(subject, subjectView(subject, cli.terminal.style));
}

async function history(cli: Cli, deploymentId: string): Promise<void> {
  const { api } = await cli.connect();
  const told = await answer(
    api.GET('/api/v1/approvals/deployments/{deploymentId}', { params: { path: { deploymentId } } }),
  );
  cli.terminal.result(told, historyView(told, cli.terminal.style));
}
