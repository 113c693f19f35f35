import { z } from 'zod';
import { text, uuid } from '../../kernel/text.js';
import { pageQuery } from '../../platform/http/page.js';
import { description, groupOrRoleName } from '../roles/roles.dto.js';

export const groupParams = z.strictObject({ id: uuid });
export type GroupParams = z.output<typeof groupParams>;
export const memberParams = z.strictObject({ id: uuid, userId: uuid });
export type MemberParams = z.output<typeof memberParams>;

export const groupBody = z
  .strictObject({ name: groupOrRoleName.meta({ example: 'payments' }), description })
  .meta({ id: 'GroupRules' });
export type GroupBody = z.output<typeof groupBody>;

export const groupsQuery = pageQuery.extend({
  userId: uuid.optional().meta({ description: 'Only those that this person is in.' }),
});
export type GroupsQuery = z.output<typeof groupsQuery>;

export const newMember = z
  .strictObject({
    userId: uuid.optional(),
    username: text(254).min(1).optional().meta({ description: 'Instead of the id.' }),
  })
  .refine(({ userId, username }) => (userId === undefined) !== (username === undefined), {
    message: 'must have either "userId" or "username"',
  })
  .meta({ id: 'NewGroupMember' });
export type NewMember = z.output<typeof newMember>;

const source = z.enum(['manual', 'scim']);

export const groupOut = z
  .strictObject({
    id: z.uuid(),
    name: z.string(),
    description: z.string(),
    source: source.meta({
      description: '`scim`: the directory keeps it, and it cannot be changed here.',
    }),
    members: z.int(),
    version: z.int(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Group' });

export const groupMemberOut = z
  .strictObject({
    id: z.uuid().meta({ description: 'Of the person.' }),
    username: z.string(),
    displayName: z.string().nullable(),
    source: z.enum(['manual', 'claim', 'scim']),
    since: z.iso.datetime(),
  })
  .meta({ id: 'GroupMember' });

export const exampleGroup = {
  id: '019a7f3e-9000-7aaa-8bbb-0123456789ab',
  name: 'payments',
  description: 'Who builds and runs payments.',
  source: 'manual',
  members: 6,
  version: 1,
  createdAt: '2026-05-04T09:12:33.000Z',
};

export const exampleMember = {
  id: '019a7f3e-a000-7aaa-8bbb-0123456789ab',
  username: 'deployer',
  displayName: null,
  source: 'manual',
  since: '2026-05-04T09:12:33.000Z',
};
