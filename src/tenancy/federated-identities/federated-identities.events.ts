import { eventType } from '../../platform/events/event.js';
import type { ClaimValue, Rule } from './federated-identity.js';

type Facts = {
  readonly name: string;
  readonly issuer: string;
  readonly audience: string;
  readonly rules: readonly Rule[];
  readonly permissions: readonly string[];
  readonly modules: readonly string[] | null;
  readonly environments: readonly string[] | null;
};

export const federatedIdentityCreated = eventType<Facts>({
  name: 'federated-identity-created',
  subject: 'federated-identity',
  audit: 'access',
});

/** As it is from now on. */
export const federatedIdentityReplaced = eventType<Facts>({
  name: 'federated-identity-replaced',
  subject: 'federated-identity',
  audit: 'access',
});

export function factsOf(identity: Facts): Facts {
  const { name, issuer, audience, rules, permissions, modules, environments } = identity;
  return { name, issuer, audience, rules, permissions, modules, environments };
}

interface Named extends Record<string, unknown> {
  readonly name: string;
}

export const federatedIdentityDisabled = eventType<Named>({
  name: 'federated-identity-disabled',
  subject: 'federated-identity',
  audit: 'access',
});

export const federatedIdentityEnabled = eventType<Named>({
  name: 'federated-identity-enabled',
  subject: 'federated-identity',
  audit: 'access',
});

export const federatedIdentityDeleted = eventType<Named>({
  name: 'federated-identity-deleted',
  subject: 'federated-identity',
  audit: 'access',
});

/** A pipeline has got a token; with what its own token said of it. */
export const workloadTokenIssued = eventType<{
  readonly rule: string;
  readonly tokenId: string;
  readonly address: string;
  readonly isRenewal: boolean;
  readonly claims: Readonly<Record<string, ClaimValue>>;
  /** So many of that job since the entry before; `tokenId` is of the first of them. */
  readonly count: number;
}>({ name: 'workload-token-issued', subject: 'federated-identity', audit: 'authentication' });

/** A token of an issuer that the tenant trusts was refused. The subject is the issuer. */
export const workloadTokenRefused = eventType<{
  readonly reason: string;
  readonly address: string;
  /** Of the rule it came closest to; empty when that was not what failed. */
  readonly clauses: readonly string[];
  readonly claims: Readonly<Record<string, ClaimValue>>;
  /** How many more there were since the last entry. */
  readonly untold: number;
}>({ name: 'workload-token-refused', subject: 'issuer', audit: 'authentication' });
