/** The counters of quotas alone, on a real PostgreSQL, over things that only this test knows. */
import { randomUUID } from 'node:crypto';
import { ManualClock } from '../../src/kernel/clock.js';
import { Context, type OpenContext } from '../../src/platform/context.js';
import { Database } from '../../src/platform/database/database.js';
import { Events } from '../../src/platform/events/events.js';
import { Logger } from '../../src/platform/logging/logger.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { QuotaCounts } from '../../src/tenancy/quotas/quota-counts.js';
import { QuotaRecount } from '../../src/tenancy/quotas/quota-recount.js';
import { giveQuotaBack, takeQuota } from '../../src/tenancy/quotas/quotas.events.js';
import { QuotaMetrics } from '../../src/tenancy/quotas/quotas.metrics.js';
import { Quotas } from '../../src/tenancy/quotas/quotas.js';
import type { Entitlements } from '../../src/tenancy/quotas/entitlements.js';
import { freshDatabase, withClient, type TestDatabase } from '../support/database.js';

const DAY_MS = 86_400_000;
const CONNECTIONS = 20;

let database: TestDatabase;
let db: Database;
let quotas: Quotas;
let recount: QuotaRecount;
let metrics: Metrics;
let clock: ManualClock;
let limits: Entitlements['limits'];
let ctx: Context;

/** As the superuser, whom row-level security does not bind. */
const sql = <Row>(statement: string, parameters: unknown[] = []): Promise<Row[]> =>
  withClient(database.superuser, async (client) => {
    return (await client.query(statement, parameters)).rows as Row[];
  });

beforeAll(async () => {
  database = await freshDatabase();
  await sql('create table things (id uuid primary key, tenant_id uuid, quota text, month text)');
  await sql('grant select, insert, delete on things to tidegate_app');
});
afterAll(() => database.drop());

beforeEach(async () => {
  clock = new ManualClock(Date.UTC(2026, 10, 30, 12));
  metrics = new Metrics();
  const events = new Events({ publish: () => undefined });
  events.deliverThrough({ deliver: async () => undefined });
  db = await Database.open({
    app: database.app,
    system: database.system,
    poolSize: CONNECTIONS,
    systemPoolSize: 2,
    log: Logger.silent(),
    recorder: events,
  });
  const counts = new QuotaCounts();
  const source = { entitlementsOf: () => ({ version: JSON.stringify(limits), limits }) };
  quotas = new Quotas(events, db, source, counts, new QuotaMetrics(metrics), clock);
  for (const quota of ['modules', 'deploymentsPerMonth'] as const) {
    counts.register(quota, async (open, month) => {
      const of = quota === 'modules' ? '' : `and month = '${month}'`;
      const [row] = await open.tx.query<{ count: number }>(
        `select count(*)::int as count from things where tenant_id = $1 and quota = $2 ${of}`,
        [open.tenantId, quota],
      );
      return row!.count;
    });
  }
  recount = new QuotaRecount(db, quotas, clock, Logger.silent());
  limits = { modules: 10, deploymentsPerMonth: 10 };
  const tenantId = randomUUID();
  await sql(`insert into tenants (id, slug, name) values ($1, $2, 'test')`, [
    tenantId,
    `t-${tenantId.slice(0, 8)}`,
  ]);
  ctx = Context.system(tenantId, 'test');
});
afterEach(() => db.close());

type Kind = 'modules' | 'deploymentsPerMonth';

async function add(open: OpenContext, quota: Kind = 'modules', id = randomUUID()): Promise<string> {
  const month = new Date(clock.now()).toISOString().slice(0, 7);
  await open.tx.execute('insert into things values ($1, $2, $3, $4)', [
    id,
    open.tenantId,
    quota,
    month,
  ]);
  await takeQuota(open, quota);
  return id;
}

async function remove(open: OpenContext, id: string): Promise<void> {
  await giveQuotaBack(
    open,
    'modules',
    await open.tx.execute('delete from things where tenant_id = $1 and id = $2', [
      open.tenantId,
      id,
    ]),
  );
}

