/** What a process that is killed, or told to stop, leaves of the sums of usage. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Client } from '../support/client.js';
import { withClient } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { Tidegate } from '../support/tidegate.js';

jest.setTimeout(150_000);

/** Twice what the process writes down in, and what a busy machine adds. */
const BOUND_MS = 10_000;
const MARGIN_MS = 10_000;
const ROUTE = '/clusters?limit=1';

describe('the sums of usage', () => {
  let tidegate: Tidegate;
  let client: Client;

  beforeAll(async () => {
    tidegate = await Tidegate.start({ isProcess: true });
    client = await tidegate.client();
  });
  afterAll(() => tidegate?.stop());

  /** As they are in the database: nobody is asked who would count himself. */
  async function written(): Promise<number> {
    const [row] = await withClient(tidegate.database.superuser, async (db) => {
      return (await db.query('select coalesce(sum(requests), 0)::int as n from usage_days')).rows;
    });
    return (row as { n: number }).n;
  }

  async function ask(count: number): Promise<void> {
    for (let asked = 0; asked < count; asked += 1) await client.get(ROUTE);
  }

  it('lack at most the last ten seconds when the process is killed', async () => {
    const before = await written();
    await ask(20);
    await eventually(
      async () => expect(await written()).toBeGreaterThanOrEqual(before + 20),
      BOUND_MS + MARGIN_MS,
    );
    const kept = await written();
    await ask(20);
    await tidegate.kill();
    const left = await written();
    expect(left).toBeGreaterThanOrEqual(kept);
    await tidegate.restart();
    expect(await written()).toBeLessThanOrEqual(kept + 20);
  });

  it('lack nothing when it is told to stop', async () => {
    client = await tidegate.client();
    await ask(1);
    const before = await written();
    await ask(25);
    await tidegate.end();
    expect(await written()).toBeGreaterThanOrEqual(before + 25);
    await tidegate.restart();
  });
});
