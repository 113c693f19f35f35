import { Inject, Injectable } from '@nestjs/common';
import {
  type AuthenticationResponseJSON,
  verifyAuthenticationResponse,
} from '@simplewebauthn/server';
import type { Clock } from '../../../kernel/clock.js';
import { CLOCK } from '../../../platform/clock.js';
import { Config } from '../../../platform/config/config.js';
import { Database } from '../../../platform/database/database.js';
import { Logger } from '../../../platform/logging/logger.js';
import type { PasskeyAssertion } from '../../../tenancy/factors/passkeys.dto.js';
import {
  advancePasskey,
  findPasskey,
  type Passkey,
} from '../../../tenancy/factors/passkeys.store.js';
import { RelyingParty } from '../../../tenancy/factors/relying-party.js';
import {
  faultOf,
  type PasskeyEvidence,
} from '../../../kernel/signed-decisions/passkey-evidence.js';
import { approvalSignatureRefused } from './passkeys.errors.js';
import { readableKey } from '../../../tenancy/factors/passkey-public-key.js';

/** What the person's passkey is held against. */
export interface AssertionAsked {
  readonly assertion: PasskeyAssertion;
  readonly personId: string;
  /** What was to be signed. */
  readonly signed: string;
  /** base64url of its hash. */
  readonly challenge: string;
}

/** Passkeys under decisions: of whom, for this site, with a person before them, and no copy. */
@Injectable()
export class PasskeyAssertions {
  private readonly party: RelyingParty;
  private readonly log: Logger;
  /** A transaction that is tried again shows the same assertion: its counter has moved already. */
  private readonly checked = new WeakMap<PasskeyAssertion, Promise<PasskeyEvidence>>();

  constructor(
    private readonly db: Database,
    config: Config,
    logger: Logger,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    this.party = new RelyingParty(config);
    this.log = logger.child({ part: 'approvals' });
  }

  /** Throws `passkeys-unavailable`. */
  get rpId(): string {
    return this.party.id;
  }

  /** Throws `approval-signature-refused` for all that is not right, and does not say why. */
  check(asked: AssertionAsked): Promise<PasskeyEvidence> {
    const { assertion } = asked;
    const known = this.checked.get(assertion) ?? this.checkOnce(asked);
    this.checked.set(assertion, known);
    return known;
  }

  private async checkOnce({
    assertion,
    personId,
    signed,
    challenge,
  }: AssertionAsked): Promise<PasskeyEvidence> {
    const passkey = await this.db.system((tx) => findPasskey(tx, assertion.id));
    if (passkey?.userId !== personId) throw approvalSignatureRefused();
    const counter = await this.counterOf(assertion, challenge, passkey);
    const { clientDataJSON, authenticatorData, signature } = assertion.response;
    const evidence: PasskeyEvidence = {
      kind: 'passkey',
      signed,
      rpId: this.party.id,
      origin: this.party.origin,
      credentialId: assertion.id,
      ...readableKey(passkey.publicKey),
      clientDataJSON,
      authenticatorData,
      signature,
    };
    // What is kept must convince whoever has nothing else: better refused now than doubted later.
    const fault = faultOf(evidence);
    if (fault !== null) throw approvalSignatureRefused();
    await this.advance(passkey, counter);
    return evidence;
  }

  private async counterOf(
    assertion: PasskeyAssertion,
    expectedChallenge: string,
    { credentialId, publicKey }: Passkey,
  ): Promise<number> {
    try {
      const { verified, authenticationInfo } = await verifyAuthenticationResponse({
        response: assertion as AuthenticationResponseJSON,
        expectedChallenge,
        expectedOrigin: this.party.origin,
        expectedRPID: this.party.id,
        requireUserVerification: true,
        // The counter is compared where it is written, so that two at once cannot both be newer.
        credential: { id: credentialId, publicKey: Uint8Array.from(publicKey), counter: 0 },
      });
      if (verified) return authenticationInfo.newCounter;
    } catch {
      // The library throws for each of its reasons; whoever tries them out learns none.
    }
    throw approvalSignatureRefused();
  }

  private async advance({ userId, id }: Passkey, counter: number): Promise<void> {
    const now = new Date(this.clock.now());
    const isNewer = await this.db.system((tx) => advancePasskey(tx, { userId, id, counter, now }));
    if (isNewer) return;
    this.log.warn(
      { userId, factorId: id },
      'a passkey under a decision was used elsewhere meanwhile: there may be a copy of it',
    );
    throw approvalSignatureRefused();
  }
}
