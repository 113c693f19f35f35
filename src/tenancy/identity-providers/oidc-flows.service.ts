import { Inject, Injectable } from '@nestjs/common';
import * as oidc from 'openid-client';
import type { Clock } from '../../kernel/clock.js';
import { DomainError } from '../../kernel/errors.js';
import { Grants } from '../../kernel/grants.js';
import { limits } from '../../kernel/limits.js';
import { CLOCK } from '../../platform/clock.js';
import { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { Logger } from '../../platform/logging/logger.js';
import { Sealer } from '../../platform/sealing/sealer.js';
import type { RequestOrigin } from '../auth/authentication-audit.js';
import { isHashOfAccessToken } from './access-token-hash.js';
import { externalPersonOf } from './external-person.js';
import type { SignInProvider } from './identity-provider.js';
import {
  identityProviderNotFound,
  identityProviderRefused,
  signInAnswerRefused,
  signInRedirectInvalid,
  signInTicketRefused,
} from './identity-provider.errors.js';
import { providerSignInRefused } from './identity-providers.events.js';
import { Issuers } from './issuers.js';
import { reasonOf, toldIssuerError } from './issuer-failures.js';
import { OwnAddress } from './own-address.js';
import { enabledProvider } from './providers.queries.js';
import { keepAnswer, takeAnswer } from './sign-in-answers.store.js';
import {
  challengeOf,
  cookieName,
  hashOf,
  isOwnRedirect,
  openFlow,
  openTicket,
  randomText,
  sealFlow,
  type SignInFlow,
  type SignInRequest,
  withQuery,
} from './sign-in-flow.js';

export interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly maxAgeSeconds: number;
}

/** Where the browser goes next, and what it keeps or forgets on the way. */
export interface Redirection {
  readonly location: string;
  readonly cookie: Cookie;
}

interface Asked {
  readonly redirect?: string | undefined;
  readonly challenge?: string | undefined;
  readonly ticket?: string | undefined;
}

/** An answer that came back to us, with the cookie of the browser that brought it. */
export interface Returned {
  readonly providerId: string;
  /** Of the request, as it came. */
  readonly query: URLSearchParams;
  readonly cookieOf: (name: string) => string | undefined;
}

/** To the issuer and back, until it is known who somebody is there. */
@Injectable()
export class OidcFlows {
  private readonly log: Logger;

  constructor(
    private readonly database: Database,
    private readonly issuers: Issuers,
    private readonly sealer: Sealer,
    private readonly address: OwnAddress,
    @Inject(CLOCK) private readonly clock: Clock,
    logger: Logger,
  ) {
    this.log = logger.child({ part: 'oidc' });
  }

  /**
   * Throws `sign-in-redirect-invalid`, `sign-in-ticket-refused`, `identity-provider-not-found`,
   * `identity-provider-unavailable`.
   */
  async start(providerId: string, asked: Asked): Promise<Redirection> {
    const request = this.requestOf(providerId, asked);
    const provider = await this.provider(providerId);
    const now = this.clock.now();
    const flow: SignInFlow = {
      ...request,
      state: randomText(),
      nonce: randomText(),
      verifier: randomText(),
      startedAt: now,
      until: now + limits.signInFlowMs,
    };
    const configuration = await this.issuers.of(provider).catch((error: unknown) => {
      this.log.info({ providerId, why: reasonOf(error) }, 'an identity provider cannot be used');
      throw toldIssuerError(error);
    });
    const isProof = flow.purpose !== 'sign-in';
    const url = oidc.buildAuthorizationUrl(configuration, {
      redirect_uri: this.address.redirectUriOf(provider.id),
      response_type: 'code',
      scope: [...new Set(['openid', ...provider.scopes])].join(' '),
      state: flow.state,
      nonce: flow.nonce,
      code_challenge: challengeOf(flow.verifier),
      code_challenge_method: 'S256',
      // Not by what the browser still remembers: whoever sits there shows it anew.
      ...(isProof ? { prompt: 'login', max_age: '0' } : {}),
    });
    const value = sealFlow(this.sealer, flow);
    const maxAgeSeconds = limits.signInFlowMs / 1000;
    return { location: url.href, cookie: { name: cookieName(flow.state), value, maxAgeSeconds } };
  }

  /**
   * Back to who has asked, with a code or with the error's. Throws `sign-in-answer-refused` when nobody
   * here has: then there is nowhere to go back to.
   */
  async takeBack(returned: Returned, origin: RequestOrigin): Promise<Redirection> {
    const flow = this.flowOf(returned);
    const cookie = { name: cookieName(flow.state), value: '', maxAgeSeconds: 0 };
    try {
      const code = await this.judge(flow, returned.query);
      return { location: withQuery(flow.redirect, { code }), cookie };
    } catch (error) {
      if (!(error instanceof DomainError) || error.kind === 'bug') throw error;
      await this.tellRefusal(flow.providerId, error, origin);
      return { location: withQuery(flow.redirect, { error: error.code }), cookie };
    }
  }

