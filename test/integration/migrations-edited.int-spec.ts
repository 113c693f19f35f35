import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Migrator } from '../../src/platform/database/migrations/migrator.js';
import { freshDatabase, type TestDatabase, withClient } from '../support/database.js';

const FIRST = '1763700000000-first-tables';

describe('a migration that was edited after it had been applied', () => {
  let database: TestDatabase;
  let folder: string;

  beforeEach(async () => {
    database = await freshDatabase({ empty: true });
    folder = await mkdtemp(join(tmpdir(), 'tidegate-migrations-'));
    await cp('migrations', folder, { recursive: true });
  });
  afterEach(async () => {
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  const migrator = (files = folder) => new Migrator({ owner: database.owner, folder: files });
  const edit = async (file: string, change: (sql: string) => string) => {
    const path = join(folder, file);
    const before = await readFile(path, 'utf8');
    const after = change(before);
    expect(after).not.toBe(before);
    await writeFile(path, after);
  };
  const sql = (statement: string) =>
    withClient(database.owner, async (client) => (await client.query(statement)).rows as unknown[]);
  /** As a version from before checksums left it. */
  const forgetChecksums = () => sql('drop table migration_checksums');

  it.each(['up', 'down'])(
    'is refused by its checksum, also as a comment in the %s file',
    async (direction) => {
      await migrator().up();
      await edit(`${FIRST}.${direction}.sql`, (text) => `${text}\n-- A word more.\n`);
      await expect(migrator().up()).rejects.toMatchObject({
        code: 'migration-edited',
        message: expect.stringContaining(`migrations/${FIRST}.${direction}.sql`),
      });
      await expect(migrator().down()).rejects.toMatchObject({ code: 'migration-edited' });
      expect((await migrator().status())[0]!.state).toBe('edited');
    },
  );

  it('is refused to a process that only reads as the application', async () => {
    await migrator().up();
    await new Migrator({ owner: database.app, folder }).refuseForeign();
    await edit(`${FIRST}.up.sql`, (text) => `${text}\n-- A word more.\n`);
    const reader = new Migrator({ owner: database.app, folder });
    await expect(reader.refuseForeign()).rejects.toMatchObject({ code: 'migration-edited' });
  });

  it('is the same with other line endings', async () => {
    await migrator().up();
    await edit(`${FIRST}.up.sql`, (text) => text.replaceAll('\n', '\r\n'));
    expect(await migrator().up()).toEqual([]);
  });

  it('is found in a home from before checksums by a column that is missing', async () => {
    await edit(`${FIRST}.up.sql`, (text) => text.replace(/^ +min_available integer .*\n/m, ''));
    const applied = await migrator().up();
    await forgetChecksums();
    await expect(migrator('migrations').up()).rejects.toMatchObject({
      code: 'schema-differs',
      message: expect.stringContaining('column clusters.min_available is missing'),
    });
    // Refused for good, not only once.
    await expect(migrator('migrations').up()).rejects.toMatchObject({ code: 'schema-differs' });
    const states = await migrator('migrations').status();
    expect(states.map(({ name }) => name)).toEqual(applied);
    expect(new Set(states.map(({ state }) => state))).toEqual(new Set(['unchecked']));
    const differences = await migrator('migrations').differences();
    expect(differences).toContain('column clusters.min_available is missing');
  });

  it.each([
    ['type', 'alter table tenants alter column tier type varchar(9)', 'column tenants.tier'],
    ['default', `alter table tenants alter column tier set default 'x'`, 'column tenants.tier'],
    [
      'constraint',
      'alter table modules drop constraint modules_tenant_id_name_key',
      'modules_tenant_id_name_key',
    ],
    ['index', 'drop index memberships_by_user', 'memberships_by_user'],
    ['policy', 'drop policy tenant on deployments', 'policy deployments.tenant'],
    [
      'forced row security',
      'alter table deployments no force row level security',
      'table deployments',
    ],
    ['grant', 'grant delete on deployments to tidegate_app', 'grant on table deployments'],
    [
      'function',
      'drop function tidegate_drop_old_partitions(timestamptz)',
      'tidegate_drop_old_partitions',
    ],
    ['table', 'drop table audit_anchors', 'table audit_anchors is missing'],
    ['table too many', 'create table strange (id int)', 'table strange should not be there'],
  ])('is found in a home from before checksums by another %s', async (_what, statement, named) => {
    await migrator().up();
    await forgetChecksums();
    await sql(statement);
    await expect(migrator().up()).rejects.toMatchObject({
      code: 'schema-differs',
      message: expect.stringContaining(named),
    });
  });

  it('takes a home from before checksums that is the same, and knows its files from then on', async () => {
    await migrator().up();
    await forgetChecksums();
    // What housekeeping does while a home is used.
    await sql(`select tidegate_ensure_partitions(clock_timestamp() + interval '3 days')`);
    expect(await migrator().up()).toEqual([]);
    expect(new Set((await migrator().status()).map(({ state }) => state))).toEqual(
      new Set(['applied']),
    );
    await edit(`${FIRST}.up.sql`, (text) => `${text}\n-- A word more.\n`);
    await expect(migrator().up()).rejects.toMatchObject({ code: 'migration-edited' });
  });

  it('is taken once the home has been given the shape that it lacks', async () => {
    await migrator().up();
    await forgetChecksums();
    await sql('drop index memberships_by_user');
    await expect(migrator().up()).rejects.toMatchObject({ code: 'schema-differs' });
    await sql('create index memberships_by_user on memberships (user_id)');
    expect(await migrator().up()).toEqual([]);
  });

  it('leaves nothing of the comparison behind', async () => {
    await migrator().up();
    await forgetChecksums();
    const schemas = () =>
      sql(`select nspname from pg_namespace where nspname !~ '^pg_(toast_)?temp'`);
    const before = await schemas();
    await migrator().up();
    expect(await schemas()).toEqual(before);
  });
});

describe('migrations that were applied in another order', () => {
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
  const remove = (base: string) =>
    Promise.all(['up', 'down'].map((direction) => rm(join(folder, `${base}.${direction}.sql`))));
  const migrator = () => new Migrator({ owner: database.owner, folder });

  it('refuses one that is older than what has been applied', async () => {
    await write('1763700000002-add-two', 'create table two (id int)');
    await migrator().up();
    await write('1763700000001-add-one', 'create table one (id int)');
    await expect(migrator().up()).rejects.toMatchObject({ code: 'migration-passed-over' });
  });

  it('refuses a database with one that was never here, between those that were', async () => {
    await write('1763700000001-add-one', 'create table one (id int)');
    await write('1763700000002-add-two', 'create table two (id int)');
    await migrator().up();
    await remove('1763700000001-add-one');
    await expect(migrator().up()).rejects.toMatchObject({ code: 'database-of-another-version' });
    await expect(migrator().refuseForeign()).rejects.toMatchObject({
      code: 'database-of-another-version',
    });
  });

  it('lets a process of the version before go on with a newer schema, but not migrate it', async () => {
    await write('1763700000001-add-one', 'create table one (id int)');
    await write('1763700000002-add-two', 'create table two (id int)');
    await migrator().up();
    await remove('1763700000002-add-two');
    await migrator().refuseForeign();
    await expect(migrator().up()).rejects.toMatchObject({ code: 'database-newer' });
  });

  it('names the file of a migration that fails, and goes on with it when it is mended', async () => {
    await write('1763700000001-add-one', 'create table one (id int)');
    await write('1763700000002-add-two', 'create table two (id int); select 1/0');
    await expect(migrator().up()).rejects.toMatchObject({
      code: 'migration-failed',
      message: expect.stringMatching(/add-two\.up\.sql failed .*division by zero/),
    });
    await write('1763700000002-add-two', 'create table two (id int)');
    expect(await migrator().up()).toEqual(['AddTwo1763700000002']);
  });
});

describe('npm run migrate -- down', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await freshDatabase();
  });
  afterAll(() => database.drop());

  const run = promisify(execFile);
  const migrate = async (...args: string[]) => {
    const { host, port, user, password = '', database: name } = database.owner;
    const url = `postgres://${user}:${password}@localhost:${port}/${name}?host=${encodeURIComponent(host)}`;
    const program = [
      '--import',
      './test/support/register-typescript.mjs',
      'src/apps/migrate/main.ts',
    ];
    const env = { PATH: process.env.PATH, DATABASE_URL: url, DATABASE_OWNER_URL: url };
    return run(process.execPath, [...program, ...args], { env }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    );
  };

  it('names tables, columns and the rows in them before it asks, and without a terminal drops nothing', async () => {
    await withClient(database.superuser, (client) =>
      client.query(`insert into tenants (id, slug, name) values (gen_random_uuid(), 'a', 'a')`),
    );
    const migrator = new Migrator({ owner: database.owner });
    while ((await migrator.status()).filter(({ state }) => state === 'applied').length > 1) {
      await migrator.down();
    }
    const { code, stdout, stderr } = await migrate('down');
    expect(code).toBe(2);
    expect(stderr).toContain('--yes');
    // Counted past row-level security, which is forced on the owner.
    expect(stdout).toMatch(/drops +table tenants \(1 row\)/);
    expect(stdout).toMatch(/drops +table users \(0 rows\)/);
    expect((await migrator.status())[0]!.state).toBe('applied');
  });

  it('goes ahead with --yes', async () => {
    const { code, stdout } = await migrate('down', '--yes');
    expect({ code, last: stdout.trim().split('\n').at(-1) }).toEqual({
      code: 0,
      last: 'reverted FirstTables1763700000000',
    });
  });

  it('explains itself, and takes no argument that it does not know', async () => {
    expect(await migrate('--help')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('down'),
    });
    for (const args of [['sideways'], ['up', '--yes'], ['down', '--force'], ['down', '2']]) {
      expect(await migrate(...args)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('Usage'),
      });
    }
  });
});
