import { errorEntry } from '../../../kernel/error-entry.js';
import { limits } from '../../../kernel/limits.js';

/** What a directory is told; `details.scimType` is the word of RFC 7644 for it. */

export const scimFilterInvalid = errorEntry({
  code: 'scim-filter-invalid',
  kind: 'invalid',
  meaning:
    'The filter is not one of RFC 7644, names an attribute that is not kept here, or is longer or deeper than is taken. `GET /scim/v2/Schemas` lists the attributes.',
  tell: (text: string) => ({ text, details: { scimType: 'invalidFilter' } }),
});

export const scimPathInvalid = errorEntry({
  code: 'scim-path-invalid',
  kind: 'invalid',
  meaning: 'The path of a PATCH operation is none of RFC 7644, or names no attribute.',
  tell: (text: string) => ({ text, details: { scimType: 'invalidPath' } }),
});

export const scimValueInvalid = errorEntry({
  code: 'scim-value-invalid',
  kind: 'invalid',
  meaning:
    'A value is missing, has not the type of its attribute, is too long, or names something that is not there.',
  tell: (text: string) => ({ text, details: { scimType: 'invalidValue' } }),
});

export const scimSyntaxInvalid = errorEntry({
  code: 'scim-syntax-invalid',
  kind: 'invalid',
  meaning: 'The body is not what RFC 7644 wants here, such as a PatchOp with its `Operations`.',
  tell: (text: string) => ({ text, details: { scimType: 'invalidSyntax' } }),
});

export const scimTargetMissing = errorEntry({
  code: 'scim-target-missing',
  kind: 'invalid',
  meaning: 'A PATCH operation names no value that is there.',
  tell: (text: string) => ({ text, details: { scimType: 'noTarget' } }),
});

export const scimReadOnly = errorEntry({
  code: 'scim-read-only',
  kind: 'invalid',
  meaning: 'The attribute is ours to give (`id`, `meta`), or cannot be without a value.',
  tell: (text: string) => ({ text, details: { scimType: 'mutability' } }),
});

export const scimNameTaken = errorEntry({
  code: 'scim-name-taken',
  kind: 'conflict',
  meaning:
    'A user of the directory has this `userName`, or a group of the tenant this name, perhaps one made by hand: rename that one, or this.',
  tell: (text: string) => ({ text, details: { scimType: 'uniqueness' } }),
});

export const scimNotFound = errorEntry({
  code: 'scim-not-found',
  kind: 'not-found',
  meaning: 'The directory has provisioned nothing with this id in this tenant.',
});

export const scimLimit = errorEntry({
  code: 'scim-limit',
  kind: 'limit',
  meaning:
    'The tenant has as many users or groups of a directory, or a group as many members, as there may be.',
  tell: (of: 'users' | 'groups' | 'members') => {
    const most = {
      users: limits.directoryUsersPerTenant,
      groups: limits.groupsPerTenant,
      members: limits.membersPerGroup,
    }[of];
    const whose = of === 'members' ? 'A group' : 'A tenant';
    return {
      text: `${whose} has at most ${most} ${of}. Assign fewer in the directory.`,
      details: { of, limit: most },
    };
  },
});

export const directoryLastAdmin = errorEntry({
  code: 'directory-last-admin',
  kind: 'invalid',
  meaning:
    'This would take the tenant’s last Admin away, which no directory can. Make somebody else Admin in Tidegate first.',
  tell: () => ({
    text: 'This would take the last Admin of the tenant away, which no directory can. Make somebody else Admin in Tidegate first.',
    details: { scimType: 'mutability' },
  }),
});
