import { z } from 'zod';
import { text, uuid } from '../../kernel/text.js';
import { pageQuery } from '../../platform/http/page.js';
import { sortBy } from '../../platform/http/sorted-page.js';
import type { AnswerOf } from '../../platform/http/answer.js';
import { givenRoles } from './given-roles.dto.js';

export const usersQuery = pageQuery.extend({
  text: text(254).min(1).optional().meta({
    description: 'Part of a username, an e-mail address or a name, in any case.',
  }),
  role: text(63).min(1).optional().meta({ description: 'Who holds it anywhere, also by a group.' }),
  sort: sortBy(['createdAt', 'username', 'joinedAt'], '-createdAt'),
});
export const userParams = z.strictObject({ id: uuid });
export const replaceRolesBody = z
  .strictObject({ roles: givenRoles })
  .meta({ id: 'ReplaceUserRoles' });

const source = z.enum(['manual', 'claim', 'scim']);

export const memberOut = z
  .strictObject({
    id: z.uuid(),
    username: z.string(),
    email: z.string().nullable(),
    displayName: z.string().nullable(),
    roles: z.array(
      z.strictObject({
        role: z.string(),
        modules: z.array(z.string()).nullable(),
        environments: z.array(z.string()).nullable(),
        group: z
          .string()
          .nullable()
          .meta({ description: 'The group that brings it; null: it is their own.' }),
        source: source.meta({
          description:
            'Who gives and takes it: people, a rule of an identity provider, a directory.',
        }),
      }),
    ),
    groups: z.array(z.strictObject({ id: z.uuid(), name: z.string() })),
    source: source.meta({ description: 'Who has made them a member.' }),
    isDisabled: z.boolean().meta({
      description: 'The operator of the platform has shut the account, in all tenants.',
    }),
    joinedAt: z.iso.datetime(),
  })
  .meta({ id: 'User' });

export type UsersQuery = z.output<typeof usersQuery>;
export type UserParams = z.output<typeof userParams>;
export type ReplaceRolesBody = z.output<typeof replaceRolesBody>;
/** A member of a tenant, as that tenant sees them. */
export type MemberView = AnswerOf<typeof memberOut>;
