import type { Command } from 'commander';
import { answer, type components } from '#sdk';
import { examples, type Actions, type Cli, type Outcome } from '../cli.js';
import { subjectView, type ApprovalSubject } from '../display/approval-view.js';
import { printable } from '../display/printable.js';
import { CliError, exitCodes } from '../exit-codes.js';
import { ask } from '../session/ask.js';

const ID = '0199a3c2-7d1e-7c4a-9d55-0f6f3b1c2a10';
const DIGEST = 'sha256:4f2c…';

type State = components['schemas']['ApprovalState'];

interface ApproveOptions {
  readonly comment?: string;
  readonly subject?: string;
  readonly yes?: boolean;
  readonly downgrade?: boolean;
}

/** What people say about a deployment that waits for them. */
export function addDecisions(approvals: Command, { act }: Actions): void {
  approvals
    .command('approve')
    .description('Show what would be signed, ask, and approve exactly that.')
    .argument('<deployment>', 'its id')
    .option('--comment <words>', 'kept with the decision; some policies want it')
    .option(
      '--subject <digest>',
      'only if it is what you have looked at; without asking, with --yes',
    )
    .option('--yes', 'ask nothing: needs --subject')
    .option('--downgrade', 'although it is older than what runs there now')
    .addHelpText(
      'after',
      examples(
        `tidegate approvals approve ${ID}`,
        `tidegate approvals approve ${ID} --comment "checked the pool size with dora"`,
        `tidegate approvals approve ${ID} --yes --subject ${DIGEST}`,
      ),
    )
    .action(act((cli, id: string, options: ApproveOptions) => approve(cli, id, options)));
  approvals
    .command('reject')
    .description('Reject a deployment: it ends, and nothing of it has moved.')
    .argument('<deployment>', 'its id')
    .requiredOption('--reason <words>', 'shown to whoever asked')
    .addHelpText('after', examples(`tidegate approvals reject ${ID} --reason "not on a Friday"`))
    .action(
      act(async (cli, deploymentId: string, { reason }: { reason: string }) => {
        const { api } = await cli.connect();
        const path = '/api/v1/approvals/deployments/{deploymentId}/reject';
        const params = { path: { deploymentId } };
        tellState(cli, await answer(api.POST(path, { params, body: { reason } })));
      }),
    );
  approvals
    .command('comment')
    .description('Say something to those who decide, and decide nothing.')
    .argument('<deployment>', 'its id')
    .argument('<words>')
    .addHelpText('after', examples(`tidegate approvals comment ${ID} "why 40 connections?"`))
    .action(
      act(async (cli, deploymentId: string, comment: string) => {
        const { api } = await cli.connect();
        const path = '/api/v1/approvals/deployments/{deploymentId}/comment';
        const params = { path: { deploymentId } };
        tellState(cli, await answer(api.POST(path, { params, body: { comment } })));
      }),
    );
  approvals
    .command('withdraw')
    .description('Withdraw your approval while others are still missing.')
    .argument('<deployment>', 'its id')
    .option('--reason <words>', 'kept for the record')
    .addHelpText('after', examples(`tidegate approvals withdraw ${ID} --reason "see the figures"`))
    .action(
      act(async (cli, deploymentId: string, { reason }: { reason?: string }) => {
        const { api } = await cli.connect();
        const path = '/api/v1/approvals/deployments/{deploymentId}/withdraw';
        const params = { path: { deploymentId } };
        const body = reason === undefined ? {} : { reason };
        tellState(cli, await answer(api.POST(path, { params, body })));
      }),
    );
}

async function approve(cli: Cli, deploymentId: string, options: ApproveOptions): Promise<Outcome> {
  const { comment, yes = false, downgrade = false } = options;
  if (yes && options.subject === undefined) {
    throw new CliError(
      '--yes needs --subject: the digest of what you have looked at (tidegate approvals show ID).',
    );
  }
  const { api } = await cli.connect();
  const params = { path: { deploymentId } };
  const subjectDigest = yes
    ? options.subject!
    : await seen(
        cli,
        await answer(api.GET('/api/v1/approvals/deployments/{deploymentId}/subject', { params })),
        options.subject,
      );
  const body = {
    subjectDigest,
    ...(comment === undefined ? {} : { comment }),
    ...(downgrade ? { acknowledgeDowngrade: true } : {}),
  };
  const path = '/api/v1/approvals/deployments/{deploymentId}/approve';
  tellState(cli, await answer(api.POST(path, { params, body })));
}

/** Shows it and asks. The answer is the digest that was shown, whatever the subject has become meanwhile. */
async function seen(
  { terminal, streams }: Cli,
  subject: ApprovalSubject,
  expected: string | undefined,
): Promise<string> {
  const { subjectDigest, you } = subject;
  if (expected !== undefined && expected !== subjectDigest) {
    throw new CliError(
      `This is not what you have looked at: it is ${subjectDigest} now.`,
      exitCodes.rejected,
    );
  }
  for (const line of subjectView(subject, terminal.style)) terminal.note(line);
  if (!you.canDecide) throw new CliError(you.why ?? 'You cannot decide.', exitCodes.rejected);
  if (streams.stdin.isTTY !== true) {
    throw new CliError(
      `There is nobody to ask here. Approve what you have looked at: --yes --subject ${subjectDigest}`,
    );
  }
  const typed = await ask(streams, 'Approve exactly this? Type yes: ', false);
  if (typed.trim().toLowerCase() !== 'yes') throw new CliError('Nothing was approved.');
  return subjectDigest;
}

function tellState({ terminal }: Cli, state: State): void {
  const { deploymentId, status, rules } = state;
  const missing = rules.flatMap(({ name, missing: lacks }) =>
    lacks === null ? [] : [printable(`  "${name}" lacks ${lacks}`)],
  );
  const words: Readonly<Record<string, string>> = {
    open: 'Recorded. It still waits:',
    granted: 'Approved: it starts now.',
    rejected: 'Rejected.',
  };
  terminal.result(state, [
    words[status] ?? `The approval is ${status}.`,
    ...(status === 'open' ? missing : []),
    ...(status === 'granted' ? [`Watch it: tidegate deployments watch ${deploymentId}`] : []),
  ]);
}
