import { z } from 'zod';
import { isId } from '../../kernel/ids.js';
import { cursorInvalid } from './http.errors.js';
import { decode, hashOf, type Page, type PageRequest } from './page.js';

/**
 * Lists by something else than their age, by keyset all the same. What is sorted by is a text that the
 * statement answers with each row (`sortText` of platform/database/sorting.ts) and compares with the last
 * one of the page before; rows of one text follow by id. A cursor belongs to the list, the filter and
 * the order that it was made for.
 */
export interface After {
  /** Of the last item of the page before. */
  readonly id: string;
  readonly value: string;
}

/** Where a page begins, and how many rows are to be fetched. */
export interface SortedSlice {
  readonly after: After | null;
  readonly take: number;
  readonly by: string;
  readonly isFalling: boolean;
}

export interface SortedRow {
  readonly id: string;
  readonly sortValue: string;
}

/** `sort=name`, `sort=-name`: falling. Without it a list is in its own order, the first of the names. */
export function sortBy<Name extends string>(names: readonly Name[], first: `-${Name}` | Name) {
  const all = names.flatMap((name) => [name, `-${name}` as const]);
  return z
    .enum(all as [Name, ...`-${Name}`[]])
    .optional()
    .meta({ description: `In which order; with a minus it falls. Without: \`${first}\`.` });
}

/** Several of some words with commas between: any of them. */
export function someOf<Word extends string>(words: readonly Word[], description: string) {
  const count = z.array(z.enum(words as [Word, ...Word[]])).max(words.length);
  return z
    .string()
    .max(512)
    .transform((text) => [...new Set(text.split(','))])
    .pipe(count)
    .optional()
    .meta({
      type: 'string',
      description: `${description} Several with commas between: ${words.join(', ')}.`,
    });
}

type SortedRequest = PageRequest & { readonly sort?: string | undefined };

/** One page of that list. `read` fetches one row more than are shown. Throws `cursor-invalid`. */
export async function sorted<T extends SortedRow>(
  list: string,
  { limit, cursor, ...filter }: SortedRequest,
  how: {
    readonly first: string;
    /** Which of the orders is the one of ids: the value of all rows is empty. */
    readonly age?: string;
    readonly read: (slice: SortedSlice) => Promise<T[]>;
    readonly isKey?: (id: string) => boolean;
  },
): Promise<Page<Omit<T, 'sortValue'>>> {
  const hash = hashOf(list, filter);
  const sort = filter.sort ?? how.first;
  const isFalling = sort.startsWith('-');
  const by = isFalling ? sort.slice(1) : sort;
  const after = cursor === undefined ? null : afterOf(cursor, hash, how.isKey ?? isId);
  if (after && by === how.age && after.value !== '') throw cursorInvalid();
  const rows = await how.read({ after, take: limit + 1, by, isFalling });
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const items = shown.map(({ sortValue: _, ...item }) => item);
  const nextCursor = rows.length > limit && last ? cursorAfter(hash, last) : null;
  return { items, nextCursor };
}

function cursorAfter(hash: string, { id, sortValue }: SortedRow): string {
  return Buffer.from(JSON.stringify([hash, id, sortValue])).toString('base64url');
}

/** Anybody can write a cursor: what PostgreSQL could not compare must not reach it. */
function afterOf(cursor: string, hash: string, isKey: (id: string) => boolean): After {
  const [made, id, value, ...more] = decode(cursor);
  const isWhole = typeof made === 'string' && typeof id === 'string' && typeof value === 'string';
  if (!isWhole || more.length > 0 || !isKey(id) || value.includes('\u0000')) throw cursorInvalid();
  if (made !== hash) throw cursorInvalid('another-filter');
  return { id, value };
}
