import { randomUUID } from 'node:crypto';
import { Config } from '../../src/platform/config/config.js';
import { Database } from '../../src/platform/database/database.js';
import { Housekeeping } from '../../src/platform/housekeeping/housekeeping.module.js';
import { keepHouse, readDefaultPartitions } from '../../src/platform/housekeeping/housekeeping.js';
import { credentialDays } from '../../src/platform/housekeeping/housekeeping.settings.js';
import { Logger } from '../../src/platform/logging/logger.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { Settings } from '../../src/platform/settings/settings.js';
import { freshDatabase, withClient, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/fleet-app.js';
import { quietEvents } from '../support/quiet-events.js';

/** Everything at its default. */
const unset = new Settings(Logger.silent());

let database: TestDatabase;
let db: Database;
let tenantId: string;
beforeEach(async () => {
  database = await freshDatabase();
  const { app, system } = database;
  db = await Database.open({
    app,
    system,
    poolSize: 2,
    systemPoolSize: 3,
    log: Logger.silent(),
    recorder: quietEvents(),
  });
  tenantId = randomUUID();
  await sql(`insert into tenants (id, slug, name) values ($1, 'acme', 'acme')`, [tenantId]);
});
afterEach(async () => {
  await db?.close();
  await database?.drop();
});

const sql = <T = Record<string, unknown>>(statement: string, parameters: unknown[] = []) =>
  withClient(
    database.superuser,
    async (client) => (await client.query(statement, parameters)).rows as T[],
  );
const partitionsOf = async (parent: string) =>
  (
    await sql<{ name: string }>(
      `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
       where i.inhparent = $1::regclass order by 1`,
      [parent],
    )
  ).map(({ name }) => name);
const hourName = (hours: number) => {
  const at = new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000 + hours * 3_600_000);
  const [day, time] = at.toISOString().split('T');
  return `node_metrics_${day!.replaceAll('-', '')}_${time!.slice(0, 2)}`;
};
const addMetrics = (at: string) =>
  sql(
    `insert into node_metrics (tenant_id, node_id, module_id, release_id, instance, at, requests,
       errors, cpu_ms, memory_bytes, counters)
     values ($1, $1, $1, $1, 'i', ${at}, 0, 0, 0, 0, '{}')`,
    [tenantId],
  );

describe('partitions', () => {
  it('are made three ahead of now, each under row-level security', async () => {
    const ahead = [0, 1, 2, 3].map(hourName);
    const before = await partitionsOf('node_metrics');
    for (const name of before.filter((each) => each !== 'node_metrics_default')) {
      await sql(`drop table ${name}`);
    }
    expect((await keepHouse(db, unset))!.partitionsMade).toBeGreaterThanOrEqual(4);
    expect(await partitionsOf('node_metrics')).toEqual(expect.arrayContaining(ahead));
    const open = await sql(
      `select relname from pg_class where relkind = 'r' and relname ~ '^node_metrics_\\d' and not
         (relrowsecurity and relforcerowsecurity)`,
    );
    expect(open).toEqual([]);
    expect((await keepHouse(db, unset))!.partitionsMade).toBe(0);
  });

  it('that are too old are dropped whole, and only those', async () => {
    await sql(`select tidegate_ensure_partitions(clock_timestamp() - interval '4 days')`);
    await sql(`select tidegate_ensure_partitions(clock_timestamp() - interval '20 hours')`);
    await addMetrics(`clock_timestamp() - interval '4 days'`);
    await addMetrics(`clock_timestamp() - interval '20 hours'`);
    await addMetrics('clock_timestamp()');
    expect((await keepHouse(db, unset))!.partitionsDropped).toBeGreaterThanOrEqual(4);
    const left = await sql<{ age: number }>(
      `select (extract(epoch from clock_timestamp() - at) / 3600)::int as age from node_metrics
       order by at`,
    );
    expect(left.map(({ age }) => age)).toEqual([20, 0]);
    expect(await partitionsOf('node_metrics')).toContain(hourName(-20));
    // What a gate looked at three days ago may still be asked for.
    const days = await partitionsOf('gate_samples');
    expect(days.some((name) => name < `gate_samples_${hourName(-72).slice(13, 21)}_99`)).toBe(true);
  });

  it('are made by one process at a time', async () => {
    await withClient(database.superuser, async (client) => {
      await client.query('begin');
      await client.query('select pg_advisory_xact_lock(7205759403)');
      expect(await keepHouse(db, unset)).toBeUndefined();
      await client.query('rollback');
    });
    expect(await keepHouse(db, unset)).toBeDefined();
  });

  it('of last resort are watched: a row in one is seen without being read', async () => {
    expect(await readDefaultPartitions(db)).toEqual([
      { table: 'audit_entries', bytes: 0 },
      { table: 'gate_samples', bytes: 0 },
      { table: 'node_metrics', bytes: 0 },
    ]);
    await addMetrics(`clock_timestamp() + interval '30 days'`);
    const found = await readDefaultPartitions(db);
    expect(found.filter(({ bytes }) => bytes > 0).map(({ table }) => table)).toEqual([
      'node_metrics',
    ]);
  });
});

