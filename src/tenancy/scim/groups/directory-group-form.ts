/** A directory's group between its row and the form of RFC 7643. */
import { GROUP_SCHEMA } from '../protocol/attributes.js';
import type { Shown } from '../protocol/messages.js';
import type { Complex, Resource } from '../protocol/resource.js';
import { scimValueInvalid } from '../protocol/scim.errors.js';
import type { DirectoryGroupRow, DirectoryMember } from './directory-groups.queries.js';

export interface GroupFields {
  readonly name: string;
  readonly externalId: string | null;
  readonly memberIds: readonly string[];
}

/** Throws `scim-value-invalid`. */
export function groupFieldsOf(resource: Resource): GroupFields {
  const name = resource['displayName'] as string | undefined;
  if (name === undefined) throw scimValueInvalid('"displayName" is missing.');
  const members = (resource['members'] ?? []) as readonly Complex[];
  const memberIds = members.map(({ value, type }) => {
    if (typeof type === 'string' && type.toLowerCase() !== 'user') {
      throw scimValueInvalid('Members are users: groups in groups are not taken.');
    }
    if (typeof value === 'string') return value;
    throw scimValueInvalid('A member has no "value", which is the id of a user.');
  });
  const externalId = (resource['externalId'] as string | undefined) ?? null;
  return { name, externalId, memberIds: [...new Set(memberIds)] };
}

type Member = Pick<DirectoryMember, 'id' | 'userName'>;

/** What a PATCH begins with; with `base`, what is answered. */
export function groupResourceOf(
  { name, externalId }: DirectoryGroupRow,
  members: readonly Member[],
  base?: string,
): Resource {
  const list = members.map(({ id: value, userName: display }) => ({
    value,
    ...(base === undefined ? {} : { $ref: `${base}/Users/${value}` }),
    display,
    type: 'User',
  }));
  return {
    displayName: name,
    ...(externalId === null ? {} : { externalId }),
    ...(list.length === 0 ? {} : { members: list }),
  };
}

export function shownGroup(
  row: DirectoryGroupRow,
  { members, base }: { readonly members: readonly Member[]; readonly base: string },
): Shown {
  const { id, version, createdAt } = row;
  return {
    schemas: [GROUP_SCHEMA],
    id,
    ...groupResourceOf(row, members, base),
    meta: {
      resourceType: 'Group',
      created: createdAt.toISOString(),
      location: `${base}/Groups/${id}`,
      version: `W/"${version}"`,
    },
  };
}
