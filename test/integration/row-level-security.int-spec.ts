/** What one tenant's transaction can do to another's rows, tried as the application's own role. */
import type { Client } from 'pg';
import { newId } from '../../src/kernel/ids.js';
import { freshDatabase, type TestDatabase, withClient } from '../support/database.js';

interface Tenant {
  id: string;
  environmentId: string;
  moduleId: string;
}

async function makeTenant(database: TestDatabase, slug: string): Promise<Tenant> {
  const tenant = { id: newId(), environmentId: newId(), moduleId: newId() };
  await withClient(database.superuser, async (client) => {
    await client.query('insert into tenants (id, slug, name) values ($1, $2, $2)', [
      tenant.id,
      slug,
    ]);
    await client.query(
      `insert into environments (tenant_id, id, name, name_key, defaults, allowed_strategies,
         signature_policy) values ($1, $2, 'QA', 'qa', '{}', '{direct}', 'if-present')`,
      [tenant.id, tenant.environmentId],
    );
    await client.query(`insert into modules (tenant_id, id, name) values ($1, $2, 'payments')`, [
      tenant.id,
      tenant.moduleId,
    ]);
  });
  return tenant;
}

/** Runs the work as the application in one transaction of that tenant and takes it back. */
async function asTenant<T>(
  database: TestDatabase,
  tenantId: string | undefined,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  return withClient(database.app, async (client) => {
    await client.query('begin');
    if (tenantId) await client.query(`select set_config('app.tenant_id', $1, true)`, [tenantId]);
    try {
      return await work(client);
    } finally {
      await client.query('rollback');
    }
  });
}

async function makePerson(database: TestDatabase, tenants: readonly Tenant[]): Promise<string> {
  const id = newId();
  await withClient(database.superuser, async (client) => {
    await client.query('insert into users (id, username, username_key) values ($1, $2, $2)', [
      id,
      `p-${id}`,
    ]);
    for (const tenant of tenants) {
      await client.query('insert into memberships (tenant_id, user_id) values ($1, $2)', [
        tenant.id,
        id,
      ]);
    }
  });
  return id;
}

async function peopleSeenBy(database: TestDatabase, { id }: Tenant): Promise<string[]> {
  const { rows } = await asTenant(database, id, (client) =>
    client.query<{ id: string }>('select id from users order by id'),
  );
  return rows.map((row) => row.id);
}

/** True when the tenant sees only its own modules: the property that all the rest leans on. */
async function isIsolated(database: TestDatabase, own: Tenant): Promise<boolean> {
  const { rows } = await asTenant(database, own.id, (client) =>
    client.query<{ tenant_id: string }>('select tenant_id from modules'),
  );
  return rows.length === 1 && rows[0]?.tenant_id === own.id;
}

