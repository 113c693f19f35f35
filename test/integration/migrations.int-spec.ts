import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId } from '../../src/kernel/ids.js';
import { backfill } from '../../src/platform/database/backfill.js';
import { binariesIn } from '../../src/platform/database/embedded/binaries.js';
import { startEmbeddedPostgres } from '../../src/platform/database/embedded/embedded-postgres.js';
import { ensureRoles } from '../../src/platform/database/embedded/roles.js';
import { Migrator } from '../../src/platform/database/migrations/migrator.js';
import { freshDatabase, type TestDatabase, withClient } from '../support/database.js';

type Owner = TestDatabase['owner'];

async function objectsOf(owner: Owner): Promise<string[]> {
  return withClient(owner, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `select relname as name from pg_class where relnamespace = 'public'::regnamespace
         and relname !~ '^(pk_)?migration(s|_checksums)' and relname !~ '^PK_'
       union all select proname from pg_proc where pronamespace = 'public'::regnamespace
       order by 1`,
    );
    return rows.map(({ name }) => name);
  });
}

async function upDownUp(owner: Owner): Promise<void> {
  const migrator = new Migrator({ owner });
  const applied = await migrator.up();
  expect(applied.length).toBeGreaterThan(0);
  const first = await objectsOf(owner);
  expect(first).toContain('deployments');
  for (const name of [...applied].reverse()) expect(await migrator.down()).toBe(name);
  expect(await objectsOf(owner)).toEqual([]);
  expect(await migrator.down()).toBeUndefined();
  expect(await migrator.up()).toEqual(applied);
  expect(await objectsOf(owner)).toEqual(first);
  expect(await migrator.up()).toEqual([]);
  // As a version from before checksums left it: compared, and found to be the same.
  await withClient(owner, (client) => client.query('drop table migration_checksums'));
  expect(await migrator.up()).toEqual([]);
}