  private requestOf(providerId: string, { redirect, challenge, ticket }: Asked): SignInRequest {
    const now = this.clock.now();
    if (ticket !== undefined) {
      const opened = openTicket(this.sealer, ticket, now);
      if (opened?.providerId !== providerId) throw signInTicketRefused();
      return opened;
    }
    if (redirect === undefined || challenge === undefined || !isOwnRedirect(redirect)) {
      throw signInRedirectInvalid();
    }
    const nobody = { userId: null, sessionId: null, until: now } as const;
    return { purpose: 'sign-in', providerId, redirect, challenge, ...nobody };
  }

  private async provider(id: string): Promise<SignInProvider> {
    const provider = await this.database.system((tx) => enabledProvider(tx, id));
    if (!provider) throw identityProviderNotFound();
    return provider;
  }

  /** Only this browser's own, begun with this very provider: what comes from another is a mix-up. */
  private flowOf({ providerId, query, cookieOf }: Returned): SignInFlow {
    const states = query.getAll('state');
    const [state = ''] = states;
    const sealed = states.length === 1 ? cookieOf(cookieName(state)) : undefined;
    const flow = sealed === undefined ? null : openFlow(this.sealer, sealed, this.clock.now());
    if (flow?.state !== state || flow.providerId !== providerId) throw signInAnswerRefused();
    return flow;
  }

  /** Answers the code for whoever has begun. */
  private async judge(flow: SignInFlow, query: URLSearchParams): Promise<string> {
    const provider = await this.provider(flow.providerId);
    const now = new Date(this.clock.now());
    const stateHash = hashOf('state', flow.state);
    const expiresAt = new Date(flow.until + limits.signInCodeMs);
    const { tenantId } = provider;
    // Before anything is asked of the issuer: of two that come with one state, one goes on.
    const isFirst = await this.database.system((tx) =>
      takeAnswer(tx, { tenantId, stateHash, expiresAt }, now),
    );
    if (!isFirst) throw signInAnswerRefused();
    const claims = await this.claimsOf(provider, flow, query);
    const person = externalPersonOf(claims, provider);
    if (!person) throw identityProviderRefused('no-subject');
    const code = randomText();
    const answer = JSON.stringify({ flow: { ...flow, verifier: '' }, person });
    const until = new Date(this.clock.now() + limits.signInCodeMs);
    const kept = { stateHash, codeHash: hashOf('code', code), answer, until };
    await this.database.system((tx) => keepAnswer(tx, kept));
    return code;
  }

  /** openid-client checks state, `iss`, PKCE, and of the token its signature, iss, aud, azp, nonce and times. */
  private async claimsOf(
    provider: SignInProvider,
    flow: SignInFlow,
    query: URLSearchParams,
  ): Promise<Readonly<Record<string, unknown>>> {
    const here = new URL(this.address.redirectUriOf(provider.id));
    here.search = query.toString();
    try {
      const configuration = await this.issuers.of(provider);
      const tokens = await oidc.authorizationCodeGrant(configuration, here, {
        expectedState: flow.state,
        expectedNonce: flow.nonce,
        pkceCodeVerifier: flow.verifier,
        idTokenExpected: true,
      });
      const claims: Readonly<Record<string, unknown>> = tokens.claims() ?? {};
      const { id_token: idToken = '', access_token: accessToken } = tokens;
      if (isHashOfAccessToken(claims['at_hash'], { idToken, accessToken })) return claims;
      throw identityProviderRefused('at-hash');
    } catch (error) {
      throw toldIssuerError(error);
    }
  }

  /** In the tenant of the provider, whose Admin can do something about it. */
  private async tellRefusal(
    providerId: string,
    error: DomainError,
    { address, requestId }: RequestOrigin,
  ): Promise<void> {
    const { code, details } = error;
    const reason = (details?.['reason'] as string | undefined) ?? null;
    this.log.info({ providerId, code, reason }, 'a sign-in by an identity provider was refused');
    const provider = await this.database.system((tx) => enabledProvider(tx, providerId));
    if (!provider) return;
    const actor = { kind: 'system', id: 'login', name: 'anonymous', personId: null } as const;
    const { tenantId } = provider;
    const ctx = new Context({ tenantId, actor, grants: Grants.none, requestId });
    const event = providerSignInRefused(providerId, { code, reason, address }, 'denied');
    await this.database.transaction(ctx, (open) => open.record(event));
  }
}
