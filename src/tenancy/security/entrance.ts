import { Injectable } from '@nestjs/common';
import { mfaEnrollmentRequired, stepUpRequired } from '../../platform/http/http.errors.js';
import type { SignInFacts } from '../auth/refresh-token.js';
import { proofMethodsOf } from '../factors/proof-methods.js';
import type { HeldRole } from '../permissions/bindings.js';
import { Standings } from '../permissions/standings.js';
import { networkNotAllowed } from './security.errors.js';
import { SecurityPolicies } from './security-policies.js';

interface Entering {
  readonly userId: string;
  readonly tenantId: string;
  readonly sessionId: string;
  readonly roles: readonly HeldRole[];
  readonly signIn: SignInFacts;
}

/** What a tenant demands before anything else is asked: from where, and with what shown. */
@Injectable()
export class Entrance {
  constructor(
    private readonly policies: SecurityPolicies,
    private readonly standings: Standings,
  ) {}

  /** For people and machines alike. Throws `network-not-allowed`. */
  async checkNetwork(tenantId: string, address: string): Promise<void> {
    if (await this.policies.isAllowedFrom(tenantId, address)) return;
    throw networkNotAllowed(address);
  }

  /**
   * Before it refuses, it asks anew: the factor may have been shown to another process a second ago.
   * Throws `mfa-enrollment-required`, and `step-up-required` when there is one to show.
   */
  async checkFactor({ userId, tenantId, sessionId, roles, signIn }: Entering): Promise<void> {
    if (signIn.hasFactor) return;
    if (!(await this.policies.demandsFactorOf(tenantId, roles))) return;
    const now = await this.standings.ask({ userId, tenantId, sessionId });
    if (now?.isSessionOpen === true && now.signIn?.hasFactor === true) return;
    if (now && now.factors.length > 0) throw stepUpRequired(proofMethodsOf(now));
    throw mfaEnrollmentRequired();
  }
}
