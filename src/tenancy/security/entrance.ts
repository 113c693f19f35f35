import { Injectable } from '@nestjs/common';
import { mfaEnrollmentRequired, stepUpRequired } from '../../platform/http/http.errors.js';
import { providerFactorNeeded, providerSignInNeeded } from '../../platform/http/vouching.errors.js';
import type { SignInFacts } from '../auth/refresh-token.js';
import { isVouchedByTenant } from '../auth/vouching.js';
import { proofMethodsOf } from '../factors/proof-methods.js';
import type { HeldRole } from '../permissions/bindings.js';
import { Standings } from '../permissions/standings.js';
import { providersDemandedOf } from './provider-demand.js';
import { networkNotAllowed } from './security.errors.js';
import { SecurityPolicies } from './security-policies.js';

interface Entering {
  readonly userId: string;
  readonly username: string;
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
   * Throws `mfa-enrollment-required`, `step-up-required` when there is one to show, and
   * `provider-factor-needed` where neither would do.
   */
  async checkFactor({ userId, tenantId, sessionId, roles, signIn }: Entering): Promise<void> {
    if (signIn.hasFactor) return;
    if (!(await this.policies.demandsFactorOf(tenantId, roles))) return;
    const now = await this.standings.ask({ userId, tenantId, sessionId });
    if (now?.isSessionOpen === true && now.signIn?.hasFactor === true) return;
    const provider = await this.vouching(tenantId, signIn);
    const isThere = provider?.countsAsFactor === true;
    if (now && now.factors.length > 0) {
      throw stepUpRequired(proofMethodsOf(now), isThere ? provider.id : null);
    }
    if (isThere) throw stepUpRequired([], provider.id);
    // Factors are the account's, and closed to such a session: there is nothing that it could enrol.
    if (isVouchedByTenant(signIn)) throw providerFactorNeeded();
    throw mfaEnrollmentRequired();
  }

  /**
   * Where the tenant demands a provider. Not asked about the account, which is no tenant's: whoever has yet
   * to link that provider signs in by their own means and finds just that open. Throws
   * `provider-sign-in-needed`.
   */
  async checkProvider({ tenantId, ...who }: Omit<Entering, 'userId' | 'sessionId'>): Promise<void> {
    const providers = await this.policies.providersOf(tenantId);
    const demanded = providersDemandedOf(providers, tenantId, who);
    if (demanded.length > 0) throw providerSignInNeeded(demanded);
  }

  private async vouching(tenantId: string, { providerId }: SignInFacts) {
    const providers = await this.policies.providersOf(tenantId);
    return providers.find(({ id }) => id === providerId);
  }
}
