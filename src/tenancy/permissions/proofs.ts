import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/clock.js';
import type { Access } from '../../platform/http/access-rule.js';
import { peopleOnly, stepUpRequired } from '../../platform/http/http.errors.js';
import type { SignedIn } from '../auth/authenticator.js';
import { Standings } from './standings.js';

/** How long a proof that it is they lets people do what matters most. */
export const PROOF_MS = 5 * 60_000;

/** What people must have shown beside a good token. */
@Injectable()
export class Proofs {
  constructor(
    private readonly standings: Standings,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Throws `people-only`, `step-up-required`. */
  async check(access: Access, signedIn: SignedIn | null): Promise<void> {
    if (access.kind !== 'permission' && access.kind !== 'person') return;
    if (!signedIn) {
      if (access.kind === 'person' || access.isStepUp) throw peopleOnly();
      return;
    }
    if (access.isStepUp && !(await this.isProved(signedIn))) throw stepUpRequired(['password']);
  }

  /** Before it refuses, it asks anew: another process may have been shown the proof a second ago. */
  private async isProved({ userId, tenantId, sessionId, signIn }: SignedIn): Promise<boolean> {
    if (this.isFresh(signIn.provedAt)) return true;
    const now = await this.standings.ask({ userId, tenantId, sessionId });
    return now?.isSessionOpen === true && this.isFresh(now.signIn?.provedAt ?? null);
  }

  private isFresh(provedAt: number | null): boolean {
    return provedAt !== null && this.clock.now() - provedAt < PROOF_MS;
  }
}
