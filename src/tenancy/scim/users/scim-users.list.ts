import { isId } from '../../../kernel/ids.js';
import { limits } from '../../../kernel/limits.js';
import type { OpenContext } from '../../../platform/context.js';
import { accountKey } from '../../users/account-name.js';
import { USER } from '../protocol/attributes.js';
import { type Filter, parseFilter } from '../protocol/filter.js';
import { matches } from '../protocol/filter-matches.js';
import { knownTerms } from '../protocol/known-terms.js';
import { asResource, listOf, type ListQuery, shownAs, sliceOf } from '../protocol/messages.js';
import { shownUser } from './directory-user-fields.js';
import {
  countDirectoryUsers,
  type DirectoryUserRow,
  directoryUserRows,
  directoryUsersBy,
} from './directory-users.queries.js';

/** A page of users. Throws `scim-filter-invalid`. */
export async function listedUsers(
  open: OpenContext,
  query: ListQuery,
  base: string,
): Promise<object> {
  const slice = sliceOf(query, limits.scimPage);
  const shown = (rows: readonly DirectoryUserRow[]) =>
    rows.map((row) => shownAs(shownUser(row, base), query));
  if (query.filter === undefined) {
    const total = await countDirectoryUsers(open);
    return listOf(shown(await directoryUserRows(open, slice)), { total, ...slice });
  }
  const filter = parseFilter(USER, query.filter);
  const rows = (await candidates(open, filter)).filter((row) =>
    matches(filter, asResource(shownUser(row, base))),
  );
  const { offset, take } = slice;
  return listOf(shown(rows.slice(offset, offset + take)), { total: rows.length, offset });
}

/** All of the tenant's at most, of whom there is a limit. */
async function candidates(open: OpenContext, filter: Filter): Promise<DirectoryUserRow[]> {
  const known = knownTerms(filter);
  const [id = null, userName] = [known.get('id'), known.get('userName')];
  if (id !== null && !isId(id)) return [];
  const nameKey = userName === undefined ? null : accountKey(userName);
  return directoryUsersBy(open, { id, nameKey, externalId: known.get('externalId') ?? null });
}
