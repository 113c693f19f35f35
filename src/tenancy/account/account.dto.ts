import { z } from 'zod';
import { text } from '../../kernel/text.js';
import type { AnswerOf } from '../../platform/http/answer.js';
import { ONE_TIME_TOKEN_CHARACTERS } from '../auth/one-time-token.js';
import { displayName, emailAddress } from '../invitations/invitations.dto.js';
import { password } from '../passwords/passwords.dto.js';

export const accountOut = z
  .strictObject({
    id: z.uuid(),
    username: z.string(),
    email: z.string().nullable(),
    displayName: z.string().nullable(),
    hasPassword: z.boolean().meta({ description: 'False: they sign in elsewhere.' }),
  })
  .meta({ id: 'OwnAccount' });

export const changeAccountBody = z
  .strictObject({ displayName: displayName.nullable() })
  .meta({ id: 'ChangeOwnAccount' });

export const ownTenants = z
  .strictObject({
    items: z.array(
      z.strictObject({
        slug: z.string(),
        name: z.string(),
        isCurrent: z.boolean().meta({ description: 'The one that this session is for.' }),
      }),
    ),
  })
  .meta({ id: 'OwnTenants' });

export const sessionOut = z
  .strictObject({
    id: z.string().meta({ description: 'A name for it, good for nothing else than ending it.' }),
    tenant: z.string(),
    isCurrent: z.boolean(),
    method: z.enum(['password', 'passkey', 'oidc']),
    client: z.string().nullable().meta({ description: 'What the client has said of itself.' }),
    network: z.string().nullable().meta({ description: 'Where it began.' }),
    signedInAt: z.iso.datetime(),
    lastUsedAt: z.iso.datetime().meta({ description: 'When its tokens were renewed last.' }),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: 'Session' });

export const sessionsOut = z.strictObject({ items: z.array(sessionOut) }).meta({ id: 'Sessions' });

export const sessionParams = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{32}$/, 'must be the id of a session, 32 hex digits'),
});

export const switchTenantBody = z
  .strictObject({ tenant: text(63).min(1).meta({ description: 'A slug.' }) })
  .meta({ id: 'SwitchTenant' });

export const changeEmailBody = z
  .strictObject({ email: emailAddress, password })
  .meta({ id: 'ChangeOwnEmail' });

export const confirmEmailBody = z
  .strictObject({ token: text(ONE_TIME_TOKEN_CHARACTERS).min(1) })
  .meta({ id: 'ConfirmEmail' });

export type ChangeAccountBody = z.output<typeof changeAccountBody>;
export type ChangeEmailBody = z.output<typeof changeEmailBody>;
export type ConfirmEmailBody = z.output<typeof confirmEmailBody>;
export type SessionParams = z.output<typeof sessionParams>;
export type SwitchTenantBody = z.output<typeof switchTenantBody>;
export type OwnAccount = AnswerOf<typeof accountOut>;
export type SessionView = AnswerOf<typeof sessionOut>;