const make = (quota: Kind = 'modules') => db.transaction(ctx, (open) => add(open, quota));
const destroy = (id: string) => db.transaction(ctx, (open) => remove(open, id));

async function makeMany(count: number, quota: Kind = 'modules'): Promise<string[]> {
  const ids: string[] = [];
  for (let number = 0; number < count; number += 1) ids.push(await make(quota));
  return ids;
}

async function counter(quota: Kind = 'modules'): Promise<number | null> {
  const [row] = await sql<{ used: string }>(
    'select used from quota_counters where tenant_id = $1 and quota = $2',
    [ctx.tenantId, quota],
  );
  return row ? Number(row.used) : null;
}

async function things(quota: Kind = 'modules'): Promise<number> {
  const [row] = await sql<{ count: number }>(
    'select count(*)::int as count from things where tenant_id = $1 and quota = $2',
    [ctx.tenantId, quota],
  );
  return row!.count;
}

async function told(action: string): Promise<Record<string, unknown>[]> {
  const rows = await sql<{ body_text: string }>(
    'select body_text from audit_entries where tenant_id = $1 and action = $2 order by at, id',
    [ctx.tenantId, action],
  );
  return rows.map((row) => JSON.parse(row.body_text) as Record<string, unknown>);
}

const shares = async () => (await told('quota-warned')).map(({ percent }) => percent);

/** All connections open: those who come at once are there at once. */
async function openAll(): Promise<void> {
  let waiting = 0;
  let goOn: () => void;
  const all = new Promise<void>((resolve) => (goOn = resolve));
  const hold = async (open: OpenContext) => {
    await open.tx.query('select 1');
    waiting += 1;
    if (waiting === CONNECTIONS) goOn();
    await all;
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, () => db.transaction(ctx, hold)));
}

describe('a limit', () => {
  it('is never passed by fifty at once, and not one less is let in', async () => {
    await openAll();
    const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => make()));
    const refused = outcomes.filter((each) => each.status === 'rejected');
    expect(refused).toHaveLength(40);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'quota-exceeded' });
    expect([await things(), await counter()]).toEqual([10, 10]);
  });

  it('says what is used up, how much of it, and when it begins anew', async () => {
    await makeMany(10, 'deploymentsPerMonth');
    await expect(make('deploymentsPerMonth')).rejects.toMatchObject({
      code: 'quota-exceeded',
      details: {
        quota: 'deploymentsPerMonth',
        use: 10,
        limit: 10,
        asked: 1,
        resetsAt: '2026-12-01T00:00:00.000Z',
        raisedBy: 'platform-admin',
        retryAfterSeconds: 43_200,
      },
    });
    limits = { modules: 0 };
    await expect(make()).rejects.toMatchObject({
      details: { quota: 'modules', use: 0, limit: 0, resetsAt: null },
    });
  });

  it('counts what is there already when it is new', async () => {
    limits = {};
    await makeMany(7);
    expect(await counter()).toBeNull();
    limits = { modules: 8 };
    await make();
    expect(await counter()).toBe(8);
    await expect(make()).rejects.toMatchObject({ details: { use: 8, limit: 8 } });
  });

  it('that is none costs no row, and nobody waits for anybody', async () => {
    limits = { modules: null };
    await db.transaction(ctx, async (open) => {
      await add(open);
      await make();
    });
    expect([await things(), await counter()]).toEqual([2, null]);
  });
});

