import { errorEntry } from '../../kernel/error-entry.js';

/** What sessions are told by who has vouched for them. */

export const ownSignInNeeded = errorEntry({
  code: 'own-sign-in-needed',
  kind: 'forbidden',
  meaning:
    'A tenant’s provider vouches for you in that tenant only, not for your account. Sign in with your password, a passkey or the provider of the platform first.',
});

export const providerFactorNeeded = errorEntry({
  code: 'provider-factor-needed',
  kind: 'forbidden',
  meaning:
    'The tenant requires a second factor of your role, and a sign-in at its identity provider does not count as one. An Admin of the tenant says in `factor` of the provider when it does; or sign in with a second factor of your own.',
});

export const providerSignInNeeded = errorEntry({
  code: 'provider-sign-in-needed',
  kind: 'forbidden',
  meaning:
    'The tenant wants its people to sign in at one of its identity providers, which are `details.providers`. Until then only your account is open to you: link one there (`POST /me/identities/{id}/start`) and sign in at it.',
  tell: (providers: readonly { readonly id: string; readonly name: string }[]) => ({
    text: `This tenant wants its people to sign in at ${providers.map(({ name }) => `"${name}"`).join(' or ')}. Do so; whoever has an account links it first: POST /api/v1/me/identities/${providers[0]?.id}/start.`,
    details: { providers: providers.map(({ id, name }) => ({ id, name })) },
  }),
});
