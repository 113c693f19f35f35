import { errorEntry } from '../../kernel/error-entry.js';
import { limits } from '../../kernel/limits.js';

export const groupNotFound = errorEntry({
  code: 'group-not-found',
  kind: 'not-found',
  meaning: 'The tenant has no group with this id. `GET /groups` lists them.',
});

export const groupExists = errorEntry({
  code: 'group-exists',
  kind: 'conflict',
  meaning: 'A group of that name exists, perhaps with different capitals.',
  tell: (name: string) => `There is a group "${name}" already. Choose another name.`,
});

export const groupLimit = errorEntry({
  code: 'group-limit',
  kind: 'limit',
  meaning: 'The tenant has reached its limit of groups, or the group its limit of members.',
  tell: (of: 'groups' | 'members') => ({
    text:
      of === 'groups'
        ? `A tenant has at most ${limits.groupsPerTenant} groups.`
        : `A group has at most ${limits.membersPerGroup} members. Make another one with the same roles.`,
    details: { of },
  }),
});

export const groupKeptElsewhere = errorEntry({
  code: 'group-kept-elsewhere',
  kind: 'conflict',
  meaning:
    'The directory that the tenant has connected keeps the group, or a rule of an identity provider put the person there. Change it there.',
});

export const groupMemberNotFound = errorEntry({
  code: 'group-member-not-found',
  kind: 'not-found',
  meaning: 'This person is not in the group.',
});