describe('rows that have had their time', () => {
  it('are purged: idempotency keys after a week, in batches', async () => {
    await sql(
      `insert into idempotency_keys (tenant_id, principal, route, key, body_digest, status, body, at)
       select $1, 'p', 'r', n::text, 'd', 200, '{}',
         clock_timestamp() - case when n <= 2500 then interval '7 days 1 minute'
           else interval '6 days 23 hours' end
       from generate_series(1, 2503) n`,
      [tenantId],
    );
    expect((await keepHouse(db, unset))!.keysPurged).toBe(2500);
    const left = await sql<{ key: string }>('select key from idempotency_keys order by key');
    expect(left.map(({ key }) => key)).toEqual(['2501', '2502', '2503']);
  });

  it('are purged: credentials a week after they are of no more use', async () => {
    const credential = (hash: string, kind: string, times: string) =>
      sql(
        `insert into credentials (hash, tenant_id, kind, subject_id, expires_at, used_at, revoked_at)
         select $1, $2, $3, $2, now() + e * interval '1 day', now() + u * interval '1 day',
           now() + r * interval '1 day' from (values (${times})) as t(e, u, r)`,
        [hash, tenantId, kind],
      );
    await credential('expired', 'enrollment', '-8, null::int, null::int');
    await credential('used', 'enrollment', '1, -8, null::int');
    await credential('revoked', 'access-key', '90, null::int, -8');
    await credential('just expired', 'enrollment', '-6, null::int, null::int');
    await credential('just used', 'enrollment', '1, -6, null::int');
    await credential('renewed long ago', 'refresh', '1, -8, null::int');
    await credential('good', 'access-key', '90, null::int, null::int');
    const longer = new Settings(Logger.silent());
    const set = { scope: 'platform', environmentKey: '', environment: null, isSet: true } as const;
    const by = { version: 1, revision: 1, changedBy: 'ada', changedAt: new Date() };
    longer.apply([{ ...set, ...by, tenantId, key: credentialDays.key, value: 9 }]);
    expect(await keepHouse(db, longer)).toMatchObject({ credentialsPurged: 0 });
    expect(await keepHouse(db, unset)).toMatchObject({ credentialsPurged: 3, eventsPurged: 0 });
    const left = await sql<{ hash: string }>('select hash from credentials order by hash');
    expect(left.map(({ hash }) => hash)).toEqual([
      'good',
      'just expired',
      'just used',
      'renewed long ago',
    ]);
  });
});

describe('the house', () => {
  it('is kept at the start, and tells what needs a person', async () => {
    await addMetrics(`clock_timestamp() + interval '30 days'`);
    const lines: string[] = [];
    const { level } = Config.read({}).log;
    const logger = Logger.create({
      level,
      format: 'json',
      destination: { write: (line) => void lines.push(line) },
    });
    const metrics = new Metrics();
    const house = new Housekeeping(db, unset, logger, metrics);
    house.onApplicationBootstrap();
    try {
      await eventually(() => lines.some((line) => line.includes('default partition is not empty')));
    } finally {
      await house.beforeApplicationShutdown();
    }
    expect(lines.some((line) => line.includes('kept house'))).toBe(true);
    const { text } = await metrics.expose('text/plain');
    expect(text).toMatch(/tidegate_default_partition_bytes\{table="node_metrics"\} [1-9]/);
    expect(text).toMatch(/tidegate_default_partition_bytes\{table="audit_entries"\} 0/);
    expect(text).toContain('tidegate_housekeeping_failures_total 0');
  });

  it('that cannot be kept is counted and does not end the process', async () => {
    await sql('drop function tidegate_ensure_partitions');
    const metrics = new Metrics();
    const house = new Housekeeping(db, unset, Logger.silent(), metrics);
    house.onApplicationBootstrap();
    await house.beforeApplicationShutdown();
    const { text } = await metrics.expose('text/plain');
    expect(text).toContain('tidegate_housekeeping_failures_total 1');
  });
});
