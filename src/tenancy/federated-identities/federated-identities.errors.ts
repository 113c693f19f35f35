import { errorEntry } from '../../kernel/error-entry.js';

/** What pipelines with a token of their own issuer, and those who let them in, can be told. */

export const federatedIdentityNotFound = errorEntry({
  code: 'federated-identity-not-found',
  kind: 'not-found',
  meaning:
    'There is no federated identity with this id. GET /api/v1/federated-identities lists them.',
});

export const federatedIdentityTaken = errorEntry({
  code: 'federated-identity-taken',
  kind: 'conflict',
  meaning: 'The tenant has a federated identity with this name. Choose another name.',
});

export const federatedIdentityLimit = errorEntry({
  code: 'federated-identity-limit',
  kind: 'conflict',
  meaning: 'The tenant has reached its limit of federated identities. Delete one first.',
  tell: (most: number) => `A tenant has at most ${most} federated identities. Delete one first.`,
});

export const audienceTaken = errorEntry({
  code: 'audience-taken',
  kind: 'conflict',
  meaning:
    'Another issuer’s tokens are for this audience already. Each issuer has its own, so that a token for one is never shown to the other: give another `audience`.',
});

export const audienceReserved = errorEntry({
  code: 'audience-reserved',
  kind: 'unprocessable',
  meaning:
    'Audiences that begin with `tidegate:` name a tenant, and this one names another. Give `tidegate:<slug>` of your own tenant, alone or with `:` and more, or something else altogether.',
});

export const federatedRulesInvalid = errorEntry({
  code: 'federated-rules-invalid',
  kind: 'unprocessable',
  meaning:
    'The rules could never be met, or more would meet them than is meant. `details.faults` says what is wrong with each.',
  tell: (faults: readonly string[]) => ({
    text: `The rules are not acceptable: ${faults[0] ?? ''}.`,
    details: { faults },
  }),
});

export const issuerInvalid = errorEntry({
  code: 'issuer-invalid',
  kind: 'unprocessable',
  meaning:
    'The issuer is not one: it must be the address that its tokens have as `iss`, and its discovery document must name the same.',
  tell: (text: string) => text,
});

export const federatedGrantsTooWide = errorEntry({
  code: 'federated-grants-too-wide',
  kind: 'forbidden',
  meaning:
    'A pipeline gets no more than you have yourself. Leave out what you lack, or name the modules and environments that you are responsible for.',
  tell: (permissions: readonly string[]) => ({
    text: `You lack some of what you would grant, there or anywhere: ${permissions.join(', ')}.`,
    details: { permissions },
  }),
});

export const grantTypeUnsupported = errorEntry({
  code: 'grant-type-unsupported',
  kind: 'invalid',
  meaning:
    'Only urn:ietf:params:oauth:grant-type:token-exchange is known, and tokens of the types that the description names.',
});

export const subjectTokenMalformed = errorEntry({
  code: 'subject-token-malformed',
  kind: 'invalid',
  meaning:
    'The subject token is not an acceptable JSON Web Token. Send the OIDC token of the job as its runner gave it.',
  tell: (why: string) => `The subject token cannot be read: ${why}.`,
});

export type RefusalReason =
  | 'tenant'
  | 'issuer'
  | 'signature'
  | 'audience'
  | 'times'
  | 'token-id'
  | 'subject'
  | 'used'
  | 'disabled'
  | 'over';

export const subjectTokenRefused = errorEntry({
  code: 'subject-token-refused',
  kind: 'forbidden',
  meaning:
    'The subject token is not accepted here; `details.reason` says which check it has failed. An Admin can see more with POST /api/v1/federated-identities/{id}/test.',
  tell: (reason: RefusalReason, text: string) => ({ text, details: { reason } }),
});

export const federatedRulesUnmet = errorEntry({
  code: 'federated-rules-unmet',
  kind: 'forbidden',
  meaning:
    'The token is genuine, but meets no rule. `details.clauses` are the claims that did not match in the rule it came closest to, `details.claims` what the token says. An Admin can see what was expected with POST /api/v1/federated-identities/{id}/test.',
  tell: (clauses: readonly string[], claims: Readonly<Record<string, unknown>>) => ({
    text: `The token is genuine, but meets no rule: ${clauses.join(', ')} did not match. An Admin of the tenant can compare: npx tidegate federated test.`,
    details: { clauses, claims },
  }),
});

export const issuerUnavailable = errorEntry({
  code: 'issuer-unavailable',
  kind: 'unavailable',
  meaning:
    'The keys of the token’s issuer cannot be read, and none are remembered that are young enough. Try again; if it stays so, check that the issuer answers, and that TIDEGATE_OUTBOUND_ALLOW opens it if it is in a private network.',
  tell: (cause?: unknown) => ({
    text: 'The keys of the token’s issuer cannot be read at this moment, so nobody can say whether it is genuine. Try again in a minute.',
    details: { retryAfterSeconds: 30 },
    cause,
  }),
});
