import { z } from 'zod';
import { text, uuid } from '../../kernel/text.js';
import type { AnswerOf } from '../../platform/http/answer.js';
import { pageQuery } from '../../platform/http/page.js';
import { ONE_TIME_TOKEN_CHARACTERS } from '../auth/one-time-token.js';
import { PASSWORD_CHARACTERS } from '../passwords/password-rules.js';
import { username } from '../users/account-name.js';
import { givenRole, givenRoles } from '../users/given-roles.dto.js';

export const invitationsQuery = pageQuery;
export const invitationParams = z.strictObject({ id: uuid });
export const emailAddress = z.email().max(254);
export const displayName = text(100).trim().min(1);

export const inviteBody = z
  .strictObject({ email: emailAddress, roles: givenRoles.min(1) })
  .meta({ id: 'Invite' });

const token = text(ONE_TIME_TOKEN_CHARACTERS).min(1).meta({
  description: 'What stands behind the `#` of the link.',
});

export const acceptBody = z
  .strictObject({
    token,
    password: text(PASSWORD_CHARACTERS).min(1).meta({
      description: 'A new one; of who has an account with this address, that account’s.',
    }),
    username: username.optional().meta({ description: 'Of who has no account yet.' }),
    displayName: displayName.optional(),
  })
  .meta({ id: 'AcceptInvitation' });

export const acceptOwnBody = z.strictObject({ token }).meta({ id: 'AcceptInvitationAsMyself' });

export const invitationOut = z
  .strictObject({
    id: z.uuid(),
    email: z.string(),
    roles: z.array(givenRole),
    invitedBy: z.string(),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: 'Invitation' });

export const newInvitationOut = invitationOut
  .extend({
    link: z.string().nullable().meta({
      description:
        'Only where the installation sends no mail, and only once: hand it to the person. Else null.',
    }),
  })
  .meta({ id: 'NewInvitation' });

export const joinedOut = z
  .strictObject({ username: z.string(), tenant: z.string() })
  .meta({ id: 'Joined' });

export type InvitationsQuery = z.output<typeof invitationsQuery>;
export type InvitationParams = z.output<typeof invitationParams>;
export type InviteBody = z.output<typeof inviteBody>;
export type AcceptBody = z.output<typeof acceptBody>;
export type AcceptOwnBody = z.output<typeof acceptOwnBody>;
export type InvitationView = AnswerOf<typeof invitationOut>;
export type NewInvitation = AnswerOf<typeof newInvitationOut>;
export type Joined = AnswerOf<typeof joinedOut>;
