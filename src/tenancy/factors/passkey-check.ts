import { Inject, Injectable } from '@nestjs/common';
import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  verifyAuthenticationResponse,
} from '@simplewebauthn/server';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import {
  type ChallengePurpose,
  PasskeyChallenges,
  type ReadChallenge,
} from './passkey-challenges.js';
import { passkeyRefused } from './factors.errors.js';
import type { PasskeyAssertion } from './passkeys.dto.js';
import {
  advancePasskey,
  answerChallenge,
  findPasskey,
  type Passkey,
  passkeysOf,
} from './passkeys.store.js';
import { RelyingParty } from './relying-party.js';

const TIMEOUT_MS = 5 * 60_000;

/** What a passkey has signed and is right; it counts when it is accepted. */
export interface CheckedAssertion {
  readonly passkey: Passkey;
  readonly challenge: ReadChallenge;
  readonly newCounter: number;
}

/** `copied`: somebody else has used the same passkey, or a copy of it. */
export type AssertionOutcome = 'accepted' | 'answered-before' | 'copied';

/** Passkeys as they are shown: at sign-in, beside a password, and for a step-up. */
@Injectable()
export class PasskeyCheck {
  constructor(
    private readonly db: Database,
    private readonly challenges: PasskeyChallenges,
    private readonly party: RelyingParty,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * What a browser is to ask its passkeys. With `userId` only theirs will do; without, whichever is of
   * this server, so that nobody learns who has one. Throws `passkeys-unavailable`.
   */
  async options(purpose: ChallengePurpose, userId: string | null) {
    const own = userId === null ? [] : await this.db.system((tx) => passkeysOf(tx, userId));
    return generateAuthenticationOptions({
      rpID: this.party.id,
      challenge: this.challenges.make(purpose),
      userVerification: 'required',
      timeout: TIMEOUT_MS,
      allowCredentials: own.map(({ credentialId, transports }) => ({
        id: credentialId,
        transports: transports as never,
      })),
    });
  }

  /** Throws `passkey-refused` for all that is not right, and does not say why. */
  async check(assertion: PasskeyAssertion, purpose: ChallengePurpose): Promise<CheckedAssertion> {
    const challengeText = challengeOf(assertion.response.clientDataJSON);
    const challenge = challengeText && this.challenges.read(challengeText, purpose);
    if (!challengeText || !challenge) throw passkeyRefused();
    const passkey = await this.db.system((tx) => findPasskey(tx, assertion.id));
    if (!passkey || !isOwnHandle(assertion.response.userHandle, passkey.userId)) {
      throw passkeyRefused();
    }
    const newCounter = await this.counterOf(assertion, challengeText, passkey);
    return { passkey, challenge, newCounter };
  }

  /** Its challenge is answered, and its counter stands where it says; over all processes once. */
  async accept({ passkey, challenge, newCounter }: CheckedAssertion): Promise<AssertionOutcome> {
    const { userId, id } = passkey;
    const now = new Date(this.clock.now());
    return this.db.system(async (tx) => {
      if (!(await answerChallenge(tx, { ...challenge, now }))) return 'answered-before';
      const isNewer = await advancePasskey(tx, { userId, id, counter: newCounter, now });
      return isNewer ? 'accepted' : 'copied';
    });
  }

  private async counterOf(
    assertion: PasskeyAssertion,
    expectedChallenge: string,
    { credentialId, publicKey }: Passkey,
  ): Promise<number> {
    const { id: expectedRPID, origin: expectedOrigin } = this.party;
    try {
      const { verified, authenticationInfo } = await verifyAuthenticationResponse({
        response: assertion as AuthenticationResponseJSON,
        expectedChallenge,
        expectedOrigin,
        expectedRPID,
        requireUserVerification: true,
        // The counter is compared where it is written, so that two at once cannot both be newer.
        credential: { id: credentialId, publicKey: Uint8Array.from(publicKey), counter: 0 },
      });
      if (verified) return authenticationInfo.newCounter;
    } catch {
      // The library throws for each of its reasons; whoever tries them out learns none.
    }
    throw passkeyRefused();
  }
}

/** Null: it is not of the form that browsers write. */
export function challengeOf(clientDataJson: string): string | null {
  try {
    const data: unknown = JSON.parse(Buffer.from(clientDataJson, 'base64url').toString('utf8'));
    const { challenge } = data as { challenge?: unknown };
    return typeof challenge === 'string' ? challenge : null;
  } catch {
    return null;
  }
}

/** What passkeys carry as the name of their owner. */
export function userHandleOf(userId: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(userId.replaceAll('-', ''), 'hex'));
}

function isOwnHandle(handle: string | null | undefined, userId: string): boolean {
  if (handle === null || handle === undefined) return true;
  return Buffer.from(handle, 'base64url').equals(userHandleOf(userId));
}