describe('migrations', () => {
  let database: TestDatabase;
  let folder: string;

  beforeEach(async () => {
    database = await freshDatabase({ empty: true });
    folder = await mkdtemp(join(tmpdir(), 'tidegate-migrations-'));
  });
  afterEach(async () => {
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  const write = async (base: string, up: string, down = 'select 1') => {
    await writeFile(join(folder, `${base}.up.sql`), up);
    await writeFile(join(folder, `${base}.down.sql`), down);
  };

  it('go up, all the way down and up again on the embedded PostgreSQL', async () => {
    await upDownUp(database.owner);
  });

  // Debian’s package, where it is installed; elsewhere the newest alone is tested.
  const installed = '/usr/lib/postgresql/15';
  const itOn15 = existsSync(installed) ? it : () => undefined;
  itOn15(
    'go up, down and up again on PostgreSQL 15, the oldest that is supported',
    async () => {
      const dataDir = join(folder, 'server');
      const server = await startEmbeddedPostgres({
        dataDir,
        log: () => {},
        settings: { fsync: 'off' },
        binaries: binariesIn(installed),
      });
      try {
        const { host, port, superuser } = server;
        const access = await ensureRoles(
          { host, port, ...superuser, database: 'postgres' },
          { database: 'tidegate', passwordFile: join(dataDir, 'roles.json') },
        );
        await upDownUp(access.owner);
      } finally {
        await server.stop();
      }
    },
    60_000,
  );

  it('lets several migrators start at once and applies each migration once', async () => {
    const results = await Promise.all(
      [1, 2, 3].map(() => new Migrator({ owner: database.owner }).up()),
    );
    const all = await readdir(new URL('../../migrations', import.meta.url));
    expect(results.flat()).toHaveLength(all.length / 2);
  });

  it('takes a failing migration back as a whole and keeps those before it', async () => {
    await write('1763700000001-add-one', 'create table one (id int)', 'drop table one');
    await write('1763700000002-add-two', 'create table two (id int); select 1/0');
    const migrator = new Migrator({ owner: database.owner, folder });
    await expect(migrator.up()).rejects.toThrow('division by zero');
    expect(await migrator.status()).toEqual([
      { name: 'AddOne1763700000001', state: 'applied' },
      { name: 'AddTwo1763700000002', state: 'pending' },
    ]);
    expect(await objectsOf(database.owner)).toEqual(['one']);
  });

  it('refuses a database of a newer version', async () => {
    await write('1763700000001-add-one', 'create table one (id int)');
    await new Migrator({ owner: database.owner, folder }).up();
    const older = new Migrator({
      owner: database.owner,
      folder: await mkdtemp(join(folder, 'x-')),
    });
    await expect(older.up()).rejects.toThrow('AddOne1763700000001');
    await expect(older.down()).rejects.toThrow('run the newer version');
  });

  it('refuses a file without its counterpart and a name without a timestamp', async () => {
    const migrator = new Migrator({ owner: database.owner, folder });
    await writeFile(join(folder, '1763700000001-add-one.up.sql'), 'select 1');
    await expect(migrator.up()).rejects.toThrow('has no down.sql');
    await rm(join(folder, '1763700000001-add-one.up.sql'));
    await write('add-one', 'select 1');
    await expect(migrator.up()).rejects.toThrow('13 digits');
  });
});

describe('a data migration of a filled database', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await freshDatabase();
    await withClient(database.superuser, async (client) => {
      for (const slug of ['north', 'south']) {
        const tenantId = newId();
        await client.query('insert into tenants (id, slug, name) values ($1, $2, $2)', [
          tenantId,
          slug,
        ]);
        await client.query('insert into modules (tenant_id, id, name) values ($1, $2, $3)', [
          tenantId,
          newId(),
          'payments',
        ]);
      }
    });
  });
  afterAll(() => database.drop());

  it('touches no row as the owner, because row-level security is forced on it', async () => {
    const { rowCount } = await withClient(database.owner, (client) =>
      client.query(`update modules set name = 'lost'`),
    );
    expect(rowCount).toBe(0);
  });

  it('rewrites the rows of all tenants as the backfill role, and is the owner again after it', async () => {
    await withClient(database.owner, async (client) => {
      const { rowCount } = await backfill(client, (session) =>
        session.query(`update modules set name = 'invoices'`),
      );
      expect(rowCount).toBe(2);
      const { rows } = await client.query('select current_user as name');
      expect(rows).toEqual([{ name: 'tidegate_owner' }]);
    });
  });

  it('leaves nothing behind when its work fails', async () => {
    await withClient(database.owner, async (client) => {
      const work = backfill(client, async (session) => {
        await session.query(`update modules set name = 'half'`);
        throw new Error('stopped in the middle');
      });
      await expect(work).rejects.toThrow('stopped in the middle');
      const { rows } = await backfill(client, (session) =>
        session.query<{ name: string }>('select distinct name from modules'),
      );
      expect(rows).toEqual([{ name: 'invoices' }]);
    });
  });

  it('keeps states, samples and counters as they are when their columns change, both ways', async () => {
    const migrator = new Migrator({ owner: database.owner });
    const stored = () =>
      withClient(database.superuser, async (client) => {
        const { rows } = await client.query<Record<string, unknown>>(
          `select pg_typeof(r.gate)::text as type, r.gate, s.body, m.counters
           from runs r, gate_samples s, node_metrics m`,
        );
        return rows;
      });
    const id = newId();
    const body = { wave: { n: 50, cpu: 0.125, histogram: [[40, 2]] }, worst: null };
    await withClient(database.superuser, async (client) => {
      await client.query(`insert into runs (tenant_id, kind, id, gate) values ($1, 'k', $1, $2)`, [
        id,
        body,
      ]);
      await client.query(
        `insert into gate_samples (tenant_id, deployment_id, step_id, n, at, body)
         values ($1, $1, 's', 1, clock_timestamp(), $2)`,
        [id, body],
      );
      await client.query(
        `insert into node_metrics (tenant_id, node_id, module_id, release_id, instance, at, requests,
           errors, cpu_ms, memory_bytes, counters)
         values ($1, $1, $1, $1, 'i', clock_timestamp(), 1, 0, 1, 1, $2)`,
        [id, body],
      );
    });
    const kept = { gate: body, body, counters: body };
    expect(await stored()).toEqual([{ type: 'json', ...kept }]);
    // With whatever has come after it.
    for (let taken = await migrator.down(); !/samples.?as.?json/i.test(taken!);) {
      taken = await migrator.down();
    }
    expect(await stored()).toEqual([{ type: 'jsonb', ...kept }]);
    await migrator.up();
    expect(await stored()).toEqual([{ type: 'json', ...kept }]);
  });

  it('has the journals of all kinds of runs in one table, and those of deployments alone before', async () => {
    const migrator = new Migrator({ owner: database.owner });
    const id = newId();
    const add = (columns: string, values: string) =>
      withClient(database.superuser, (client) =>
        client.query(
          `insert into journal (tenant_id, deployment_id, seq, at, plan_number, kind, actor${columns})
           values ($1, $1, 1, clock_timestamp(), 0, 'created', 'test'${values})`,
          [id],
        ),
      );
    const kinds = () =>
      withClient(database.superuser, async (client) => {
        const { rows } = await client.query(`select run_kind from journal where tenant_id = $1`, [
          id,
        ]);
        return rows as unknown[];
      });
    await add(', run_kind', `, 'errand'`);
    expect(await kinds()).toEqual([{ run_kind: 'errand' }]);
    for (let taken = await migrator.down(); !/any.?kind/i.test(taken!);) {
      taken = await migrator.down();
    }
    await expect(add('', '')).rejects.toThrow('foreign key');
    await migrator.up();
    // As a process of the version before writes it.
    await add('', '');
    expect(await kinds()).toEqual([{ run_kind: 'deployment' }]);
    await withClient(database.superuser, (client) => client.query('delete from journal'));
  });

  it('leaves a key that two nodes have had to the first of them', async () => {
    const migrator = new Migrator({ owner: database.owner });
    for (let taken = await migrator.down(); !/one.?key.?one.?node/i.test(taken!);) {
      taken = await migrator.down();
    }
    const stored = await withClient(database.superuser, async (client) => {
      const { rows: tenants } = await client.query<{ id: string }>('select id from tenants');
      for (const [place, { id }] of tenants.entries()) {
        const [environmentId, clusterId] = [newId(), newId()];
        await client.query(
          `insert into environments (tenant_id, id, name, name_key, defaults, allowed_strategies, signature_policy)
           values ($1, $2, 'QA', 'qa', '{}', '{direct}', 'if-present')`,
          [id, environmentId],
        );
        await client.query(
          `insert into clusters (tenant_id, id, environment_id, name, target_kind) values ($1, $2, $3, 'local', 'agent')`,
          [id, clusterId, environmentId],
        );
        for (const name of ['a', 'b']) {
          await client.query(
            `insert into nodes (tenant_id, id, cluster_id, name, public_key, created_at)
             values ($1, $2, $3, $4, 'one-key', clock_timestamp() + $5 * interval '1 hour')`,
            [id, newId(), clusterId, name, place],
          );
        }
      }
      await migrator.up();
      const { rows } = await client.query<{ public_key: string; revoked: boolean }>(
        'select public_key, revoked_at is not null as revoked from nodes order by created_at',
      );
      return rows;
    });
    expect(stored.map(({ public_key: key, revoked }) => [key === 'one-key', revoked])).toEqual([
      [true, false],
      ...Array<[boolean, boolean]>(3).fill([false, true]),
    ]);
  });

  it('goes through further migrations with its rows', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tidegate-migrations-'));
    const files = new URL('../../migrations/', import.meta.url);
    try {
      for (const file of await readdir(files)) {
        await writeFile(join(folder, file), await readFile(new URL(file, files)));
      }
      await writeFile(
        join(folder, '1999999999999-mark-modules.up.sql'),
        `alter table modules add column title text;
         set local role tidegate_backfill;
         update modules set title = upper(name);
         reset role;
         alter table modules alter column title set not null;`,
      );
      await writeFile(
        join(folder, '1999999999999-mark-modules.down.sql'),
        'alter table modules drop column title',
      );
      const migrator = new Migrator({ owner: database.owner, folder });
      expect(await migrator.up()).toEqual(['MarkModules1999999999999']);
      const { rows } = await withClient(database.superuser, (client) =>
        client.query('select distinct title from modules'),
      );
      expect(rows).toEqual([{ title: 'INVOICES' }]);
      expect(await migrator.down()).toBe('MarkModules1999999999999');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
