// The releases that an undo would bring back, and why one of them could not be restored.
import { TerminalError } from '../../kernel/errors.js';
import { nodesOf, type NodeMove, type Plan } from '../../engine/plan.js';
import type { OpenContext } from '../../platform/context.js';
import { releaseById, type ReleaseFacts } from '../../releases/releases.queries.js';
import {
  checkSignature,
  type SignaturePolicy,
} from '../../releases/signatures/signature-policy.js';
import { terminally } from './terminally.js';

export interface WayBack {
  readonly release: ReleaseFacts;
  /** It has ended on every node that should run it: there is nothing to lose with it. */
  readonly hasEnded: boolean;
}

export interface WayBackProblem {
  readonly message: string;
  readonly isFatal: boolean;
}

/** What the nodes of the plan run now, each release once. */
export function wayBackOf(open: OpenContext, plan: Plan): Promise<WayBack[]> {
  const moves = nodesOf(plan).filter(({ from }) => from !== null);
  const ids = [...new Set(moves.map(({ from }) => from!.releaseId))];
  return Promise.all(
    ids.map(async (id) => ({
      release: await releaseById(open, id),
      hasEnded: moves.every((move) => move.from?.releaseId !== id || hasEnded(move)),
    })),
  );
}

/** What lives and is not well may get well by itself; what ends again and again does not serve. */
function hasEnded({ wasDown }: NodeMove): boolean {
  return wasDown !== undefined && wasDown.code !== 'unhealthy';
}

/**
 * One sentence for each that could not be restored. `look` throws TerminalError for an artifact that
 * is not there: how hard it looks depends on the time that the caller has.
 */
export async function wayBackProblems(
  releases: readonly WayBack[],
  look: (release: ReleaseFacts) => void | Promise<void>,
): Promise<WayBackProblem[]> {
  const problems: WayBackProblem[] = [];
  for (const { release, hasEnded: isNothingToLose } of releases) {
    let isFatal = true;
    try {
      // Signed once and its key revoked since: it must not come back by itself, either.
      await refuseUnsigned(release, 'if-present');
      isFatal = !isNothingToLose;
      await look(release);
    } catch (error) {
      if (!(error instanceof TerminalError)) throw error;
      problems.push({ message: `release ${release.version}: ${error.message}`, isFatal });
    }
  }
  return problems;
}

/** A rollout that could not be taken back must be refused now, not when it has gone wrong. */
export function refuseNoWayBack(problems: readonly WayBackProblem[], allowNoRollback: boolean) {
  const first = problems.find(({ isFatal }) => isFatal);
  if (first === undefined || allowNoRollback) return;
  throw new TerminalError(
    'no-way-back',
    `What the nodes run now could not be restored (${first.message}). Send allowNoRollback to go on without a way back.`,
  );
}

export const messagesOf = (problems: readonly WayBackProblem[]) =>
  problems.map(({ message }) => message);

export function refuseUnsigned(
  { releaseDigest, signature }: ReleaseFacts,
  policy: SignaturePolicy,
): Promise<void> {
  return terminally(() => checkSignature({ policy, releaseDigest, signature }));
}
