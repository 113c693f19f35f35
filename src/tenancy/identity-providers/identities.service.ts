import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { limits } from '../../kernel/limits.js';
import { CLOCK } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Sealer } from '../../platform/sealing/sealer.js';
import { ownSignInNeeded } from '../../platform/http/vouching.errors.js';
import { contextOfPerson, type RequestOrigin } from '../auth/authentication-audit.js';
import type { SignedIn } from '../auth/authenticator.js';
import { isVouchedByTenant } from '../auth/vouching.js';
import { Standings } from '../permissions/standings.js';
import { PLATFORM_TENANT } from '../tenants/platform-tenant.js';
import { type AnsweredSignIn, AnsweredSignIns, type CodeAndVerifier } from './answered-sign-ins.js';
import {
  accountOfIdentity,
  identitiesOf,
  insertIdentity,
  type LinkedIdentity,
  lockWaysIn,
  removeIdentity,
} from './external-identities.store.js';
import type { SignInProvider } from './identity-provider.js';
import {
  identityLimit,
  identityNotFound,
  identityProviderNotFound,
  identityTaken,
  lastSignInWay,
  identityProviderRefused,
  signInCodeRefused,
  signInRedirectInvalid,
} from './identity-provider.errors.js';
import { identityLinked, identityUnlinked, proofGiven } from './identity-providers.events.js';
import { OwnAddress } from './own-address.js';
import { enabledProvider } from './providers.queries.js';
import { isOwnRedirect, sealTicket } from './sign-in-flow.js';
import { endOidcSessionsOf, proveSession } from './vouched-sessions.js';

/** Two clocks may be so far apart. */
const SKEW_MS = 30_000;

interface Asked {
  readonly redirect: string;
  readonly challenge: string;
}

/** The identities at providers that are linked to an account: by its person, while signed in. */
@Injectable()
export class IdentitiesService {
  constructor(
    private readonly database: Database,
    private readonly answers: AnsweredSignIns,
    private readonly standings: Standings,
    private readonly sealer: Sealer,
    private readonly address: OwnAddress,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  list({ userId }: SignedIn): Promise<LinkedIdentity[]> {
    return this.database.system((tx) => identitiesOf(tx, userId));
  }

  /** Throws `identity-provider-not-found`, `sign-in-redirect-invalid`. */
  async startLink(signedIn: SignedIn, providerId: string, asked: Asked): Promise<{ url: string }> {
    await this.providerFor(signedIn, providerId);
    return this.ticket(signedIn, providerId, { purpose: 'link', ...asked });
  }

  /** By the provider that vouches for the session. Throws as above. */
  async startProof(signedIn: SignedIn, providerId: string, asked: Asked): Promise<{ url: string }> {
    if (signedIn.signIn.providerId !== providerId) throw identityProviderNotFound();
    await this.providerFor(signedIn, providerId);
    return this.ticket(signedIn, providerId, { purpose: 'prove', ...asked });
  }

  /**
   * Throws `sign-in-code-refused`, `identity-taken`, `identity-limit`, `own-sign-in-needed`,
   * `identity-provider-refused`.
   */
  async complete(
    signedIn: SignedIn,
    body: CodeAndVerifier,
    origin: RequestOrigin,
  ): Promise<{ purpose: 'link' | 'prove' }> {
    const answered = await this.answers.find(body, ['link', 'prove']);
    const { flow, provider } = answered;
    await this.answers.use(body);
    const isTheirs = flow.userId === signedIn.userId && flow.sessionId === signedIn.sessionId;
    if (!isTheirs) throw signInCodeRefused();
    if (flow.purpose === 'link') await this.link(signedIn, answered);
    else await this.prove(signedIn, answered);
    const told = flow.purpose === 'link' ? identityLinked : proofGiven;
    const ctx = contextOfPerson(
      { id: signedIn.userId, username: signedIn.username },
      signedIn.tenantId,
      origin.requestId,
    );
    const event = told(signedIn.username, { provider: provider.name, address: origin.address });
    await this.database.transaction(ctx, (open) => open.record(event));
    return { purpose: flow.purpose === 'link' ? 'link' : 'prove' };
  }

  /** Throws `identity-not-found`, `last-sign-in-way`. */
  async unlink(signedIn: SignedIn, id: string, origin: RequestOrigin): Promise<void> {
    const { userId, username, tenantId, sessionId } = signedIn;
    const now = new Date(this.clock.now());
    const issuer = await this.database.system(async (tx) => {
      const hasPassword = await lockWaysIn(tx, userId);
      const all = await identitiesOf(tx, userId);
      const found = all.find((one) => one.id === id);
      if (!found) throw identityNotFound();
      if (!hasPassword && all.length === 1) throw lastSignInWay();
      await removeIdentity(tx, userId, id);
      // Which of them it has vouched for does not stand in a session: all that a provider did are over.
      await endOidcSessionsOf(tx, { userId, except: sessionId, now });
      return found.issuer;
    });
    const ctx = contextOfPerson({ id: userId, username }, tenantId, origin.requestId);
    const event = identityUnlinked(username, { issuer, address: origin.address });
    await this.database.transaction(ctx, (open) => open.record(event));
  }

  private ticket(
    { userId, sessionId }: SignedIn,
    providerId: string,
    { purpose, redirect, challenge }: Asked & { readonly purpose: 'link' | 'prove' },
  ): { url: string } {
    if (!isOwnRedirect(redirect)) throw signInRedirectInvalid();
    const until = this.clock.now() + limits.signInTicketMs;
    const request = { purpose, providerId, redirect, challenge, userId, sessionId, until };
    return { url: this.address.startOf(providerId, sealTicket(this.sealer, request)) };
  }

  /** Only those of the tenant of the session, and the platform's. */
  private async providerFor({ tenantId }: SignedIn, id: string): Promise<SignInProvider> {
    const provider = await this.database.system((tx) => enabledProvider(tx, id));
    const isNear = provider?.tenantId === tenantId || provider?.tenantId === PLATFORM_TENANT.id;
    if (!provider || !isNear) throw identityProviderNotFound();
    return provider;
  }

  private async link(signedIn: SignedIn, { person }: AnsweredSignIn): Promise<void> {
    // The route is open to those who prove themselves, and they are vouched for.
    if (isVouchedByTenant(signedIn.signIn)) throw ownSignInNeeded();
    const { userId } = signedIn;
    const now = new Date(this.clock.now());
    await this.database.system(async (tx) => {
      await lockWaysIn(tx, userId);
      const all = await identitiesOf(tx, userId);
      if (all.length >= limits.identitiesPerPerson) throw identityLimit();
      if (!(await insertIdentity(tx, person, { userId, now }))) throw identityTaken();
    });
  }

  /** The same person, and shown anew since they asked: not what the issuer remembers of them. */
  private async prove(
    { userId, tenantId, sessionId }: SignedIn,
    { person, flow }: AnsweredSignIn,
  ): Promise<void> {
    const shown = person.authenticatedAt;
    if (shown === null || shown < flow.startedAt - SKEW_MS)
      throw identityProviderRefused('no-fresh-proof');
    const now = this.clock.now();
    await this.database.system(async (tx) => {
      const account = await accountOfIdentity(tx, person);
      if (account?.id !== userId) throw identityProviderRefused('somebody-else');
      await proveSession(tx, { sessionId, hasFactor: person.hasFactor, now });
    });
    this.standings.forget({ userId, tenantId, sessionId });
  }
}
