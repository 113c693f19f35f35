import { createHash } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson } from '../../kernel/canonical-json.js';
import { isId } from '../../kernel/ids.js';
import { limits } from '../../kernel/limits.js';
import { cursorInvalid } from './http.errors.js';

/**
 * Lists by keyset, newest first. A cursor is opaque to clients: the id of the last item, and a hash of
 * the list and the filter it was made for, so that one carried over to another list or filter is
 * refused instead of silently skipping rows. It grants nothing: every page is read under the caller's
 * own rights.
 */
const CURSOR_CHARACTERS = 512;

/** Extend it with the list's own filters: `pageQuery.extend({ status: … })`. */
export const pageQuery = z.strictObject({
  limit: z
    .string()
    .regex(/^\d{1,3}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(1).max(limits.pageItems))
    .optional()
    .transform((limit) => limit ?? limits.pageItemsDefault)
    .meta({
      type: 'integer',
      minimum: 1,
      maximum: limits.pageItems,
      default: limits.pageItemsDefault,
      description: 'How many items at most.',
    }),
  // Judged where it is read: what is too long is no cursor, and is refused as that.
  cursor: z.string().optional().meta({
    description: '`nextCursor` of the page before, with the same filter.',
    type: 'string',
    maxLength: CURSOR_CHARACTERS,
  }),
});

/** What a list is asked for. Every other field is its filter, and belongs to its cursors. */
export interface PageRequest {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface Page<T> {
  readonly items: T[];
  readonly nextCursor: string | null;
}

/** The shape of a page in the OpenAPI document. */
export const pageOf = <S extends z.ZodType>(item: S) =>
  z.strictObject({ items: z.array(item), nextCursor: z.string().nullable() });

/** Rows of a list that was not read to its end: the next page begins before that id, found or not. */
export interface Broken<T> {
  readonly rows: T[];
  readonly goesOnBefore: string | null;
}

/**
 * One page of the list of that name (`releases of <id>` where a path says which). `read` gets the id
 * before which to begin (null: at the newest) and how many rows to fetch, one more than are shown:
 * it only says that there is more. Throws `cursor-invalid`.
 */
export async function newestFirst<T extends { readonly id: string }>(
  list: string,
  request: PageRequest,
  read: (before: string | null, take: number) => Promise<T[] | Broken<T>>,
): Promise<Page<T>> {
  const { limit, cursor, ...filter } = request;
  const hash = hashOf(list, filter);
  const before = cursor === undefined ? null : idIn(cursor, hash);
  const found = await read(before, limit + 1);
  const { rows, goesOnBefore } = Array.isArray(found) ? { rows: found, goesOnBefore: null } : found;
  const items = rows.slice(0, limit);
  const next = rows.length > limit ? items.at(-1)!.id : goesOnBefore;
  return { items, nextCursor: next === null ? null : cursorOf(hash, next) };
}

/** Dates in a filter would have no canonical form: they come as ISO texts. */
export function hashOf(list: string, filter: Readonly<Record<string, unknown>>): string {
  const text = canonicalJson({ list, filter });
  return createHash('sha256').update(text).digest('base64url').slice(0, 16);
}

function cursorOf(hash: string, id: string): string {
  return Buffer.from(JSON.stringify([hash, id])).toString('base64url');
}

/** Anybody can write a cursor: what is no id must not reach PostgreSQL as one. */
function idIn(cursor: string, hash: string): string {
  const [made, id, ...more] = decode(cursor);
  if (typeof made !== 'string' || typeof id !== 'string' || !isId(id) || more.length > 0) {
    throw cursorInvalid();
  }
  if (made !== hash) throw cursorInvalid('another-filter');
  return id;
}

export function decode(cursor: string): unknown[] {
  if (!/^[\w-]+$/.test(cursor) || cursor.length > CURSOR_CHARACTERS) throw cursorInvalid();
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(value)) return value;
  } catch {
    // Falls through: a cursor that is no JSON is as wrong as one that is no array.
  }
  throw cursorInvalid();
}
