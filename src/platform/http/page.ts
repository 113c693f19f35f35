import { createHash } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson } from '../../kernel/canonical-json.js';
import { DomainError } from '../../kernel/errors.js';
import { limits } from '../../kernel/limits.js';
import { text } from '../../kernel/text.js';

/**
 * Lists by keyset. A cursor is opaque to clients: the sort keys of the last item and the hash of the
 * filter it was made under, so that a cursor carried over to another filter is refused instead of
 * silently skipping rows. It grants nothing: every page is read under the caller's own rights.
 */
export type CursorKey = string | number;

const CURSOR_CHARACTERS = 512;
const CURSOR_KEYS = 4;

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
  cursor: text(CURSOR_CHARACTERS)
    .optional()
    .meta({ description: '`nextCursor` of the page before, with the same filter.' }),
});

export interface Page<T> {
  readonly items: T[];
  readonly nextCursor: string | null;
}

/** The shape of a page in the OpenAPI document. */
export const pageOf = <S extends z.ZodType>(item: S) =>
  z.strictObject({ items: z.array(item), nextCursor: z.string().nullable() });

/** A short hash of a list's filter, without `limit` and `cursor`; dates go in as ISO texts. */
export function filterHash(filter: Readonly<Record<string, unknown>>): string {
  const { limit: _limit, cursor: _cursor, ...rest } = filter;
  return createHash('sha256').update(canonicalJson(rest)).digest('base64url').slice(0, 16);
}

/**
 * Makes a page of rows that were asked for with `limit + 1`: the one too many only says that there
 * is more. `cursorOf` gives the sort keys of an item, in the order of the list.
 */
export function page<T>(
  rows: readonly T[],
  limit: number,
  hash: string,
  cursorOf: (item: T) => CursorKey | readonly CursorKey[],
): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  if (rows.length <= limit || last === undefined) return { items, nextCursor: null };
  const keys = [cursorOf(last)].flat();
  const nextCursor = Buffer.from(JSON.stringify([hash, ...keys])).toString('base64url');
  return { items, nextCursor };
}

/** The sort keys in a cursor, or null for the first page. Throws `cursor-invalid`. */
export function readCursor(cursor: string | undefined, hash: string): CursorKey[] | null {
  if (cursor === undefined) return null;
  const [made, ...keys] = decode(cursor);
  if (typeof made !== 'string' || keys.length === 0 || !keys.every(isKey)) throw notACursor();
  if (made === hash) return keys;
  throw new DomainError(
    'invalid',
    'cursor-invalid',
    'The cursor belongs to a list with another filter. Repeat the filter, or start without a cursor.',
  );
}

function decode(cursor: string): unknown[] {
  if (!/^[\w-]+$/.test(cursor) || cursor.length > CURSOR_CHARACTERS) throw notACursor();
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(value) && value.length <= CURSOR_KEYS + 1) return value;
  } catch {
    // Falls through: a cursor that is no JSON is as wrong as one that is no array.
  }
  throw notACursor();
}

function isKey(value: unknown): value is CursorKey {
  // U+0000 would reach PostgreSQL as a parameter and fail there.
  return typeof value === 'string' ? !value.includes('\u0000') : Number.isFinite(value);
}

function notACursor(): DomainError {
  return new DomainError(
    'invalid',
    'cursor-invalid',
    'This is not a cursor of ours. Use `nextCursor` of the page before, or start without one.',
  );
}
