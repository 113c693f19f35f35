import { newId } from '../../kernel/ids.js';
import { newestFirst, type Page, pageQuery } from './page.js';

const rows = [3, 2, 1].map((day) => ({ id: newId(Date.UTC(2026, 0, day)) }));
const [newest, middle, oldest] = rows;

/** Reads as a list of three would, out of the order that SQL gives it. */
const list = (name: string, request: object): Promise<Page<{ id: string }>> =>
  newestFirst(name, { limit: 2, ...request }, async (before, take) =>
    rows.filter(({ id }) => before === null || id < before).slice(0, take),
  );
const cursorOf = async (name: string, request: object) => (await list(name, request)).nextCursor!;
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const refused = (reason: string) =>
  expect.objectContaining({
    kind: 'invalid',
    code: 'cursor-invalid',
    message: expect.stringContaining(reason),
  });

describe('a page', () => {
  it('has no cursor when there is nothing more', async () => {
    expect(await list('boats', { limit: 3 })).toEqual({ items: rows, nextCursor: null });
    const none = await newestFirst('boats', { limit: 3 }, async () => []);
    expect(none).toEqual({ items: [], nextCursor: null });
  });

  it('goes on where it ended', async () => {
    const first = await list('boats', { limit: 2 });
    expect(first.items).toEqual([newest, middle]);
    const second = await list('boats', { limit: 2, cursor: first.nextCursor });
    expect(second).toEqual({ items: [oldest], nextCursor: null });
  });

  it('belongs to its list and filter, whatever the size of the page', async () => {
    const cursor = await cursorOf('boats', { status: 'Afloat' });
    const again = await list('boats', { status: 'Afloat', limit: 9, cursor });
    expect(again.items).toEqual([oldest]);
    const others = [
      list('boats', { status: 'Sunk', cursor }),
      list('boats', { cursor }),
      list('harbours', { status: 'Afloat', cursor }),
    ];
    for (const other of others) await expect(other).rejects.toEqual(refused('another filter'));
  });

  it('refuses what is not a cursor of ours', async () => {
    const cursor = await cursorOf('boats', {});
    const [hash] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as [string];
    const { id } = newest!;
    const forged = [
      '',
      'a b',
      '%00',
      'e30',
      'WyJh',
      `${cursor}${'a'.repeat(512)}`,
      encoded([]),
      ...[[hash], [hash, null], [hash, 5], [hash, 'x'], [hash, 'a\u0000'], [5, id]].map(encoded),
      ...[[hash, { id }], [hash, id, id], { hash, id }, [hash, id.toUpperCase()]].map(encoded),
    ];
    for (const each of forged) {
      await expect(list('boats', { cursor: each })).rejects.toEqual(refused('not a valid cursor'));
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
