import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { Grants } from '../../kernel/grants.js';
import { CLOCK } from '../../platform/clock.js';
import { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { networkOf } from '../../platform/http/client-address.js';
import {
  AuthenticationAudit,
  contextOfPerson,
  type RequestOrigin,
} from '../auth/authentication-audit.js';
import type { Tokens } from '../auth/authentication.dto.js';
import { AuthenticationService, type Entered } from '../auth/authentication.service.js';
import { chooseTenant, type TenantChoice } from '../auth/choose-tenant.js';
import type { Carrier, SignInFacts } from '../auth/refresh-token.js';
import { Sessions } from '../auth/sessions.js';
import { rolesThatCount } from '../auth/vouching.js';
import { Standings } from '../permissions/standings.js';
import { insertMembership } from '../users/memberships.store.js';
import { PLATFORM_TENANT } from '../tenants/platform-tenant.js';
import { isGone } from '../tenants/tenant.js';
import { type AnsweredSignIn, AnsweredSignIns, type CodeAndVerifier } from './answered-sign-ins.js';
import { applyClaims } from './claimed-roles.js';
import { isMember } from './claimed-roles.store.js';
import { DomainsService } from './domains.service.js';
import {
  accountOfIdentity,
  type LinkedAccount,
  touchIdentity,
} from './external-identities.store.js';
import { verifiedDomainOf } from './external-person.js';
import {
  identityProviderNotFound,
  invitationNeeded,
  roleNeeded,
} from './identity-provider.errors.js';
import { memberAdmitted } from './identity-providers.events.js';
import { admit, createLinkedAccount } from './joining.js';

interface Completing extends CodeAndVerifier {
  readonly tenant?: string | undefined;
}

interface Entering {
  readonly account: Pick<LinkedAccount, 'id' | 'username'>;
  readonly tenant: TenantChoice;
  readonly isNewAccount: boolean;
}

/** Tokens for whoever a provider has vouched for. */
@Injectable()
export class OidcSignIn {
  constructor(
    private readonly database: Database,
    private readonly answers: AnsweredSignIns,
    private readonly domains: DomainsService,
    private readonly authentication: AuthenticationService,
    private readonly sessions: Sessions,
    private readonly standings: Standings,
    private readonly audit: AuthenticationAudit,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Throws `sign-in-code-refused`, `identity-provider-not-found`, `invitation-needed`, `role-needed`,
   * `account-unlinked`, `identity-taken`, `tenant-required`, `network-not-allowed`.
   */
  async complete(body: Completing, origin: RequestOrigin): Promise<Tokens> {
    return this.authentication.tokensFor(await this.enter(body, origin, 'tokens'));
  }

  /** As above. */
  async enter(body: Completing, origin: RequestOrigin, carrier: Carrier): Promise<Entered> {
    const answered = await this.answers.find(body, ['sign-in']);
    const { person, provider } = answered;
    const domain = verifiedDomainOf(person);
    if (domain !== null) await this.domains.refresh(provider.tenantId, domain);
    const known = await this.database.system((tx) => accountOfIdentity(tx, person));
    if (known?.isDisabled) throw roleNeeded();
    // Before it is used up: whoever must say which tenant shows the same code again.
    const tenant = tenantFor(answered, known, body.tenant);
    await this.answers.use(body);
    const ctx = known ? contextOfPerson(known, tenant.id, origin.requestId) : nobody(tenant.id);
    const username = known?.username ?? person.username ?? 'unknown';
    // Before anybody becomes a member of anything.
    await this.authentication.checkNetwork(ctx, username, origin);
    const account = known ?? (await this.newAccount(answered));
    const entering = { account, tenant, isNewAccount: !known };
    await this.letIn(answered, entering, origin);
    return this.open(answered, entering, { origin, carrier });
  }

  /** Throws `invitation-needed`, `account-unlinked`, `identity-taken`. */
  private async newAccount({ provider, person }: AnsweredSignIn) {
    const ctx = nobody(provider.tenantId);
    const admitted = await this.database.transaction(ctx, (open) => admit(open, provider, person));
    if (!admitted) throw invitationNeeded();
    const { email } = admitted;
    const now = new Date(this.clock.now());
    return this.database.system((tx) => createLinkedAccount(tx, person, { email, now }));
  }

  /** Makes them a member if a rule says so, and their roles what their claims say. */
  private async letIn(
    { provider, person }: AnsweredSignIn,
    { account, tenant, isNewAccount }: Entering,
    { address, requestId }: RequestOrigin,
  ): Promise<void> {
    const { id: userId, username } = account;
    const now = new Date(this.clock.now());
    await this.database.system((tx) => touchIdentity(tx, person, now));
    // The platform's provider says who somebody is; what they are in a tenant is the tenant's.
    if (tenant.id !== provider.tenantId) return;
    const ctx = contextOfPerson(account, tenant.id, requestId);
    await this.database.transaction(ctx, async (open) => {
      if (!(await isMember(open, userId))) {
        if (!(await admit(open, provider, person))) throw invitationNeeded();
        await insertMembership(open, userId, 'claim');
        const at = { provider: provider.name, address, isNewAccount };
        await open.record(memberAdmitted(username, at));
      }
      await applyClaims(open, provider, { userId, username, person });
    });
  }

  private async open(
    { provider, person }: AnsweredSignIn,
    { account, tenant }: Entering,
    { origin, carrier }: { readonly origin: RequestOrigin; readonly carrier: Carrier },
  ): Promise<Entered> {
    const who = { userId: account.id, tenantId: tenant.id };
    const signIn: SignInFacts = {
      method: 'oidc',
      providerId: provider.id,
      providerTenantId: provider.tenantId,
      signedInAt: this.clock.now(),
      provedAt: this.provedAt(person.authenticatedAt),
      hasFactor: person.hasFactor,
      client: origin.client,
      network: networkOf(origin.address),
    };
    const standing = await this.standings.ask({ ...who, sessionId: null });
    const roles = rolesThatCount(signIn, standing?.roles ?? []);
    if (!standing || standing.isDisabled || roles.length === 0) throw roleNeeded();
    if (isGone(standing.tenantStatus)) throw identityProviderNotFound();
    await this.sessions.tidy(who);
    const ctx = contextOfPerson(account, tenant.id, origin.requestId);
    const opened = await this.database.transaction(ctx, async (open) => {
      await this.audit.loggedIn(open, account, origin, signIn);
      return this.sessions.open(open, account.id, signIn, carrier);
    });
    const session = { ...who, sessionId: opened.sessionId };
    return { session, standing: { ...standing, signIn }, opened, recoveryCodesLeft: null };
  }

  /** The issuer's clock may go ahead of ours; a proof of tomorrow would be good for too long. */
  private provedAt(authenticatedAt: number | null): number | null {
    return authenticatedAt && Math.min(authenticatedAt, this.clock.now());
  }
}

/**
 * A tenant's provider vouches for people in that tenant and nowhere else; the platform's in each that
 * they are a member of. Throws `tenant-required`, `invitation-needed`.
 */
function tenantFor(
  { provider }: AnsweredSignIn,
  known: LinkedAccount | undefined,
  named: string | undefined,
): TenantChoice {
  const own = { id: provider.tenantId, slug: provider.tenantSlug };
  if (own.id !== PLATFORM_TENANT.id) {
    if (named !== undefined && named !== own.slug) throw invitationNeeded();
    return own;
  }
  const tenants = known?.tenants ?? [];
  if (tenants.length === 0 && (named === undefined || named === own.slug)) return own;
  const chosen = named === own.slug ? own : chooseTenant(tenants, named);
  if (!chosen) throw invitationNeeded();
  return chosen;
}

function nobody(tenantId: string): Context {
  return new Context({
    tenantId,
    actor: { kind: 'system', id: 'login', name: 'anonymous', personId: null },
    grants: Grants.none,
    requestId: 'sign-in',
  });
}
