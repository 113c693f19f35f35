import { Option, type Command } from 'commander';
import { answer } from '#sdk';
import { examples, type Actions, type Cli } from '../cli.js';
import { printable } from '../display/printable.js';
import { itemsOf, listOf } from '../pages.js';

const ID = '0199a3c2-7d1e-7c4a-9d55-0f6f3b1c2a10';

interface UseOptions {
  readonly reason: string;
  readonly subject?: string;
}

interface ReviewOptions {
  readonly verdict: 'justified' | 'unjustified';
  readonly comment: string;
}

/** What stands beside approvals in an emergency. */
export function addBreakGlassCommands(program: Command, { act }: Actions): void {
  const approvals = groupOf(program);
  approvals
    .command('break-glass')
    .description('Start a deployment without its approvals. Everybody is told at once.')
    .argument('<deployment>', 'id')
    .requiredOption('--reason <words>', 'why it cannot wait; told to everybody')
    .option('--subject <digest>', 'what you have looked at; what it would deploy now without it')
    .addHelpText(
      'after',
      examples(
        `tidegate approvals break-glass ${ID} --reason "customers cannot pay, nobody is awake"`,
      ),
    )
    .action(act(use));
  approvals
    .command('review')
    .description('Review a deployment that somebody else started without its approvals.')
    .argument('<deployment>', 'id')
    .addOption(
      new Option('--verdict <verdict>', 'whether it had to be')
        .choices(['justified', 'unjustified'])
        .makeOptionMandatory(),
    )
    .requiredOption('--comment <words>', 'what you have found')
    .addHelpText(
      'after',
      examples(
        `tidegate approvals review ${ID} --verdict justified --comment "it was the only way that night"`,
      ),
    )
    .action(act(review));
  approvals
    .command('unreviewed')
    .description('List deployments that were started without their approvals.')
    .option('--all', 'those that were reviewed as well')
    .addHelpText('after', examples('tidegate approvals unreviewed'))
    .action(act(list));
}

/** Other commands about approvals stand in the same group. */
function groupOf(program: Command): Command {
  const known = program.commands.find((command) => command.name() === 'approvals');
  return known ?? program.command('approvals').description('What waits for people to decide.');
}

async function use(cli: Cli, id: string, { reason, subject }: UseOptions): Promise<void> {
  const { api } = await cli.connect();
  const params = { path: { id } };
  const subjectDigest =
    subject ?? (await answer(api.GET('/api/v1/deployments/{id}', { params }))).subjectDigest;
  const path = '/api/v1/approvals/deployments/{deploymentId}/break-glass';
  const used = await answer(
    api.POST(path, {
      params: { path: { deploymentId: id } },
      body: { reason, subjectDigest },
    }),
  );
  cli.terminal.result(
    used,
    [
      `${used.module} ${used.version} goes on to ${used.environment} without its approvals.`,
      `Somebody else must review it until ${used.reviewDueAt}: tidegate approvals review ${id}`,
    ].map(printable),
  );
}

async function review(cli: Cli, id: string, body: ReviewOptions): Promise<void> {
  const { api } = await cli.connect();
  const path = '/api/v1/approvals/deployments/{deploymentId}/review';
  const { verdict, comment } = body;
  const params = { path: { deploymentId: id } };
  const reviewed = await answer(api.POST(path, { params, body: { verdict, comment } }));
  cli.terminal.result(reviewed, [printable(`It is reviewed: ${verdict}.`)]);
}

async function list(cli: Cli, { all }: { readonly all?: boolean }): Promise<void> {
  const { api } = await cli.connect();
  const filter = all ? {} : { open: 'true' as const };
  const items = await listOf(
    itemsOf((page) =>
      answer(api.GET('/api/v1/break-glass', { params: { query: { ...page, ...filter } } })),
    ),
  );
  const rows = items.map((one) => [
    one.deploymentId,
    `${one.module} ${one.version}`,
    one.environment,
    one.usedBy,
    one.verdict ?? (one.isOverdue ? 'OVERDUE' : `until ${one.reviewDueAt}`),
    one.reason,
  ]);
  const heads = ['DEPLOYMENT', 'RELEASE', 'ENVIRONMENT', 'BY', 'REVIEW', 'REASON'];
  cli.terminal.list({ items }, heads, rows);
}
