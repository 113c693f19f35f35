import type { Command } from 'commander';
import { counted } from '../../../kernel/counted.js';
import { answer, type components, type DeploymentRequest, type Tidegate } from '#sdk';
import { tellAccepted } from '../accepted.js';
import { examples, type Actions, type Cli, type Outcome } from '../cli.js';
import { choiceText } from '../display/deployment-view.js';
import { printable } from '../display/printable.js';
import type { Style } from '../display/style.js';
import { table } from '../display/table.js';
import { durationMs, durationText } from '../display/times.js';
import { wrapped } from '../display/wrapped.js';
import { CliError } from '../exit-codes.js';
import { momentOf } from '../freeze-window.js';
import { collect, readParameters, readTexts } from '../parameters.js';
import { keepReceipt, mustBeWritable } from '../receipt-file.js';

export interface DeployOptions {
  readonly to: string;
  readonly cluster?: string;
  readonly strategy?: string;
  readonly set: readonly string[];
  readonly gate: readonly string[];
  readonly metadata: readonly string[];
  readonly requireApproval?: boolean;
  readonly startAt?: string;
  readonly expiresAt?: string;
  readonly reason?: string;
  readonly allowRolledBack?: boolean;
  readonly allowNoRollback?: boolean;
  readonly wait?: boolean;
  readonly timeout?: string;
  readonly receipt?: string;
  readonly dryRun?: boolean;
  readonly idempotencyKey?: string;
}

type Planned = components['schemas']['PlannedDeployment'];

export function addDeployCommand(program: Command, { act }: Actions): void {
  program
    .command('deploy')
    .description('Deploy a release to the nodes of an environment.')
    .argument('<module>', 'name of the module')
    .argument('<version>', 'a version that was pushed')
    .requiredOption('--to <environment>', 'for example Production')
    .option('--cluster <name>', 'needed when the environment has several')
    .option('--strategy <kind>', 'the environment’s own by default')
    .option('--set <name=value>', 'parameter of the strategy; may be repeated', collect, [])
    .option('--gate <name=value>', 'parameter of the gate; may only tighten it', collect, [])
    .option('--metadata <name=value>', 'kept with the deployment; may be repeated', collect, [])
    .option('--require-approval', 'somebody else must approve it, whatever the policies say')
    .option('--start-at <time>', 'not before: 2026-12-04T20:00Z')
    .option('--expires-at <time>', 'it fails when it has not started by then')
    .option('--reason <text>', 'why; needed where a rollback holds the target')
    .option('--allow-rolled-back', 'even if the release was rolled back there automatically')
    .option('--allow-no-rollback', 'go ahead even if what runs now could not be restored')
    .option('--wait', 'show the progress, and end with the outcome as exit code')
    .option(
      '--timeout <duration>',
      'how long to wait, for example 30m; the deployment goes on after it',
    )
    .option('--receipt <file>', 'with --wait: write the receipt there when it has ended')
    .option('--dry-run', 'plan it and change nothing')
    .option('--idempotency-key <key>', 'the same key and request again: the same deployment')
    .addHelpText(
      'after',
      examples(
        'tidegate deploy payments 2.1.0 --to Production --wait --timeout 30m',
        'tidegate deploy payments 2.1.0 --to Production --strategy canary --set wavesPercent=10,50,100',
        'tidegate deploy payments 2.1.0 --to Staging --gate consecutiveStableChecks=5 --metadata commit=4f2c1e9',
        'tidegate deploy payments 2.1.0 --to Production --require-approval --wait --timeout 8h',
        'tidegate deploy payments 2.1.0 --to Production --allow-rolled-back --wait',
        'tidegate deploy payments 2.1.0 --to Production --start-at 2026-12-04T20:00Z --expires-at 2026-12-05T04:00Z',
        'tidegate deploy payments 2.1.0 --to Production --wait --receipt receipt.json',
        'tidegate deploy payments 2.1.0 --to Production --dry-run',
      ) +
        '\nExit codes: 0 succeeded, 1 usage, 2 rejected, 3 failed, rolled back or\n' +
        'cancelled, 4 timeout, 6 succeeded without the receipt that was asked for\n',
    )
    .action(
      act((cli, moduleName: string, version: string, options: DeployOptions) =>
        deploy(cli, { moduleName, version }, options),
      ),
    );
}

