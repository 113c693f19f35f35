import { Inject, Injectable } from '@nestjs/common';
import {
  generateRegistrationOptions,
  type RegistrationResponseJSON,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import type { Clock } from '../../kernel/clock.js';
import { newId } from '../../kernel/ids.js';
import { limits } from '../../kernel/limits.js';
import { digestOfKey } from '../../kernel/signed-decisions/passkey-evidence.js';
import { CLOCK } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import type { SignedIn } from '../auth/authenticator.js';
import { Standings } from '../permissions/standings.js';
import { lockPerson } from '../users/users.store.js';
import { FactorChanges } from './factor-changes.js';
import { factorNotFound, passkeyExists, passkeyRefused } from './factors.errors.js';
import { factorEnrolled, passkeyRenamed, recoveryCodesMade } from './factors.events.js';
import { type Factor, listFactors } from './factors.store.js';
import { type Owner, refuseTooMany } from './factors.service.js';
import { PasskeyChallenges, type ReadChallenge } from './passkey-challenges.js';
import { challengeOf, userHandleOf } from './passkey-check.js';
import { readableKey } from './passkey-public-key.js';
import type { PasskeyRegistration } from './passkeys.dto.js';
import { answerChallenge, insertPasskey, passkeysOf, renamePasskey } from './passkeys.store.js';
import { RelyingParty } from './relying-party.js';

const TIMEOUT_MS = 5 * 60_000;

interface Made {
  readonly credentialId: string;
  readonly publicKey: Buffer;
  readonly counter: number;
}

/** A person's passkeys: enrolled, listed, named. */
@Injectable()
export class PasskeysService {
  constructor(
    private readonly db: Database,
    private readonly challenges: PasskeyChallenges,
    private readonly party: RelyingParty,
    private readonly changes: FactorChanges,
    private readonly standings: Standings,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  list({ userId }: SignedIn): Promise<Factor[]> {
    return this.db.system(async (tx) =>
      (await listFactors(tx, userId)).filter(({ kind }) => kind === 'passkey'),
    );
  }

  /** What a browser is to make a passkey of. Throws `passkeys-unavailable`, `factor-limit`. */
  async options({ userId, username, sessionId }: SignedIn) {
    const own = await this.db.system(async (tx) => {
      await refuseTooMany(tx, userId, 'passkey', limits.passkeysPerPerson);
      return passkeysOf(tx, userId);
    });
    return generateRegistrationOptions({
      rpName: this.party.name,
      rpID: this.party.id,
      userID: userHandleOf(userId),
      userName: username,
      challenge: this.challenges.make({ kind: 'enrol', sessionId }),
      timeout: TIMEOUT_MS,
      attestationType: 'none',
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      excludeCredentials: own.map(({ credentialId, transports }) => ({
        id: credentialId,
        transports: transports as never,
      })),
    });
  }

  /** Throws `passkey-refused`, `passkey-exists`, `factor-limit`. */
  async enrol(
    { ctx, signedIn, address }: Owner,
    { name, passkey }: { readonly name: string; readonly passkey: PasskeyRegistration },
  ) {
    const { username, sessionId } = signedIn;
    const challengeText = challengeOf(passkey.response.clientDataJSON);
    const challenge =
      challengeText && this.challenges.read(challengeText, { kind: 'enrol', sessionId });
    if (!challengeText || !challenge) throw passkeyRefused();
    const made = await this.made(passkey, challengeText);
    const transports = passkey.response.transports ?? [];
    const id = newId();
    const { credentialId, publicKey } = made;
    const publicKeyDigest = digestOfKey(readableKey(publicKey).publicKey);
    const which = { kind: 'passkey', factorId: id, address, credentialId, publicKeyDigest };
    const enrolled = factorEnrolled(username, which);
    const recoveryCodes = await this.db.system(async (tx) => {
      await this.insert(tx, signedIn, challenge, { ...made, id, name, transports });
      await this.db.record(tx, ctx, enrolled);
      const codes = await this.changes.enrolled(tx, signedIn);
      if (codes) await this.db.record(tx, ctx, recoveryCodesMade(username, { address }));
      return codes;
    });
    this.standings.forget(signedIn);
    return { id, recoveryCodes };
  }

  /** Throws `factor-not-found`. */
  async rename({ ctx, signedIn, address }: Owner, id: string, name: string): Promise<void> {
    const { userId, username } = signedIn;
    const renamed = passkeyRenamed(username, { kind: 'passkey', factorId: id, address, name });
    await this.db.system(async (tx) => {
      if (!(await renamePasskey(tx, { userId, id, name }))) throw factorNotFound();
      await this.db.record(tx, ctx, renamed);
    });
  }

  private async insert(
    tx: SystemTransaction,
    { userId }: SignedIn,
    challenge: ReadChallenge,
    made: Made & {
      readonly id: string;
      readonly name: string;
      readonly transports: readonly string[];
    },
  ): Promise<void> {
    const now = new Date(this.clock.now());
    await lockPerson(tx, userId);
    if (!(await answerChallenge(tx, { ...challenge, now }))) throw passkeyRefused();
    await refuseTooMany(tx, userId, 'passkey', limits.passkeysPerPerson);
    if (!(await insertPasskey(tx, { ...made, userId, now }))) throw passkeyExists();
  }

  private async made(passkey: PasskeyRegistration, expectedChallenge: string): Promise<Made> {
    const { id: expectedRPID, origin: expectedOrigin } = this.party;
    try {
      const { verified, registrationInfo } = await verifyRegistrationResponse({
        response: passkey as RegistrationResponseJSON,
        expectedChallenge,
        expectedOrigin,
        expectedRPID,
        requireUserVerification: true,
      });
      if (verified) {
        const { id: credentialId, publicKey, counter } = registrationInfo.credential;
        return { credentialId, publicKey: Buffer.from(publicKey), counter };
      }
    } catch {
      // The library throws for each of its reasons; whoever tries them out learns none.
    }
    throw passkeyRefused();
  }
}
