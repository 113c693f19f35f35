import { Command, CommanderError } from 'commander';
import { diskProblem } from '../../kernel/disk-problem.js';
import { actions, cliOf, type GlobalOptions, type Surroundings } from './cli.js';
import { addAccessKeyCommands } from './commands/access-keys.commands.js';
import { addAttentionCommand } from './commands/attention.command.js';
import { addAuditCommands } from './commands/audit.commands.js';
import { addAuditStreamCommands } from './commands/audit-streams.commands.js';
import { addApprovalCommands } from './commands/approvals.commands.js';
import { addAuditEraseCommands } from './commands/audit-erase.command.js';
import { addBreakGlassCommands } from './commands/break-glass.commands.js';
import { addApprovalPolicyCommands } from './commands/approval-policies.commands.js';
import { addCanCommand } from './commands/can.command.js';
import { addAccountCommands } from './commands/account.commands.js';
import { addChannelCommands } from './commands/channels.commands.js';
import { addDeliveryCommands } from './commands/deliveries.commands.js';
import { addDeployCommand } from './commands/deploy.command.js';
import { addDeploymentCommands } from './commands/deployments.commands.js';
import { addClusterCommands } from './commands/clusters.commands.js';
import { addDirectoryCommands } from './commands/directory.commands.js';
import { addExternalGateCommands } from './commands/external-gates.commands.js';
import { addFactorCommands } from './commands/factors.commands.js';
import { addFederatedCommands } from './commands/federated.commands.js';
import { addFleetCommands } from './commands/fleet.commands.js';
import { addFreezeCommands } from './commands/freezes.commands.js';
import { addGroupCommands } from './commands/groups.commands.js';
import { addHoldCommands } from './commands/holds.commands.js';
import { addIdentityProviderCommands } from './commands/identity-providers.commands.js';
import { addKeyCommands } from './commands/keys.commands.js';
import { addKillSwitchCommands } from './commands/kill-switch.commands.js';
import { addPlatformCommands } from './commands/platform.commands.js';
import { addReceiptCommands } from './commands/receipt.commands.js';
import { addReleaseCommands } from './commands/release.commands.js';
import { addSecurityCommands } from './commands/security.commands.js';
import { addSettingsCommands } from './commands/settings.commands.js';
import { addServiceAccountCommands } from './commands/service-accounts.commands.js';
import { addRoleCommands } from './commands/roles.commands.js';
import { addSessionCommands } from './commands/session.commands.js';
import { addSubscriptionCommands } from './commands/subscriptions.commands.js';
import { addTenantCommands } from './commands/tenants.commands.js';
import { addTierCommands } from './commands/tiers.commands.js';
import { addUsageCommands } from './commands/usage.commands.js';
import { addUserCommands } from './commands/users.commands.js';
import { examples } from './cli.js';
import { problemJson, problemLines } from './display/problem-lines.js';
import { withoutKeys } from './display/without-keys.js';
import { asCalled } from './as-called.js';
import { CliError, exitCodeOf, exitCodes } from './exit-codes.js';

const ELSEWHERE = 'choose another place (of the saved sign-ins: XDG_CONFIG_HOME)';

/** Runs one command line and tells the exit code. Never throws. */
export async function runCli(
  words: readonly string[],
  surroundings: Surroundings,
): Promise<number> {
  let exitCode: number = exitCodes.succeeded;
  const program = buildProgram(surroundings, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(words, { from: 'user' });
    return exitCode;
  } catch (error) {
    const known = diskProblem(error, ELSEWHERE);
    const told = known === null ? error : new CliError(known);
    tell(told, surroundings, program.opts());
    return exitCodeOf(told);
  }
}

/** In the order of `--help`. */
const commands = [
  addSessionCommands,
  addFactorCommands,
  addSecurityCommands,
  addSettingsCommands,
  addAccountCommands,
  addUserCommands,
  addReleaseCommands,
  addKeyCommands,
  addAccessKeyCommands,
  addServiceAccountCommands,
  addDeployCommand,
  addDeploymentCommands,
  addAttentionCommand,
  addReceiptCommands,
  addApprovalCommands,
  addFreezeCommands,
  addKillSwitchCommands,
  addHoldCommands,
  addAuditCommands,
  addFleetCommands,
  addFederatedCommands,
  addDirectoryCommands,
  addClusterCommands,
  addPlatformCommands,
  addSubscriptionCommands,
  addAuditStreamCommands,
  addTenantCommands,
  addTierCommands,
  addApprovalPolicyCommands,
  addGroupCommands,
  addRoleCommands,
  addUsageCommands,
  addCanCommand,
  addIdentityProviderCommands,
  addBreakGlassCommands,
  addExternalGateCommands,
  addChannelCommands,
  addDeliveryCommands,
  addAuditEraseCommands,
];

export function buildProgram(
  surroundings: Surroundings,
  onExitCode: (code: number) => void,
): Command {
  const { streams, version } = surroundings;
  const program = new Command('tidegate')
    .description(
      'Roll out releases to real nodes in waves, each opened when the one before has settled.',
    )
    .version(version, '--version')
    .option('--context <name>', 'which saved sign-in to use')
    .option('--server <url>', 'the server; also TIDEGATE_SERVER')
    .option('--ca <path>', 'PEM of a private certificate authority; also TIDEGATE_CA')
    .option('--json', 'machine-readable output: JSON, or JSON lines while following')
    .option('--utc', 'times in UTC instead of local time')
    .option('--no-color', 'no colours; also NO_COLOR')
    .showHelpAfterError('(--help shows what is possible)')
    .addHelpText(
      'after',
      examples(
        'tidegate login --server https://tidegate.example.com --username deployer',
        'tidegate release push payments 2.1.0 --manifest manifest.json --artifact build/',
        'tidegate deploy payments 2.1.0 --to Production --wait',
        'tidegate explain 0199a3c2-7d1e-7c4a-9d55-0f6f3b1c2a10',
      ),
    );
  const act = actions(surroundings, onExitCode);
  for (const add of commands) add(program, act);
  for (const command of allOf(program)) {
    command
      .exitOverride()
      .configureHelp({ showGlobalOptions: true, minWidthToWrap: 20 })
      .configureOutput({
        writeOut: (text) => void streams.stdout.write(asCalled(text, surroundings.call)),
        writeErr: (text) =>
          void streams.stderr.write(withoutKeys(asCalled(text, surroundings.call))),
      });
  }
  return program;
}

export function allOf(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allOf)];
}

function tell(error: unknown, surroundings: Surroundings, options: GlobalOptions): void {
  // Commander has said it already, next to the usage.
  if (error instanceof CommanderError) return;
  const { terminal } = cliOf(surroundings, options);
  if (options.json) {
    terminal.note(withoutKeys(JSON.stringify(problemJson(error, exitCodeOf(error)))));
    return;
  }
  for (const line of problemLines(error)) {
    terminal.note(withoutKeys(asCalled(line, surroundings.call)));
  }
}
