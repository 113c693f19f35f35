import type { DeploymentAccepted, Tidegate } from '#sdk';
import type { Cli, Outcome } from './cli.js';
import { printable } from './display/printable.js';
import { follow } from './follow.js';

interface AcceptedChoice {
  readonly isFollowed: boolean;
  readonly timeoutMs?: number | null;
}

/** A deployment that was just made, by whichever command: told in two lines, or followed. */
export async function tellAccepted(
  cli: Cli,
  client: Tidegate,
  accepted: DeploymentAccepted,
  { isFollowed, timeoutMs = null }: AcceptedChoice,
): Promise<Outcome> {
  const { id, status, moduleName, version, targetEnvironment, cluster } = accepted;
  const notes = (accepted.warnings ?? []).map((warning) => printable(`Note: ${warning}`));
  if (!isFollowed) {
    cli.terminal.result(accepted, [
      printable(`${moduleName} ${version} to ${targetEnvironment}/${cluster}: ${status}`),
      ...notes,
      `Watch it: tidegate deployments watch ${id}`,
    ]);
    return;
  }
  if (cli.terminal.options.isJson)
    cli.terminal.jsonLine({ type: 'accepted', deployment: accepted });
  else {
    cli.terminal.note(`Deployment ${id}`);
    for (const note of notes) cli.terminal.note(note);
  }
  return follow(cli, client, id, { timeoutMs });
}
