import { isFinal, type Deployment, type DeploymentNews, type Tidegate } from '#sdk';
import { ApproverLines } from './approver-lines.js';
import type { Cli } from './cli.js';
import { deploymentViewWithin } from './display/deployment-view.js';
import { eventLine } from './display/event-line.js';
import { LiveBlock } from './display/live-block.js';
import { printable } from './display/printable.js';
import { durationText } from './display/times.js';
import { exitCodeOfStatus, exitCodes } from './exit-codes.js';

export interface FollowChoice {
  readonly timeoutMs: number | null;
  readonly afterSequence?: number;
}

/**
 * Shows a deployment until it is over and tells the exit code. The deployment never depends on
 * being watched: a timeout and Ctrl-C end the watching only, and say so.
 */
export async function follow(
  cli: Cli,
  tidegate: Tidegate,
  id: string,
  { timeoutMs, afterSequence = 0 }: FollowChoice,
): Promise<number> {
  const stop = new AbortController();
  let isInterrupted = false;
  const release = cli.onInterrupt(() => {
    isInterrupted = true;
    stop.abort();
  });
  const timer = timeoutMs === null ? null : setTimeout(() => stop.abort(), timeoutMs);
  const show = shower(cli, new ApproverLines(tidegate));
  let last: Deployment | null = null;
  try {
    const options = {
      afterSequence,
      signal: stop.signal,
      onOutage: (problem: string | null) =>
        cli.terminal.note(
          problem === null ? 'The server answers again.' : `${printable(problem)}; still trying.`,
        ),
    };
    for await (const news of tidegate.followDeployment(id, options)) {
      last = news.deployment;
      await show(news);
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    return goesOn(cli, id, isInterrupted ? null : timeoutMs);
  } finally {
    release();
    if (timer) clearTimeout(timer);
  }
  return last && isFinal(last.status) ? exitCodeOfStatus(last.status) : exitCodes.failed;
}

function goesOn({ terminal }: Cli, id: string, timeoutMs: number | null): number {
  const why = timeoutMs === null ? '' : `Not over after ${durationText(timeoutMs)}. `;
  terminal.note(`${why}The deployment continues. Watch it: tidegate deployments watch ${id}`);
  if (timeoutMs === null) return exitCodes.interrupted;
  if (terminal.options.isJson) terminal.jsonLine({ type: 'timeout', id, timeoutMs });
  return exitCodes.timeout;
}

/** In a terminal a block that is drawn over; elsewhere one line per event; with --json JSON lines. */
function shower(
  { terminal }: Cli,
  approvers: ApproverLines,
): (news: DeploymentNews) => void | Promise<void> {
  if (terminal.options.isJson) {
    return ({ deployment, events }) => {
      for (const event of events) terminal.jsonLine({ type: 'event', event });
      terminal.jsonLine({ type: 'deployment', deployment });
    };
  }
  if (terminal.isLive) {
    const block = new LiveBlock(terminal.streams.stdout);
    return async ({ deployment }) => {
      // Asked anew each time: windows change their size.
      const { style } = terminal;
      const who = await approvers.of(deployment, style);
      const height = block.room - who.length;
      block.draw([...deploymentViewWithin(deployment, style, height), ...who]);
    };
  }
  const { style } = terminal;
  const tell = plainLines(style.isUtc, (lines) => terminal.lines(lines));
  let said: readonly string[] = [];
  return async (news) => {
    tell(news);
    const who = await approvers.of(news.deployment, style);
    if (who !== said) terminal.lines(who.map((line) => `        ${line}`));
    said = who;
  };
}

/** What was said once is not said again: a gate is checked every few seconds. */
export function plainLines(
  isUtc: boolean,
  write: (lines: string[]) => void,
): (news: DeploymentNews) => void {
  let gate = '';
  let waiting = '';
  return ({ deployment, events }) => {
    const lines = events.flatMap((event) => eventLine(event, isUtc) ?? []);
    const { gateCheck, waitingOn, status, moduleName, version } = deployment;
    const check = gateCheck ? `gate ${gateCheck.verdict}: ${gateCheck.reason}` : '';
    if (check !== '' && check !== gate) lines.push(`          ${printable(check)}`);
    gate = check;
    const wait = waitingOn && !isFinal(status) && !gateCheck ? waitingOn.detail : '';
    if (wait !== '' && wait !== waiting) lines.push(`          waiting: ${printable(wait)}`);
    waiting = wait;
    if (isFinal(status)) lines.push(endLine(deployment, `${moduleName} ${version}`));
    write(lines);
  };
}

function endLine({ status, reason, decision }: Deployment, what: string): string {
  const because = decision?.reason ?? reason;
  return printable(`${what}: ${status}${because ? ` (${because})` : ''}`);
}