describe('row-level security', () => {
  let database: TestDatabase;
  let north: Tenant;
  let south: Tenant;
  beforeAll(async () => {
    database = await freshDatabase();
    north = await makeTenant(database, 'north');
    south = await makeTenant(database, 'south');
  });
  afterAll(() => database.drop());

  it('shows a tenant its own rows only', async () => {
    expect(await isIsolated(database, north)).toBe(true);
    expect(await isIsolated(database, south)).toBe(true);
  });

  it('shows nothing in any table when no tenant is set', async () => {
    const tables = await withClient(database.superuser, async (client) => {
      const { rows } = await client.query<{ name: string }>(
        `select relname as name from pg_class c where relkind in ('r', 'p') and relrowsecurity
           and relnamespace = 'public'::regnamespace
           and has_table_privilege('tidegate_app', c.oid, 'select')`,
      );
      return rows.map(({ name }) => name);
    });
    expect(tables).toContain('modules');
    await asTenant(database, undefined, async (client) => {
      for (const table of tables) {
        const { rows } = await client.query(`select 1 from ${table} limit 1`);
        expect({ table, rows }).toEqual({ table, rows: [] });
      }
    });
  });

  it('shows nothing either on a connection that had a tenant before', async () => {
    await withClient(database.app, async (client) => {
      await client.query('begin');
      await client.query(`select set_config('app.tenant_id', $1, true)`, [north.id]);
      expect((await client.query('select 1 from modules')).rowCount).toBe(1);
      await client.query('commit');
      expect((await client.query('select 1 from modules')).rowCount).toBe(0);
    });
  });

  it('refuses a row of another tenant', async () => {
    const insert = asTenant(database, north.id, (client) =>
      client.query(`insert into modules (tenant_id, id, name) values ($1, $2, 'mine')`, [
        south.id,
        newId(),
      ]),
    );
    await expect(insert).rejects.toThrow('row-level security');
  });

  it('refuses to move an own row to another tenant', async () => {
    const move = asTenant(database, north.id, (client) =>
      client.query('update modules set tenant_id = $1', [south.id]),
    );
    await expect(move).rejects.toThrow('row-level security');
  });

  it('touches no row of another tenant when updating or deleting', async () => {
    await asTenant(database, north.id, async (client) => {
      const update = await client.query(`update modules set name = 'taken' where tenant_id = $1`, [
        south.id,
      ]);
      const remove = await client.query('delete from artifacts where tenant_id = $1', [south.id]);
      expect([update.rowCount, remove.rowCount]).toEqual([0, 0]);
    });
  });

  it('refuses a reference to another tenant’s row', async () => {
    const insert = asTenant(database, north.id, (client) =>
      client.query(
        `insert into clusters (tenant_id, id, environment_id, name, target_kind)
         values ($1, $2, $3, 'edge', 'agent')`,
        [north.id, newId(), south.environmentId],
      ),
    );
    await expect(insert).rejects.toThrow('foreign key');
  });

  it('lets nobody name a partition to get round the table', async () => {
    const partition = await withClient(database.superuser, async (client) => {
      const { rows } = await client.query<{ name: string }>(
        `select inhrelid::regclass::text as name from pg_inherits
         where inhparent = 'node_metrics'::regclass limit 1`,
      );
      return rows[0]?.name ?? '';
    });
    const read = asTenant(database, north.id, (client) => client.query(`table ${partition}`));
    await expect(read).rejects.toThrow('permission denied');
  });

  it('keeps the business tables from the system’s role', async () => {
    const read = (what: string) =>
      withClient(database.system, (client) => client.query(`select ${what} from deployments`));
    await expect(read('*')).rejects.toThrow('permission denied');
    await expect(read('id')).rejects.toThrow('permission denied');
    // Usage is counted by day, from when they were made.
    await expect(read('tenant_id, created_at')).resolves.toBeDefined();
  });

  it('shows a tenant its own members among the people, and lets it write none', async () => {
    const [here, there, both] = [
      await makePerson(database, [north]),
      await makePerson(database, [south]),
      await makePerson(database, [north, south]),
    ];
    expect(await peopleSeenBy(database, north)).toEqual([here, both].sort());
    expect(await peopleSeenBy(database, south)).toEqual([there, both].sort());
    const refused = [
      `update users set display_name = 'mine' where id = '${here}'`,
      `update users set disabled_at = null`,
      `delete from users where id = '${here}'`,
      `insert into users (id, username, username_key) values ('${newId()}', 'x', 'x')`,
      `select password_hash from users`,
      `select known_networks from users`,
    ];
    for (const text of refused) {
      const tried = asTenant(database, north.id, (client) => client.query(text));
      await expect(tried).rejects.toThrow('permission denied');
    }
  });

  it('is what hides people: without the policy that test turns red', async () => {
    const scratch = await freshDatabase();
    try {
      const [own, other] = [await makeTenant(scratch, 'north'), await makeTenant(scratch, 'south')];
      const here = await makePerson(scratch, [own]);
      const there = await makePerson(scratch, [other]);
      expect(await peopleSeenBy(scratch, own)).toEqual([here]);
      await withClient(scratch.owner, async (client) => {
        await client.query('drop policy tenant on users');
        await client.query('alter table users disable row level security');
      });
      expect(await peopleSeenBy(scratch, own)).toEqual([here, there].sort());
    } finally {
      await scratch.drop();
    }
  });

  it('is what isolates: without the policy these tests turn red', async () => {
    const scratch = await freshDatabase();
    try {
      const own = await makeTenant(scratch, 'north');
      await makeTenant(scratch, 'south');
      expect(await isIsolated(scratch, own)).toBe(true);
      await withClient(scratch.owner, async (client) => {
        await client.query('drop policy tenant on modules');
        await client.query('alter table modules disable row level security');
      });
      expect(await isIsolated(scratch, own)).toBe(false);
    } finally {
      await scratch.drop();
    }
  });
});
