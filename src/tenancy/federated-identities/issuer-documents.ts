import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { GuardedFetch } from '../../platform/outbound/guarded-fetch.js';
import { issuerInvalid } from './federated-identities.errors.js';

/** GitHub has four keys, GitLab two; with more of them nobody looks what is wrong. */
const MOST_KEYS = 64;
const RSA_LEAST_BITS = 2048;
const ANSWER_BYTES = 256 * 1024;

const discoveryDocument = z.looseObject({
  issuer: z.string(),
  jwks_uri: z.string().max(2_048),
});

const keySet = z.looseObject({
  keys: z.array(z.looseObject({ kty: z.string() })).max(MOST_KEYS),
});

export interface IssuerKey {
  readonly key: KeyObject;
  /** What the issuer says that it is for; null: it does not say. */
  readonly algorithm: string | null;
}

export interface KeySet {
  /** By `kid`. */
  readonly keys: ReadonlyMap<string, IssuerKey>;
  /** As the issuer says; null: it says nothing. */
  readonly maxAgeMs: number | null;
}

/** Reads what an issuer publishes. `account`: the tenant on whose account the call is. */
@Injectable()
export class IssuerDocuments {
  constructor(private readonly outbound: GuardedFetch) {}

  /** The address of its keys. Throws `issuer-invalid`, and what GuardedFetch throws. */
  async keysAddress(issuer: string, account: string): Promise<string> {
    const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const options = { key: account, maxBytes: ANSWER_BYTES, schema: discoveryDocument };
    const { value } = await this.outbound.getJson(url, options);
    // Else whoever runs one issuer could stand in for another.
    if (value.issuer === issuer) return value.jwks_uri;
    throw issuerInvalid(
      'The discovery document there names another issuer. Give the address exactly as its tokens have it in `iss`, with or without a "/" at its end.',
    );
  }

  async keys(address: string, account: string): Promise<KeySet> {
    const options = { key: account, maxBytes: ANSWER_BYTES, schema: keySet };
    const { value, maxAgeMs } = await this.outbound.getJson(address, options);
    const keys = new Map<string, IssuerKey>();
    for (const jwk of value.keys) {
      const { kid, alg } = jwk as Record<string, unknown>;
      const key = typeof kid === 'string' && !keys.has(kid) ? publicKeyOf(jwk) : null;
      if (key) keys.set(String(kid), { key, algorithm: typeof alg === 'string' ? alg : null });
    }
    return { keys, maxAgeMs };
  }
}

/** Only public halves of kinds that sign, and for signing; null: it is none. */
function publicKeyOf(jwk: Readonly<Record<string, unknown>>): KeyObject | null {
  const { kty, use, crv, n, e, x, y } = jwk;
  if (use !== undefined && use !== 'sig') return null;
  try {
    if (kty === 'RSA') {
      const key = createPublicKey({ key: { kty, n, e } as JsonWebKey, format: 'jwk' });
      return (key.asymmetricKeyDetails?.modulusLength ?? 0) >= RSA_LEAST_BITS ? key : null;
    }
    const isEc = kty === 'EC' && ['P-256', 'P-384', 'P-521'].includes(String(crv));
    if (!isEc && !(kty === 'OKP' && crv === 'Ed25519')) return null;
    const members = isEc ? { kty, crv, x, y } : { kty, crv, x };
    return createPublicKey({ key: members as JsonWebKey, format: 'jwk' });
  } catch {
    return null;
  }
}
