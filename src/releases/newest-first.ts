import { DomainError } from '../kernel/errors.js';
import { isId } from '../kernel/ids.js';
import { filterHash, page, type Page, readCursor } from '../platform/http/page.js';

export interface PageRequest {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/**
 * One page of rows ordered by id, newest first. `read` gets the id before which to begin (null: at
 * the newest) and how many rows to fetch.
 */
export async function newestFirst<T extends { readonly id: string }>(
  request: PageRequest,
  filter: Readonly<Record<string, unknown>>,
  read: (before: string | null, take: number) => Promise<T[]>,
): Promise<Page<T>> {
  const hash = filterHash(filter);
  const before = readCursor(request.cursor, hash)?.[0] ?? null;
  // A cursor of another shape would be a uuid that PostgreSQL cannot read.
  if (before !== null && (typeof before !== 'string' || !isId(before))) {
    throw new DomainError(
      'invalid',
      'cursor-invalid',
      'This is not a cursor of ours. Use `nextCursor` of the page before, or start without one.',
    );
  }
  const rows = await read(before, request.limit + 1);
  return page(rows, request.limit, hash, (row) => row.id);
}
