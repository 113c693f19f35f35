import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../../kernel/clock.js';
import { CLOCK } from '../../../platform/clock.js';
import type { OpenContext } from '../../../platform/context.js';
import { challengeOf } from '../../../tenancy/factors/passkey-check.js';
import { passkeyAssertion } from '../../../tenancy/factors/passkeys.dto.js';
import { approvalPasskeyRequired } from '../approvals.errors.js';
import { DecisionProofs, type Evidence, type ProofAsked } from '../decisions/decision-proof.js';
import { personOf } from '../decisions/voters.js';
import { answerChallenge } from './approval-challenges.store.js';
import { PasskeyAssertions } from './passkey-assertions.js';
import { approvalSignatureRefused } from './passkeys.errors.js';
import {
  type DecisionAsked,
  type SignedDecision,
  signedText,
} from '../../../kernel/signed-decisions/signed-decision.js';

/** Decisions that a passkey has signed: this one, of this person, about this subject, once. */
@Injectable()
export class PasskeyProofs extends DecisionProofs {
  constructor(
    private readonly assertions: PasskeyAssertions,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    super();
  }

  /** Throws `approval-passkey-required`, `approval-signature-refused`. */
  async check(open: OpenContext, asked: ProofAsked): Promise<Evidence | null> {
    const { rules, assertion: shown } = asked;
    if (shown === undefined) {
      if (rules[0]) throw approvalPasskeyRequired(rules[0].name);
      return null;
    }
    const parsed = passkeyAssertion.safeParse(shown);
    if (!parsed.success) throw approvalSignatureRefused();
    const personId = personOf(open.actor);
    const challenge = challengeOf(parsed.data.response.clientDataJSON);
    if (challenge === null) throw approvalSignatureRefused();
    const signed = await this.answered(open, challenge, decisionOf(open, asked, personId));
    // The object that came, not the copy of it: tried again, the transaction shows the same one.
    const evidence = await this.assertions.check({
      assertion: shown as never,
      personId,
      signed,
      challenge,
    });
    return { ...evidence };
  }

  /**
   * What was to be signed with that challenge, made anew from what is decided here: whatever differs is
   * another text. Its nonce is the only part that is taken from what was stored.
   */
  private async answered(
    open: OpenContext,
    challenge: string,
    asked: DecisionAsked,
  ): Promise<string> {
    const now = new Date(this.clock.now());
    const { personId } = asked;
    const stored = await answerChallenge(open, { challenge, personId, now });
    if (stored === undefined) throw approvalSignatureRefused();
    const { nonce } = JSON.parse(stored) as SignedDecision;
    if (signedText(asked, nonce) !== stored) throw approvalSignatureRefused();
    return stored;
  }
}

function decisionOf(
  { tenantId }: OpenContext,
  { request, verb }: ProofAsked,
  personId: string,
): DecisionAsked {
  const { deploymentId, number: requestNumber, subjectDigest, rules: policies } = request;
  return {
    tenantId,
    deploymentId,
    requestNumber,
    subjectDigest,
    decision: verb,
    policies,
    personId,
  };
}
