import { newId } from '../../kernel/ids.js';
import { sortBy, sorted, someOf, type SortedSlice } from './sorted-page.js';

const ids = Array.from({ length: 5 }, () => newId()).sort();
const rows = ['a', 'b', 'b', 'c', 'd'].map((sortValue, at) => ({ id: ids[at]!, sortValue }));

/** As the statements do it. */
function read({ after, take, isFalling }: SortedSlice) {
  const keyOf = (row: { id: string; sortValue: string }) => `${row.sortValue} ${row.id}`;
  const all = rows.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  if (isFalling) all.reverse();
  const from = after && `${after.value} ${after.id}`;
  const rest = all.filter((row) => {
    if (from === null) return true;
    return isFalling ? keyOf(row) < from : keyOf(row) > from;
  });
  return Promise.resolve(rest.slice(0, take));
}

const list = (query: { limit: number; cursor?: string; sort?: string; state?: string }) =>
  sorted('things', query, { first: 'name', read });

const codeOf = async (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error: { code: string }) => error.code,
  );

it.each(['name', '-name'])('comes in pages without gap or repetition, by %s', async (sort) => {
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await list({ limit: 2, sort, ...(cursor ? { cursor } : {}) });
    expect(page.items.every((item) => Object.keys(item).join() === 'id')).toBe(true);
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
  expect(seen).toEqual(sort === 'name' ? ids : ids.toReversed());
});

it('refuses a cursor of another order, filter or list, and what is none', async () => {
  const { nextCursor: cursor } = await list({ limit: 2 });
  expect(cursor).not.toBeNull();
  const given = { limit: 2, cursor: cursor! };
  expect(await codeOf(list(given))).toBeNull();
  for (const other of [{ sort: '-name' }, { sort: 'name' }, { state: 'x' }]) {
    expect(await codeOf(list({ ...given, ...other }))).toBe('cursor-invalid');
  }
  expect(await codeOf(sorted('others', given, { first: 'name', read }))).toBe('cursor-invalid');
  const [hash] = JSON.parse(Buffer.from(cursor!, 'base64url').toString()) as string[];
  for (const forged of [
    [hash, newId()],
    [hash, 'x', 'a'],
    [hash, newId(), 'a\u0000'],
    [hash, newId(), 5],
    [hash, newId(), 'a', 'b'],
    ['x', newId(), 'a'],
  ]) {
    const text = Buffer.from(JSON.stringify(forged)).toString('base64url');
    expect(await codeOf(list({ limit: 2, cursor: text }))).toBe('cursor-invalid');
  }
});

it('takes no value where rows are in the order of their ids', async () => {
  const how = { first: '-createdAt', age: 'createdAt', read };
  const { nextCursor } = await sorted('things', { limit: 1 }, how);
  const [hash, id] = JSON.parse(Buffer.from(nextCursor!, 'base64url').toString()) as string[];
  for (const [value, code] of [
    ['', null],
    ['x', 'cursor-invalid'],
  ]) {
    const cursor = Buffer.from(JSON.stringify([hash, id, value])).toString('base64url');
    expect(await codeOf(sorted('things', { limit: 1, cursor }, how))).toBe(code);
  }
});

it('knows each order rising and falling, and words with commas between', () => {
  const sort = sortBy(['name', 'createdAt'], '-createdAt');
  expect(sort.parse('-name')).toBe('-name');
  expect(sort.safeParse('state').success).toBe(false);
  const words = someOf(['one', 'two'], 'Only these.');
  expect(words.parse('two,one,two')).toEqual(['two', 'one']);
  for (const text of ['', 'one,', 'three']) expect(words.safeParse(text).success).toBe(false);
});
