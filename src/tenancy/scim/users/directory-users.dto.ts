import { z } from 'zod';
import { text, uuid } from '../../../kernel/text.js';
import { pageQuery } from '../../../platform/http/page.js';

const STATES = ['waiting', 'member', 'inactive'] as const;

export const directoryUserParams = z.strictObject({ id: uuid });
export type DirectoryUserParams = z.output<typeof directoryUserParams>;

export const directoryUsersQuery = pageQuery.extend({
  state: z.enum(STATES).optional(),
  text: text(100).min(1).optional().meta({ description: 'Somewhere in the name or address.' }),
});
export type DirectoryUsersQuery = z.output<typeof directoryUsersQuery>;

export const directoryUserOut = z
  .strictObject({
    id: z.uuid().meta({ description: 'Of the directory’s user, as SCIM has it.' }),
    userName: z.string(),
    displayName: z.string().nullable(),
    email: z.string().nullable().meta({ description: 'Where the invitation goes.' }),
    state: z.enum(STATES).meta({
      description:
        '`waiting`: has not come yet. `member`: has. `inactive`: the directory, or somebody here, has put them out.',
    }),
    userId: z.uuid().nullable().meta({ description: 'The person who has come.' }),
    groups: z.array(z.string()),
    invitedAt: z.iso.datetime().nullable().meta({
      description:
        'Null: nobody has invited them, since the installation sends no mail, or not so many.',
    }),
    isInvitationOpen: z.boolean(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'DirectoryUser' });

export const invitedOut = z
  .strictObject({
    link: z.string().nullable().meta({
      description: 'Only where the installation sends no mail, and only once. Else null.',
    }),
  })
  .meta({ id: 'InvitedDirectoryUser' });

export const exampleDirectoryUser = {
  id: '019a7f3e-a000-7aaa-8bbb-0123456789ab',
  userName: 'ada@example.org',
  displayName: 'Ada Lovelace',
  email: 'ada@example.org',
  state: 'waiting',
  userId: null,
  groups: ['Payments'],
  invitedAt: '2026-05-04T09:12:33.000Z',
  isInvitationOpen: true,
  createdAt: '2026-05-04T09:12:33.000Z',
};
