// The releases that an undo would bring back, and why one of them could not be restored.
import { TerminalError } from '../../kernel/errors.js';
import { movesOf, type Plan } from '../../engine/plan.js';
import type { Context } from '../../platform/context.js';
import { releaseById, type ReleaseFacts } from '../../releases/releases.queries.js';
import {
  checkSignature,
  type SignaturePolicy,
} from '../../releases/signatures/signature-policy.js';
import { terminally } from './terminally.js';

/** What the nodes of the plan run now, each release once. */
export function wayBackOf(ctx: Context, plan: Plan): Promise<ReleaseFacts[]> {
  const from = plan.steps.flatMap(movesOf).map((move) => move.from?.releaseId);
  const ids = [...new Set(from)].filter((id) => id !== undefined);
  return Promise.all(ids.map((id) => releaseById(ctx, id)));
}

/**
 * One sentence for each that could not be restored. `look` throws TerminalError for an artifact that
 * is not there: how hard it looks depends on the time that the caller has.
 */
export async function wayBackProblems(
  releases: readonly ReleaseFacts[],
  look: (release: ReleaseFacts) => void | Promise<void>,
): Promise<string[]> {
  const problems: string[] = [];
  for (const release of releases) {
    try {
      // Signed once and its key revoked since: it must not come back by itself, either.
      await refuseUnsigned(release, 'if-present');
      await look(release);
    } catch (error) {
      if (!(error instanceof TerminalError)) throw error;
      problems.push(`release ${release.version}: ${error.message}`);
    }
  }
  return problems;
}

/** A rollout that could not be taken back must be refused now, not when it has gone wrong. */
export function refuseNoWayBack(problems: readonly string[], allowNoRollback: boolean): void {
  const [first] = problems;
  if (first === undefined || allowNoRollback) return;
  throw new TerminalError(
    'no-way-back',
    `What the nodes run now could not be restored (${first}). Send allowNoRollback to go on without a way back.`,
  );
}

export function refuseUnsigned(
  { releaseDigest, signature }: ReleaseFacts,
  policy: SignaturePolicy,
): Promise<void> {
  return terminally(() => checkSignature({ policy, releaseDigest, signature }));
}
