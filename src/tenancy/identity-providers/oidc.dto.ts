import { z } from 'zod';
import { text, uuid } from '../../kernel/text.js';
import { pkceChallenge, pkceVerifier, redirectTarget } from './sign-in-flow.js';

export const providerParams = z.strictObject({ id: uuid });

export const choicesQuery = z.strictObject({
  email: text(254).min(1).optional(),
  tenant: text(63).min(1).optional(),
});

export const choicesOut = z
  .strictObject({
    items: z.array(z.strictObject({ id: z.uuid(), name: z.string() })),
  })
  .meta({ id: 'ProviderChoices' });

export const startQuery = z.strictObject({
  redirect: redirectTarget.optional(),
  challenge: pkceChallenge.optional(),
  ticket: text(4_096)
    .min(1)
    .optional()
    .meta({ description: 'Of `POST /me/identities/{id}/start`.' }),
});

const code = text(100).min(1).meta({ description: 'As it came back; good once, for a minute.' });

export const completeBody = z
  .strictObject({
    code,
    verifier: pkceVerifier,
    tenant: text(63)
      .min(1)
      .optional()
      .meta({ description: 'Of those who sign in at the platform’s provider and are in several.' }),
  })
  .meta({ id: 'CompleteSignIn' });

export const startIdentityBody = z
  .strictObject({ redirect: redirectTarget, challenge: pkceChallenge })
  .meta({ id: 'StartIdentity' });

export const startIdentityOut = z
  .strictObject({
    url: z.string().meta({ description: 'To be opened in the browser within two minutes.' }),
  })
  .meta({ id: 'IdentityStart' });

export const completeIdentityBody = z
  .strictObject({ code, verifier: pkceVerifier })
  .meta({ id: 'CompleteIdentity' });

export const completeIdentityOut = z
  .strictObject({ purpose: z.enum(['link', 'prove']) })
  .meta({ id: 'IdentityCompleted' });

export const identitiesOut = z
  .strictObject({
    items: z.array(
      z.strictObject({
        id: z.uuid(),
        issuer: z.string(),
        createdAt: z.iso.datetime(),
        lastUsedAt: z.iso.datetime(),
      }),
    ),
  })
  .meta({ id: 'LinkedIdentities' });

export type ProviderParams = z.output<typeof providerParams>;
export type ChoicesQuery = z.output<typeof choicesQuery>;
export type StartQuery = z.output<typeof startQuery>;
export type CompleteBody = z.output<typeof completeBody>;
export type StartIdentityBody = z.output<typeof startIdentityBody>;
export type CompleteIdentityBody = z.output<typeof completeIdentityBody>;
