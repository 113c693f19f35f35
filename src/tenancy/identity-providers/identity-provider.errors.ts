import { errorEntry } from '../../kernel/error-entry.js';
import { limits } from '../../kernel/limits.js';

/** What identity providers, and signing in by them, can answer. */

export const identityProviderNotFound = errorEntry({
  code: 'identity-provider-not-found',
  kind: 'not-found',
  meaning: 'There is no identity provider with that id, or it is disabled.',
});

export const identityProviderExists = errorEntry({
  code: 'identity-provider-exists',
  kind: 'conflict',
  meaning: 'The tenant has an identity provider of that name. Choose another name.',
});

export const identityProviderLimit = errorEntry({
  code: 'identity-provider-limit',
  kind: 'limit',
  meaning: `A tenant has at most ${limits.identityProvidersPerTenant} identity providers. Delete one first.`,
});

export const providerIssuerInvalid = errorEntry({
  code: 'provider-issuer-invalid',
  kind: 'unprocessable',
  meaning:
    'The issuer is not an address as OpenID Connect wants it: https, without query, fragment or credentials, plainly written. http is for issuers that the operator has opened with TIDEGATE_OUTBOUND_ALLOW.',
});

export const ruleGroupUnknown = errorEntry({
  code: 'rule-group-unknown',
  kind: 'unprocessable',
  meaning:
    'A rule gives a group that the tenant does not have, or one whose members a directory keeps. Create it first, or use another.',
  tell: (name: string) => ({
    text: `A rule gives the group "${name}", which does not exist or is kept by a directory. Create it first, or use another.`,
    details: { group: name },
  }),
});

export const emergencyAccountNeeded = errorEntry({
  code: 'emergency-account-needed',
  kind: 'unprocessable',
  meaning:
    'A required provider would lock everybody out on the day it does not answer. Name in `emergency.usernames` a member who may manage identity providers and has a password or passkey.',
});

export const signInRedirectInvalid = errorEntry({
  code: 'sign-in-redirect-invalid',
  kind: 'invalid',
  meaning:
    'After the sign-in people come back to a path of this server ("/…") or to a program on their own machine (http://127.0.0.1:PORT/…), nowhere else.',
});

export const signInTicketRefused = errorEntry({
  code: 'sign-in-ticket-refused',
  kind: 'unauthenticated',
  meaning: 'The address for linking or proving has expired, or was changed. Ask for a new one.',
});

export const signInAnswerRefused = errorEntry({
  code: 'sign-in-answer-refused',
  kind: 'unauthenticated',
  meaning:
    'The answer belongs to no sign-in that this browser started with this provider in the last ten minutes, or has been used. Start again.',
});

export const signInCodeRefused = errorEntry({
  code: 'sign-in-code-refused',
  kind: 'unauthenticated',
  meaning:
    'The code is unknown, used, older than a minute, or was asked for by somebody else. Start the sign-in again.',
});

/** What is told of an issuer's answer: short words, never the answer itself. */
export const identityProviderRefused = errorEntry({
  code: 'identity-provider-refused',
  kind: 'unauthenticated',
  meaning:
    'The identity provider has not signed the person in, or its answer was not acceptable; `details.reason` says why. Try again; an Admin finds more with `POST /identity-providers/{id}/test`.',
  tell: (reason: string, cause?: unknown) => ({
    text: `The identity provider's answer was not accepted (${reason}). Try again, or ask an Admin of your tenant.`,
    details: { reason },
    cause,
  }),
});

export const identityProviderUnavailable = errorEntry({
  code: 'identity-provider-unavailable',
  kind: 'unavailable',
  meaning:
    'The identity provider cannot be reached, or what it says of itself is not usable. Try again later; an Admin finds the reason with `POST /identity-providers/{id}/test`.',
  tell: (cause?: unknown) => ({ cause }),
});

export const invitationNeeded = errorEntry({
  code: 'invitation-needed',
  kind: 'forbidden',
  meaning:
    'The identity provider knows the person, but no rule of the tenant makes them a member. Ask an Admin for an invitation; if you have an account, link the provider to it while signed in.',
});

export const roleNeeded = errorEntry({
  code: 'role-needed',
  kind: 'forbidden',
  meaning:
    'The person is a member of the tenant without any role, or the account is disabled. Ask an Admin for a role.',
});

export const accountUnlinked = errorEntry({
  code: 'account-unlinked',
  kind: 'forbidden',
  meaning:
    'There is an account with this e-mail address, and the provider is not linked to it. Sign in to it as before and link the provider there; an address alone links nothing.',
});

export const identityNotFound = errorEntry({
  code: 'identity-not-found',
  kind: 'not-found',
  meaning: 'Your account has no linked identity with that id. `GET /me/identities` lists them.',
});

export const identityTaken = errorEntry({
  code: 'identity-taken',
  kind: 'conflict',
  meaning:
    'That person at the provider is linked to an account already. Unlink it there first, or sign in at the provider as somebody else.',
});

export const identityLimit = errorEntry({
  code: 'identity-limit',
  kind: 'limit',
  meaning: `An account has at most ${limits.identitiesPerPerson} linked identities. Unlink one first.`,
});

export const lastSignInWay = errorEntry({
  code: 'last-sign-in-way',
  kind: 'conflict',
  meaning:
    'It is the only way in to your account: there is no password. Choose a password first, or link another identity.',
});

export const domainNotFound = errorEntry({
  code: 'domain-not-found',
  kind: 'not-found',
  meaning:
    'The provider has no domain with that id. `GET /identity-providers/{id}/domains` lists them.',
});

export const domainExists = errorEntry({
  code: 'domain-exists',
  kind: 'conflict',
  meaning: 'A provider of the tenant has that domain already.',
});

export const domainLimit = errorEntry({
  code: 'domain-limit',
  kind: 'limit',
  meaning: `A provider has at most ${limits.domainsPerProvider} domains. Remove one first.`,
});

export const domainUnproved = errorEntry({
  code: 'domain-unproved',
  kind: 'unprocessable',
  meaning:
    'The TXT record that proves the domain is not there. Publish it as `record` says, wait until name servers tell of it, and try again.',
  tell: (name: string, value: string) => ({
    text: `There is no TXT record ${name} with the value ${value}. Publish it, wait until name servers tell of it, and try again.`,
    details: { record: { name, value } },
  }),
});

export const domainTaken = errorEntry({
  code: 'domain-taken',
  kind: 'conflict',
  meaning:
    'Another tenant has verified the domain; it is of one tenant at a time. Remove it there first.',
});

export const nameServersSilent = errorEntry({
  code: 'name-servers-silent',
  kind: 'unavailable',
  meaning: 'No name server has answered for the domain. Try again in a few minutes.',
  tell: (cause?: unknown) => ({ cause }),
});
