import { printable } from './display/printable.js';
import { CliError, exitCodes } from './exit-codes.js';

interface Page<T> {
  readonly items: T[];
  readonly nextCursor: string | null;
}

/** Enough to find a thing by its name; more is a list for a program, which has the API. */
const MOST = 2000;

/** Items of a list, page after page, until there are no more or `most` are there. */
export async function* itemsOf<T>(
  read: (query: { limit: number; cursor?: string }) => Promise<Page<T>>,
  most = MOST,
): AsyncGenerator<T> {
  let left = most;
  let cursor: string | null = null;
  do {
    const limit = Math.min(200, left);
    const page: Page<T> = await read(cursor === null ? { limit } : { limit, cursor });
    for (const item of page.items) {
      if (left-- <= 0) return;
      yield item;
    }
    cursor = page.nextCursor;
  } while (cursor !== null && left > 0);
}

export async function listOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** What `--limit` says. Throws CliError. */
export function countOf(limit: string): number {
  const most = Number(limit);
  if (Number.isInteger(most) && most >= 1 && most <= 1000) return most;
  throw new CliError('--limit is a number from 1 to 1000.');
}

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

interface Named {
  readonly id: string;
  readonly name: string;
  /** Nodes of several places may have one name. */
  readonly environment?: string;
  readonly cluster?: string;
}

/** People know names, the API knows ids. Throws CliError for none and for several. */
export async function idOf(
  noun: string,
  nameOrId: string,
  items: AsyncIterable<Named>,
): Promise<string> {
  if (ID.test(nameOrId)) return nameOrId;
  const found = (await listOf(items)).filter(({ name }) => name === nameOrId);
  const [only] = found;
  if (!only) throw new CliError(`There is no ${noun} named "${nameOrId}".`, exitCodes.rejected);
  if (found.length === 1) return only.id;
  const candidates = found.map(({ id, environment, cluster }) =>
    printable(environment === undefined ? id : `${id} in ${environment}/${cluster}`),
  );
  throw new CliError(
    `Several ${noun}s are named "${nameOrId}"; give the id of one: ${candidates.join(', ')}.`,
    exitCodes.rejected,
  );
}