describe('what was taken', () => {
  it('is given back with what goes away, whatever happens at once', async () => {
    const ids = await makeMany(10);
    const outcomes = await Promise.allSettled([
      ...ids.map((id) => destroy(id)),
      ...Array.from({ length: 20 }, () => make()),
    ]);
    const made = outcomes.slice(10).filter(({ status }) => status === 'fulfilled').length;
    expect(outcomes.slice(0, 10).every(({ status }) => status === 'fulfilled')).toBe(true);
    expect([await things(), await counter()]).toEqual([made, made]);
  });

  it('is undone with its transaction, and so is what was given back', async () => {
    const [id] = await makeMany(2);
    const broken = new Error('undone');
    const undone = (work: (open: OpenContext) => Promise<unknown>) =>
      db.transaction(ctx, async (open) => {
        await work(open);
        throw broken;
      });
    await expect(undone((open) => add(open))).rejects.toBe(broken);
    await expect(undone((open) => remove(open, id!))).rejects.toBe(broken);
    expect([await things(), await counter()]).toEqual([2, 2]);
  });

  it('begins at nothing with the month of UTC, and what stays does not', async () => {
    clock = Object.assign(clock, { time: Date.parse('2026-11-30T23:59:59.999Z') });
    await makeMany(10, 'deploymentsPerMonth');
    await makeMany(3);
    await expect(make('deploymentsPerMonth')).rejects.toMatchObject({ code: 'quota-exceeded' });
    clock.advance(1);
    await make('deploymentsPerMonth');
    await make();
    expect([await counter('deploymentsPerMonth'), await counter()]).toEqual([1, 4]);
  });
});

describe('a lowered limit', () => {
  it('warns, takes nothing away, and blocks growth alone', async () => {
    const ids = await makeMany(5);
    limits = { modules: 3 };
    await db.transaction(ctx, (open) => quotas.reviewAll(open));
    expect(await told('quota-warned')).toEqual([
      expect.objectContaining({ quota: 'modules', percent: 100, use: 5, limit: 3, isOver: true }),
    ]);
    await expect(make()).rejects.toMatchObject({ details: { use: 5, limit: 3 } });
    expect(await things()).toBe(5);
    for (const id of ids.slice(0, 3)) await destroy(id);
    await make();
    await expect(make()).rejects.toMatchObject({ code: 'quota-exceeded' });
  });
});

describe('warnings', () => {
  it('come at 80, 90 and 100 per cent, once each in a month', async () => {
    const ids = await makeMany(7);
    expect(await shares()).toEqual([]);
    ids.push(...(await makeMany(3)));
    expect(await shares()).toEqual([80, 90, 100]);
    for (const id of ids.slice(0, 4)) await destroy(id);
    await makeMany(4);
    expect(await shares()).toEqual([80, 90, 100]);
    clock.advance(DAY_MS);
    await destroy(ids.at(-1)!);
    await make();
    expect(await shares()).toEqual([80, 90, 100, 100]);
  });

  it('are undone with what they warn of', async () => {
    await makeMany(7);
    const undone = db.transaction(ctx, async (open) => {
      await add(open);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect(await shares()).toEqual([]);
    await make();
    expect(await shares()).toEqual([80]);
  });
});

describe('counting anew', () => {
  const spoil = (used: number) =>
    sql('update quota_counters set used = $2 where tenant_id = $1', [ctx.tenantId, used]);

  it('mends a counter once a day, and says by how much', async () => {
    await makeMany(4);
    await spoil(1);
    await recount.run();
    expect(await counter()).toBe(1);
    clock.advance(DAY_MS + 1);
    await recount.run();
    expect(await counter()).toBe(4);
    // The month is another one: nothing was wrong then, by its own terms.
    expect(await told('quota-mended')).toEqual([]);
    await spoil(9);
    clock.advance(DAY_MS + 1);
    await recount.run();
    expect(await counter()).toBe(4);
    expect(await told('quota-mended')).toEqual([
      { quota: 'modules', said: 9, counted: 4, difference: -5 },
    ]);
    expect((await metrics.expose(undefined)).text).toContain(
      'tidegate_quota_recount_difference_total{quota="modules",direction="too-high"} 5',
    );
  });

  it('is done before anything is refused', async () => {
    await makeMany(2);
    await spoil(10);
    await make();
    expect(await counter()).toBe(3);
    expect(await told('quota-mended')).toEqual([
      { quota: 'modules', said: 10, counted: 2, difference: -8 },
    ]);
  });

  it('forgets counters of what is limited no more', async () => {
    await makeMany(2);
    limits = {};
    clock.advance(DAY_MS + 1);
    await recount.run();
    expect(await counter()).toBeNull();
  });
});