async function deploy(
  cli: Cli,
  what: { moduleName: string; version: string },
  options: DeployOptions,
): Promise<Outcome> {
  const request = requestOf(what, options);
  const timeoutMs = options.timeout === undefined ? null : durationMs(options.timeout);
  if (timeoutMs !== null && !options.wait) throw new CliError('--timeout belongs to --wait.');
  const { idempotencyKey, receipt: file, wait = false } = options;
  if (file !== undefined && (!wait || options.dryRun)) {
    throw new CliError('--receipt belongs to --wait: there is one when the deployment has ended.');
  }
  if (file !== undefined) await mustBeWritable(file);
  const client = await cli.connect();
  if (options.dryRun) return plan(cli, client, request);
  const accepted = await client.deploy(request, { idempotencyKey });
  const outcome = await tellAccepted(cli, client, accepted, { isFollowed: wait, timeoutMs });
  return file === undefined
    ? outcome
    : keepReceipt(cli, client, { id: accepted.id, file, outcome });
}

export function requestOf(
  what: { moduleName: string; version: string },
  options: DeployOptions,
): DeploymentRequest {
  const { to, cluster, strategy, requireApproval, allowRolledBack, allowNoRollback } = options;
  const { startAt, expiresAt, reason } = options;
  const params = readParameters(options.set, '--set');
  if (!strategy && options.set.length > 0) {
    throw new CliError('--set belongs to --strategy: say whose parameters these are.');
  }
  const gate = readParameters(options.gate, '--gate');
  const metadata = readTexts(options.metadata, '--metadata');
  return {
    ...what,
    targetEnvironment: to,
    ...(cluster ? { cluster } : {}),
    ...(strategy ? { strategy: { ...params, kind: strategy } } : {}),
    ...(options.gate.length > 0 ? { gate } : {}),
    ...(requireApproval ? { requireApproval } : {}),
    ...(startAt ? { startAt: momentOf(startAt, '--start-at') } : {}),
    ...(expiresAt ? { expiresAt: momentOf(expiresAt, '--expires-at') } : {}),
    ...(reason ? { reason } : {}),
    ...(allowRolledBack ? { allowRolledBack } : {}),
    ...(allowNoRollback ? { allowNoRollback } : {}),
    ...(options.metadata.length > 0 ? { metadata } : {}),
  };
}

async function plan(cli: Cli, { api }: Tidegate, body: DeploymentRequest): Promise<void> {
  const planned = await answer(api.POST('/api/v1/deployments/plan', { body }));
  cli.terminal.result(planned, planLines(planned, cli.terminal.style));
}

/** Under what the names of facts are followed by. */
const FACT_HANG = 10;

function planLines(planned: Planned, { columns }: Style): string[] {
  const { nodes, waves, steps, leftOut, approvals, warnings = [] } = planned;
  const { expectedDurationMs, strategy, gate } = planned;
  const { least, most } = expectedDurationMs;
  const facts = [
    `Nothing was changed. It would move ${counted(nodes, 'node')} in ${counted(waves, 'wave')}, in ${durationText(least)} to ${durationText(most)}.`,
    `  strategy  ${choiceText(strategy)}`,
    `  gate      ${choiceText(gate)}`,
    ...leftOut.map(({ name, state }) => `  left out  ${name} (${state})`),
    ...approvals.map(({ reason }) => `  approval  ${reason}`),
    ...warnings.map((warning) => `  note      ${warning}`),
  ];
  return [
    ...facts.flatMap((fact) => wrapped(printable(fact), columns, FACT_HANG)),
    '',
    ...table(
      ['STEP', 'WHAT', 'NODES'],
      steps.map(({ id, title, nodes: names }) => [id, title, names.join(', ')]),
      columns,
    ),
  ];
}
