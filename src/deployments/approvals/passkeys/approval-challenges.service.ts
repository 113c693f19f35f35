import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { generateAuthenticationOptions } from '@simplewebauthn/server';
import type { Clock } from '../../../kernel/clock.js';
import { Permission } from '../../../kernel/permission.js';
import { CLOCK } from '../../../platform/clock.js';
import type { Context, OpenContext } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { type Passkey, passkeysOf } from '../../../tenancy/factors/passkeys.store.js';
import { mustBeAllowed } from '../../deployment-scopes.js';
import { lockForVerb } from '../../deployments.store.js';
import { deploymentMustBeReadable } from '../../reads/deployments.views.js';
import { approvalNotOpen, approvalSubjectChanged } from '../approvals.errors.js';
import { personOf } from '../decisions/voters.js';
import { lastRequest } from '../requests/requests.store.js';
import { countChallenges, insertChallenge, purgeChallenges } from './approval-challenges.store.js';
import { type EvidenceRow, evidenceRows } from './approval-evidence.views.js';
import { CHALLENGE_MS, OPEN_CHALLENGES } from './challenge-limits.js';
import { PasskeyAssertions } from './passkey-assertions.js';
import { approvalChallengeLimit, approvalNoPasskey } from './passkeys.errors.js';
import type { ChallengeBody } from './passkeys.dto.js';
import { challengeOfText, signedText } from '../../../kernel/signed-decisions/signed-decision.js';

const NONCE_BYTES = 32;

/** What a passkey is to sign before a decision, made here and good once. */
@Injectable()
export class ApprovalChallenges {
  constructor(
    private readonly database: Database,
    private readonly assertions: PasskeyAssertions,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * What a browser hands to `navigator.credentials.get`. Throws `approval-needs-person`,
   * `approval-not-open`, `approval-subject-changed`, `approval-no-passkey`, `approval-challenge-limit`,
   * `passkeys-unavailable`.
   */
  async options(ctx: Context, deploymentId: string, body: ChallengeBody) {
    const personId = personOf(ctx.actor);
    await this.database.transaction(ctx, (open) =>
      mustBeAllowed(open, deploymentId, Permission.ApprovalsDecide),
    );
    const rpID = this.assertions.rpId;
    const own = await this.database.system((tx) => passkeysOf(tx, personId));
    if (own.length === 0) throw approvalNoPasskey();
    const challenge = await this.database.transaction(ctx, (open) =>
      this.challenge(open, { deploymentId, personId, body }),
    );
    return generateAuthenticationOptions({
      rpID,
      challenge: Uint8Array.from(challenge),
      userVerification: 'required',
      timeout: CHALLENGE_MS,
      allowCredentials: own.map(credentialOf),
    });
  }

  /** Throws `deployment-not-found`. */
  evidence(ctx: Context, deploymentId: string): Promise<{ readonly items: EvidenceRow[] }> {
    return this.database.transaction(ctx, async (open) => {
      await mustBeAllowed(open, deploymentId, Permission.ApprovalsRead);
      await deploymentMustBeReadable(open, deploymentId);
      return { items: await evidenceRows(open, deploymentId) };
    });
  }

  private async challenge(
    open: OpenContext,
    asked: {
      readonly deploymentId: string;
      readonly personId: string;
      readonly body: ChallengeBody;
    },
  ): Promise<Buffer> {
    const { deploymentId, personId, body } = asked;
    const head = await lockForVerb(open, deploymentId);
    const request = await lastRequest(open, deploymentId);
    if (request?.status !== 'open') throw approvalNotOpen(head.status, request?.status ?? null);
    const { subjectDigest } = request;
    if (subjectDigest !== body.subjectDigest) throw approvalSubjectChanged(subjectDigest);
    const now = this.clock.now();
    await purgeChallenges(open, new Date(now));
    const count = await countChallenges(open, personId, new Date(now));
    if (count >= OPEN_CHALLENGES) throw approvalChallengeLimit();
    const { number: requestNumber, rules: policies } = request;
    const { decision } = body;
    const signed = signedText(
      {
        tenantId: open.tenantId,
        deploymentId,
        requestNumber,
        subjectDigest,
        decision,
        policies,
        personId,
      },
      randomBytes(NONCE_BYTES).toString('base64url'),
    );
    const challenge = challengeOfText(signed);
    const expiresAt = new Date(now + CHALLENGE_MS);
    const text = challenge.toString('base64url');
    await insertChallenge(open, { challenge: text, deploymentId, personId, signed, expiresAt });
    return challenge;
  }
}

function credentialOf({ credentialId, transports }: Passkey) {
  return { id: credentialId, transports: transports as never };
}
