// Everything slow, before anybody is asked and any node is touched: the bytes and the way back.
import { Injectable } from '@nestjs/common';
import type { CallOf, HandlerOf, OutcomeOf } from '../../engine/step-type.js';
import type { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { ArtifactsService } from '../../releases/artifacts/artifacts.service.js';
import { releaseById } from '../../releases/releases.queries.js';
import { specOf } from '../runs/spec-of.js';
import { stepTypes } from '../strategies/step-types.js';
import {
  messagesOf,
  refuseNoWayBack,
  refuseUnsigned,
  wayBackOf,
  wayBackProblems,
} from './way-back.js';

type Preflight = typeof stepTypes.preflight;

@Injectable()
export class PreflightStep implements HandlerOf<Preflight> {
  readonly kind = stepTypes.preflight.kind;
  readonly title = stepTypes.preflight.title;
  readonly mode = 'outside';
  readonly onlyLooks = true;
  /** Hashing cannot be split, and an artifact of a slow store takes minutes. */
  readonly budget = 'step';

  constructor(
    private readonly database: Database,
    private readonly artifacts: ArtifactsService,
  ) {}

  async run(ctx: Context, { key, plan, abort }: CallOf<Preflight>): Promise<OutcomeOf<Preflight>> {
    const { policy, allowNoRollback, release, previous } = await this.database.transaction(
      ctx,
      async (open) => {
        const spec = await specOf(open, key.id);
        return {
          policy: spec.signaturePolicy,
          allowNoRollback: spec.allowNoRollback,
          release: await releaseById(open, spec.release.id),
          previous: await wayBackOf(open, plan),
        };
      },
    );
    await refuseUnsigned(release, policy);
    const started = performance.now();
    // The bytes themselves, not what a row says of them: signatures cover the digest.
    await this.artifacts.verify(ctx, release, { signal: abort });
    const noWayBack = await wayBackProblems(previous, (each) =>
      this.artifacts.verify(ctx, each, { signal: abort, maxAgeMs: WAY_BACK_AGE_MS }),
    );
    refuseNoWayBack(noWayBack, allowNoRollback);
    return {
      outcome: 'done',
      output: {
        signed: release.signature !== null,
        artifactBytes: release.artifactBytes,
        verifiedInMs: Math.round(performance.now() - started),
        wayBack: previous.map(({ release: { version } }) => version),
        ...(noWayBack.length > 0 ? { noWayBack: messagesOf(noWayBack) } : {}),
      },
    };
  }
}

/** What was found whole within a day counts; the release itself is always read again. */
const WAY_BACK_AGE_MS = 24 * 60 * 60 * 1000;
