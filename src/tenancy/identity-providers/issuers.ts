import { Inject, Injectable } from '@nestjs/common';
import * as oidc from 'openid-client';
import { BoundedMap } from '../../kernel/bounded-map.js';
import type { Clock } from '../../kernel/clock.js';
import { limits } from '../../kernel/limits.js';
import { CLOCK } from '../../platform/clock.js';
import { GuardedFetch } from '../../platform/outbound/guarded-fetch.js';
import { Sealer } from '../../platform/sealing/sealer.js';
import { secretContext, type SignInProvider } from './identity-provider.js';

/** Signed with a private key alone: with a shared secret a tenant's Admin could sign as the issuer. */
export const SIGNING_ALGORITHMS: readonly string[] = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/** What an issuer says of itself that cannot be used. Its words are for whoever tests the provider. */
export class IssuerUnusable extends Error {
  constructor(
    readonly check: 'endpoints' | 'algorithms' | 'keys',
    message: string,
  ) {
    super(message);
    this.name = 'IssuerUnusable';
  }
}

interface Kept {
  readonly at: number;
  readonly configuration: Promise<oidc.Configuration>;
}

/** Issuers as openid-client knows them, called through the guarded way out alone. */
@Injectable()
export class Issuers {
  private readonly kept = new BoundedMap<string, Kept>(limits.issuersKept);

  constructor(
    private readonly outbound: GuardedFetch,
    private readonly sealer: Sealer,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Throws IssuerUnusable, and what the way out throws. */
  of(provider: SignInProvider): Promise<oidc.Configuration> {
    const key = `${provider.tenantId}/${provider.id}/${provider.version}`;
    const now = this.clock.monotonic();
    const known = this.kept.get(key);
    if (known && now - known.at < limits.issuerKeptMs) return known.configuration;
    const configuration = this.ask(provider);
    this.kept.set(key, { at: now, configuration });
    // A failure is no answer: whoever comes next asks again.
    configuration.catch(() => this.kept.set(key, { at: -Infinity, configuration }));
    return configuration;
  }

  /** Always asks, and remembers nothing. */
  async ask(provider: SignInProvider): Promise<oidc.Configuration> {
    const { tenantId, issuer, clientId } = provider;
    const fetch = this.fetchFor(tenantId);
    const isPlain = issuer.startsWith('http:');
    // http gets through the way out only where the operator has opened it.
    const execute = isPlain ? [oidc.allowInsecureRequests] : [];
    const found = await oidc.discovery(new URL(issuer), clientId, undefined, oidc.None(), {
      execute,
      [oidc.customFetch]: fetch,
    });
    const server = checkedServer(found.serverMetadata(), isPlain);
    const secret = this.secretOf(provider);
    const metadata = secret === null ? {} : { client_secret: secret };
    const configuration = new oidc.Configuration(
      server,
      clientId,
      metadata,
      authenticationOf(server, secret),
    );
    configuration[oidc.customFetch] = fetch;
    if (isPlain) oidc.allowInsecureRequests(configuration);
    // Else it would trust the connection, and not look at who has signed.
    oidc.enableNonRepudiationChecks(configuration);
    return configuration;
  }

  private secretOf({ id, sealedSecret }: SignInProvider): string | null {
    if (sealedSecret === null) return null;
    return this.sealer.unseal(sealedSecret, secretContext(id)).toString('utf8');
  }

  private fetchFor(tenantId: string): oidc.CustomFetch {
    return async (url, { method, headers, body, signal }) => {
      const {
        status,
        headers: answered,
        body: bytes,
      } = await this.outbound.request(url, {
        key: tenantId,
        method: method as 'GET' | 'POST',
        headers: sendable(headers),
        maxBytes: limits.outboundAnswerMostBytes,
        ...(body === undefined || body === null ? {} : { body: String(body as string) }),
        ...(signal ? { signal } : {}),
      });
      const isEmpty = status === 204 || status === 205;
      const type = answered['content-type'];
      return new Response(isEmpty ? null : new Uint8Array(bytes), {
        status,
        ...(type === undefined ? {} : { headers: { 'content-type': type } }),
      });
    };
  }
}

function sendable(headers: Readonly<Record<string, string>>): Record<string, string> {
  const own = Object.entries(headers).filter(([name]) => !/^user-agent$/i.test(name));
  return Object.fromEntries(own);
}

/** Browsers are sent there, and codes: an issuer with https names no http. */
function checkedServer(server: oidc.ServerMetadata, isPlain: boolean): oidc.ServerMetadata {
  for (const name of ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const) {
    const endpoint = server[name];
    const isUrl = typeof endpoint === 'string' && URL.canParse(endpoint);
    const { protocol } = new URL(isUrl ? endpoint : 'none:');
    if (protocol === 'https:' || (isPlain && protocol === 'http:')) continue;
    throw new IssuerUnusable('endpoints', `Its discovery document names no usable ${name}.`);
  }
  const offered = server.id_token_signing_alg_values_supported ?? ['RS256'];
  const taken = offered.filter((name) => SIGNING_ALGORITHMS.includes(name));
  if (taken.length === 0) {
    throw new IssuerUnusable(
      'algorithms',
      `It signs with none of ${SIGNING_ALGORITHMS.join(', ')}: have it sign ID tokens with RS256 or ES256.`,
    );
  }
  return { ...server, id_token_signing_alg_values_supported: taken };
}

function authenticationOf(server: oidc.ServerMetadata, secret: string | null): oidc.ClientAuth {
  if (secret === null) return oidc.None();
  const offered = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  return offered.includes('client_secret_basic')
    ? oidc.ClientSecretBasic(secret)
    : oidc.ClientSecretPost(secret);
}
