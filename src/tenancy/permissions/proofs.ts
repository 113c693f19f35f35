import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/clock.js';
import { type Access, isAboutAccount } from '../../platform/http/access-rule.js';
import { peopleOnly, stepUpRequired } from '../../platform/http/http.errors.js';
import { ownSignInNeeded } from '../../platform/http/vouching.errors.js';
import type { SignedIn } from '../auth/authenticator.js';
import { isVouchedByTenant } from '../auth/vouching.js';
import { proofMethodsOf } from '../factors/proof-methods.js';
import { Entrance } from '../security/entrance.js';
import { PROOF_MS } from './proof-age.js';
import { Standings } from './standings.js';

/** What people must have shown beside a good token. */
@Injectable()
export class Proofs {
  constructor(
    private readonly standings: Standings,
    private readonly entrance: Entrance,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Throws `people-only`, `own-sign-in-needed`, `provider-sign-in-needed`, `mfa-enrollment-required`,
   * `step-up-required`, `provider-factor-needed`.
   */
  async check(access: Access, signedIn: SignedIn | null): Promise<void> {
    if (access.kind === 'agent' || access.kind === 'directory' || access.kind === 'public') return;
    const isStepUp = access.kind !== 'authenticated' && access.isStepUp === true;
    if (!signedIn) {
      if (access.kind === 'person' || isStepUp) throw peopleOnly();
      return;
    }
    if (isAboutAccount(access) && isVouchedByTenant(signedIn.signIn)) throw ownSignInNeeded();
    if (access.kind !== 'person' && !access.isForEnrolling) {
      await this.entrance.checkProvider(signedIn);
    }
    if (!access.isForEnrolling) await this.entrance.checkFactor(signedIn);
    if (isStepUp) await this.checkProof(signedIn);
  }

  /** Where only the change itself says how much it matters. Throws `people-only`, `step-up-required`. */
  async demand(signedIn: SignedIn | null): Promise<void> {
    if (!signedIn) throw peopleOnly();
    await this.checkProof(signedIn);
  }

  /** Before it refuses, it asks anew: another process may have been shown the proof a second ago. */
  private async checkProof({ userId, tenantId, sessionId, signIn }: SignedIn): Promise<void> {
    if (this.isFresh(signIn.provedAt)) return;
    const now = await this.standings.ask({ userId, tenantId, sessionId });
    if (now?.isSessionOpen === true && this.isFresh(now.signIn?.provedAt ?? null)) return;
    throw stepUpRequired(now ? proofMethodsOf(now) : [], signIn.providerId);
  }

  private isFresh(provedAt: number | null): boolean {
    return provedAt !== null && this.clock.now() - provedAt < PROOF_MS;
  }
}
