import { eventType } from '../../platform/events/event.js';
import type { IdentityProviderRules } from './identity-provider.js';

/** Never the secret, only whether there is one. */
type Facts = IdentityProviderRules & { readonly hasSecret: boolean };
const ofProvider = { subject: 'identity-provider', audit: 'settings' } as const;
const ofPerson = { subject: 'user', audit: 'authentication' } as const;

export const identityProviderCreated = eventType<Facts>({
  name: 'identity-provider-created',
  ...ofProvider,
});

export const identityProviderChanged = eventType<Facts & { readonly sessionsEnded: number }>({
  name: 'identity-provider-changed',
  ...ofProvider,
});

export const identityProviderDeleted = eventType<{
  readonly name: string;
  readonly sessionsEnded: number;
  /** How many have lost what its rules gave. */
  readonly peopleWithLess: number;
}>({ name: 'identity-provider-deleted', ...ofProvider });

type AtProvider = { readonly provider: string; readonly address: string };

/** The subject is the person's username, as with every sign-in. */
export const identityLinked = eventType<AtProvider>({ name: 'identity-linked', ...ofPerson });

export const identityUnlinked = eventType<{ readonly issuer: string; readonly address: string }>({
  name: 'identity-unlinked',
  ...ofPerson,
});

export const proofGiven = eventType<AtProvider>({ name: 'proof-given', ...ofPerson });

/** Somebody became a member by a rule of the provider. */
export const memberAdmitted = eventType<AtProvider & { readonly isNewAccount: boolean }>({
  name: 'member-admitted',
  ...ofPerson,
});

/** What claims give has changed at a sign-in. `kept`: it was the tenant's last Admin that would go. */
export const claimsApplied = eventType<{
  readonly provider: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  readonly unknown: readonly string[];
  readonly kept: boolean;
}>({ name: 'claims-applied', ...ofPerson });

/** The subject is the provider: nobody knows yet who it was. */
export const providerSignInRefused = eventType<{
  readonly code: string;
  readonly reason: string | null;
  readonly address: string;
}>({ name: 'provider-sign-in-refused', subject: 'identity-provider', audit: 'authentication' });

const ofDomain = { subject: 'domain', audit: 'settings' } as const;
type Domain = { readonly domain: string };

export const domainClaimed = eventType<Domain>({ name: 'domain-claimed', ...ofDomain });
export const domainVerified = eventType<Domain>({ name: 'domain-verified', ...ofDomain });
/** Its record is gone: nobody is admitted by it any more. */
export const domainLost = eventType<Domain>({ name: 'domain-lost', ...ofDomain });
export const domainRemoved = eventType<Domain>({ name: 'domain-removed', ...ofDomain });
