// Everything slow, before anybody is asked and any node is touched: the bytes and the way back.
import { Injectable } from '@nestjs/common';
import { TerminalError } from '../../kernel/errors.js';
import { movesOf } from '../../engine/plan.js';
import type { StepHandler, StepOutcome, StepRun } from '../../engine/step-handler.js';
import type { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { ArtifactsService } from '../../releases/artifacts/artifacts.service.js';
import { releaseById, type ReleaseFacts } from '../../releases/releases.queries.js';
import { checkSignature } from '../../releases/signatures/signature-policy.js';
import { specOf } from '../runs/spec-of.js';
import { terminally } from './terminally.js';

@Injectable()
export class PreflightStep implements StepHandler {
  readonly kind = 'preflight';
  readonly title = 'Check signature, artifact and the way back';
  readonly mode = 'outside';
  readonly onlyLooks = true;
  /** Hashing cannot be split, and an artifact of a slow store takes minutes. */
  readonly budget = 'step';

  constructor(
    private readonly database: Database,
    private readonly artifacts: ArtifactsService,
  ) {}

  async run(context: Context, { key, plan, signal }: StepRun): Promise<StepOutcome> {
    const { policy, allowNoRollback, release, previous } = await this.database.transaction(
      context,
      async (ctx) => {
        const spec = await specOf(ctx, key.id);
        const from = plan.steps.flatMap(movesOf).map((move) => move.from?.releaseId);
        const ids = [...new Set(from)].filter((id) => id !== undefined);
        return {
          policy: spec.signaturePolicy,
          allowNoRollback: spec.allowNoRollback,
          release: await releaseById(ctx, spec.release.id),
          previous: await Promise.all(ids.map((id) => releaseById(ctx, id))),
        };
      },
    );
    await refuseUnsigned(release, policy);
    const started = performance.now();
    // The bytes themselves, not what a row says of them: signatures cover the digest.
    await this.artifacts.verify(context, release, { signal });
    const noWayBack: string[] = [];
    for (const each of previous) {
      const problem = await this.wayBackProblem(context, each, signal);
      if (problem) noWayBack.push(problem);
    }
    const [first] = noWayBack;
    if (first !== undefined && !allowNoRollback) throw noWayBackError(first);
    return {
      outcome: 'done',
      output: {
        signed: release.signature !== null,
        artifactBytes: release.artifactBytes,
        verifiedInMs: Math.round(performance.now() - started),
        wayBack: previous.map(({ version }) => version),
        ...(noWayBack.length > 0 ? { noWayBack } : {}),
      },
    };
  }

  /** Why a release that nodes run now could not be restored; null when it can. */
  private async wayBackProblem(
    context: Context,
    release: ReleaseFacts,
    signal: AbortSignal,
  ): Promise<string | null> {
    try {
      // Signed once and its key revoked since: it must not come back by itself, either.
      await refuseUnsigned(release, 'if-present');
      await this.artifacts.verify(context, release, { signal, maxAgeMs: WAY_BACK_AGE_MS });
      return null;
    } catch (error) {
      if (!(error instanceof TerminalError)) throw error;
      return `release ${release.version}: ${error.message}`;
    }
  }
}

/** A rollout that could not be taken back must be refused now, not when it has gone wrong. */
function noWayBackError(problem: string): TerminalError {
  return new TerminalError(
    'no-way-back',
    `What the nodes run now could not be restored (${problem}). Send allowNoRollback to go on without a way back.`,
  );
}

/** What was found whole within a day counts; the release itself is always read again. */
const WAY_BACK_AGE_MS = 24 * 60 * 60 * 1000;

export function refuseUnsigned(
  { releaseDigest, signature }: ReleaseFacts,
  policy: 'required' | 'if-present',
): Promise<void> {
  return terminally(() => checkSignature({ policy, releaseDigest, signature }));
}
