import { isId } from '../../../kernel/ids.js';
import { limits } from '../../../kernel/limits.js';
import type { OpenContext } from '../../../platform/context.js';
import { accountKey } from '../../users/account-name.js';
import { GROUP } from '../protocol/attributes.js';
import { type AttributePath, type Filter, parseFilter } from '../protocol/filter.js';
import { matches } from '../protocol/filter-matches.js';
import { knownTerms } from '../protocol/known-terms.js';
import {
  asResource,
  isAskedFor,
  listOf,
  type ListQuery,
  shownAs,
  sliceOf,
} from '../protocol/messages.js';
import { scimFilterInvalid } from '../protocol/scim.errors.js';
import { shownGroup } from './directory-group-form.js';
import {
  countDirectoryGroups,
  type DirectoryGroupRow,
  directoryGroupRows,
  directoryGroupsBy,
  membersOfGroups,
} from './directory-groups.queries.js';

/** A page of groups, shorter when members come along. Throws `scim-filter-invalid`. */
export async function listedGroups(
  open: OpenContext,
  query: ListQuery,
  base: string,
): Promise<object> {
  const hasMembers = isAskedFor('members', query);
  const slice = sliceOf(query, hasMembers ? limits.scimPageOfMembers : limits.scimPage);
  const { rows, total } = await found(open, query.filter, slice);
  const members = hasMembers
    ? await membersOfGroups(
        open,
        rows.map(({ id }) => id),
      )
    : [];
  const resources = rows.map((row) => {
    const own = members.filter(({ groupId }) => groupId === row.id);
    return shownAs(shownGroup(row, { members: own, base }), query);
  });
  return listOf(resources, { total, offset: slice.offset });
}

async function found(
  open: OpenContext,
  text: string | undefined,
  slice: { readonly offset: number; readonly take: number },
): Promise<{ readonly rows: DirectoryGroupRow[]; readonly total: number }> {
  if (text === undefined) {
    const total = await countDirectoryGroups(open);
    return { rows: await directoryGroupRows(open, slice), total };
  }
  const filter = parseFilter(GROUP, text);
  const memberId = memberIn(filter);
  const rows = await candidates(open, filter, memberId ?? null);
  const fit = rows.filter((row) => {
    // Members were looked at where they are; the filter sees the one that it asks about.
    const members = memberId === undefined ? [] : [{ id: memberId, userName: '' }];
    return matches(filter, asResource(shownGroup(row, { members, base: '' })));
  });
  return { rows: fit.slice(slice.offset, slice.offset + slice.take), total: fit.length };
}

async function candidates(
  open: OpenContext,
  filter: Filter,
  memberId: string | null,
): Promise<DirectoryGroupRow[]> {
  const known = knownTerms(filter);
  const [id = null, name] = [known.get('id'), known.get('displayName')];
  if ((id !== null && !isId(id)) || (memberId !== null && !isId(memberId))) return [];
  const nameKey = name === undefined ? null : accountKey(name);
  const externalId = known.get('externalId') ?? null;
  return directoryGroupsBy(open, { id, nameKey, externalId, memberId });
}

/**
 * The member that a filter asks about, as directories do: `members eq "…"`, `members.value eq "…"` or
 * `members[value eq "…"]`, alone or joined by `and`. Throws `scim-filter-invalid` for any other question
 * about members: all of all groups would have to be read.
 */
function memberIn(filter: Filter): string | undefined {
  const asked = new Set<string>();
  const walk = (each: Filter, isAlone: boolean): void => {
    switch (each.kind) {
      case 'and':
      case 'or': {
        const areAlone = isAlone && each.kind === 'and';
        walk(each.left, areAlone);
        walk(each.right, areAlone);
        break;
      }
      case 'not':
        walk(each.inner, false);
        break;
      case 'some':
        asked.add(memberOf(each.inner, 'value', isAlone));
        break;
      case 'present':
        checkNamesNoMember(each.path);
        break;
      case 'compare':
        if (each.path.attribute.name === 'members') asked.add(memberOf(each, 'members', isAlone));
    }
  };
  walk(filter, true);
  if (asked.size > 1) throw unanswered();
  return [...asked][0];
}

/** Throws `scim-filter-invalid`. */
function checkNamesNoMember({ attribute }: AttributePath): void {
  if (attribute.name === 'members') throw unanswered();
}

function memberOf(term: Filter, attribute: 'members' | 'value', isAlone: boolean): string {
  if (term.kind !== 'compare' || term.by !== 'eq' || !isAlone) throw unanswered();
  const { path, value } = term;
  const isValue = path.part === undefined || path.part.name === 'value';
  if (typeof value !== 'string' || path.attribute.name !== attribute || !isValue) {
    throw unanswered();
  }
  return value;
}

const unanswered = () =>
  scimFilterInvalid('Of members a filter can ask for one, by its id: members eq "…".');
