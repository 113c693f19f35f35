import { filterHash, page, pageQuery, readCursor } from './page.js';

const rows = [5, 4, 3].map((id) => ({ id, name: `n${id}` }));
const hash = filterHash({ status: 'Running', limit: 2, cursor: 'x' });

describe('a page', () => {
  it('has no cursor when there is nothing more', () => {
    expect(page(rows, 3, hash, (row) => row.id)).toEqual({ items: rows, nextCursor: null });
    expect(page([], 3, hash, () => 1)).toEqual({ items: [], nextCursor: null });
  });

  it('goes on where it ended', () => {
    const { items, nextCursor } = page(rows, 2, hash, (row) => [row.name, row.id]);
    expect(items).toEqual(rows.slice(0, 2));
    expect(readCursor(nextCursor!, hash)).toEqual(['n4', 4]);
    expect(readCursor(undefined, hash)).toBeNull();
  });

  it('belongs to its filter, whatever the size of the page', () => {
    const { nextCursor } = page(rows, 2, hash, (row) => row.id);
    expect(readCursor(nextCursor!, filterHash({ status: 'Running', limit: 9 }))).toEqual([4]);
    expect(() => readCursor(nextCursor!, filterHash({ status: 'Failed' }))).toThrow(
      'another filter',
    );
  });

  it.each([
    ['', 'a b', '%00', 'e30', 'WyJh', Buffer.from('["h"]').toString('base64url')],
    [Buffer.from(JSON.stringify([hash, null])).toString('base64url')],
    [Buffer.from(JSON.stringify([hash, 'a\u0000'])).toString('base64url')],
    [Buffer.from(JSON.stringify([hash, { a: 1 }])).toString('base64url')],
    [Buffer.from(JSON.stringify([hash, 1, 2, 3, 4, 5])).toString('base64url')],
  ])('refuses what is not a cursor of ours (%#)', (...cursors) => {
    for (const cursor of cursors) {
      expect(() => readCursor(cursor, hash)).toThrow(
        expect.objectContaining({ kind: 'invalid', code: 'cursor-invalid' }),
      );
    }
  });

  it('is 50 long unless told, and 1 to 200', () => {
    expect(pageQuery.parse({})).toEqual({ limit: 50 });
    expect(pageQuery.parse({ limit: '200' })).toEqual({ limit: 200 });
    for (const limit of ['0', '201', '-1', '1.5', '1e2', '', ' 5', 'ten', ['1', '2']]) {
      expect([limit, pageQuery.safeParse({ limit }).success]).toEqual([limit, false]);
    }
    expect(pageQuery.safeParse({ page: '2' }).success).toBe(false);
  });
});
