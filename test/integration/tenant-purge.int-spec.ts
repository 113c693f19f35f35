/**
 * The end of a tenant that has something of every kind: whatever table there is, nothing of it is left, and
 * nothing of its neighbour is gone. The tables come from the database, so a new one is covered when it is made.
 */
import { jest } from '@jest/globals';
import { type ObjectStore, artifactKey } from '../../src/drivers/storage/object-store.js';
import { OBJECT_STORE } from '../../src/drivers/storage/object-store.token.js';
import { armFailpoints } from '../../src/kernel/failpoint.js';
import { limits } from '../../src/kernel/limits.js';
import { Database } from '../../src/platform/database/database.js';
import { ArtifactPurgeModule } from '../../src/releases/artifacts/artifact-purge.js';
import { TenantTasksModule } from '../../src/tenancy/tenant-tasks/tenant-tasks.module.js';
import { purgeRows } from '../../src/tenancy/tenant-tasks/purge.store.js';
import { PLATFORM_TENANT } from '../../src/tenancy/tenants/platform-tenant.js';
import { tableOwners } from '../architecture/table-owners.js';
import { ask, type Inhabitant } from '../isolation/inhabitant.js';
import { World } from '../isolation/world.js';
import { withClient } from '../support/database.js';
import { eventually } from '../support/eventually.js';

/** Of tables in which the isolation test's tenants have nothing: what a row of them needs besides. */
const NEEDED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  approval_policies: { bars: `'{}'` },
  approval_decisions: { person_id: '$1' },
  approval_challenges: { challenge: `repeat('x', 43)` },
  external_gate_calls: { nonce: `repeat('x', 43)` },
  mail_outbox: { sealed: `'x'` },
  audit_archives: {
    month: `date_trunc('month', current_date)`,
    size: '2',
    digest: `'sha256:' || repeat('0', 64)`,
    personal_digest: `'sha256:' || repeat('0', 64)`,
  },
  quota_counters: { period: `'2026-01'` },
};

const VALUES: Readonly<Record<string, string>> = {
  uuid: '$1',
  text: `'x'`,
  jsonb: `'{}'`,
  json: `'{}'`,
  'text[]': `'{}'`,
  'timestamp with time zone': 'now()',
  boolean: 'false',
  date: 'current_date',
  bytea: `sha256('')`,
};

let world: World;
beforeAll(async () => {
  // Few at a time, so that every table takes several turns.
  jest.replaceProperty(limits, 'purgedRows', 20 as never);
  jest.replaceProperty(limits, 'purgeSettlesMs', 50 as never);
  world = await World.build([TenantTasksModule, ArtifactPurgeModule]);
}, 90_000);
afterAll(async () => {
  armFailpoints(undefined);
  await world?.close();
});

const sql = <Row extends object>(text: string, parameters: unknown[] = []) =>
  withClient(world.whole.database.superuser, async (client) => {
    const { rows } = await client.query<Row>(text, parameters);
    return rows;
  });

/** Of every table with a tenant, how many rows it has of this one. */
async function rowsOf(tenantId: string): Promise<Record<string, number>> {
  const tables = await sql<{ name: string }>(
    `select c.relname as name from pg_class c
     join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
       and not c.relispartition order by 1`,
  );
  const counts = await Promise.all(
    tables.map(async ({ name }) => {
      const [row] = await sql<{ count: number }>(
        `select count(*)::int as count from "${name}" where tenant_id = $1`,
        [tenantId],
      );
      return [name, row!.count] as const;
    }),
  );
  return Object.fromEntries(counts);
}

/** A row of A in a table that has none, as its columns and their checks want it. */
async function addRow(table: string): Promise<void> {
  const columns = await sql<{ name: string; type: string; check: string | null }>(
    `select a.attname as name, format_type(a.atttypid, null) as type,
       (select pg_get_constraintdef(k.oid) from pg_constraint k where k.conrelid = a.attrelid
          and k.contype = 'c' and k.conkey = array[a.attnum] limit 1) as check
     from pg_attribute a where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped
       and a.attnotnull and not a.atthasdef`,
    [table],
  );
  const values: Record<string, string> = { ...NEEDED[table] };
  for (const { name, type, check } of columns) {
    const word = /'([^']+)'::text/.exec(check ?? '')?.[1];
    values[name] ??= word === undefined ? (VALUES[type] ?? '1') : `'${word}'`;
  }
  // What it names need not be there.
  await withClient(world.whole.database.superuser, async (client) => {
    await client.query('set session_replication_role = replica');
    await client.query(
      `insert into "${table}" (${Object.keys(values).join()}) values (${Object.values(values).join()})`,
      [world.a.id],
    );
  });
}

const platform = async () => (await world.whole.member(PLATFORM_TENANT.id, 'PlatformAdmin')).token;
const statusOf = async (id: string) =>
  (await sql<{ status: string }>('select status from tenants where id = $1', [id]))[0]!.status;

async function remove({ id }: Inhabitant): Promise<void> {
  const asked = { method: 'DELETE', path: `/api/v1/tenants/${id}` };
  const answer = await ask(world.whole.url, await platform(), asked);
  if (answer.status !== 202) throw new Error(answer.text);
}

const objectOf = async (tenant: Inhabitant) => {
  const store = world.whole.app.get<ObjectStore>(OBJECT_STORE, { strict: false });
  return store.stat(artifactKey(tenant.id, tenant.values.artifactDigest!));
};

it('takes no row of a tenant whose time is not over, whoever asks', async () => {
  const db = world.whole.get(Database);
  const purge = () => db.system((tx) => purgeRows(tx, world.a.id, 5));
  await expect(purge()).rejects.toThrow('not to be purged');
  await remove(world.b);
  await sql('update tenants set restorable_until = null where id = $1', [world.b.id]);
  await expect(db.system((tx) => purgeRows(tx, world.b.id, 5))).rejects.toThrow('not to be purged');
  const asked = { method: 'POST', path: `/api/v1/tenants/${world.b.id}/restore` };
  expect((await ask(world.whole.url, await platform(), asked)).status).toBe(200);
});

it('leaves nothing of the tenant but its slug, and all of its neighbour, over kills at every step', async () => {
  const { a, b } = world;
  await remove(a);
  const neighbour = await rowsOf(b.id);
  const first = await rowsOf(a.id);
  for (const [name, count] of Object.entries(first)) if (count === 0) await addRow(name);
  // The one row is of a server that this installation has not.
  await sql('delete from tenant_resources');
  await sql(`update tenant_tasks set outcome = 'succeeded', finished_at = now()`);
  const before = await rowsOf(a.id);
  const empty = Object.entries(before).flatMap(([name, count]) => (count === 0 ? [name] : []));
  expect(empty).toEqual(['tenant_resources']);
  expect(Object.keys(before).filter((name) => !(name in tableOwners))).toEqual([]);
  expect(await objectOf(a)).not.toBeNull();

  // Each step dies once on either side: its process is gone, and its lease runs out.
  const died = new Set<string>();
  armFailpoints(async (at, about) => {
    const key = `${at} ${about}`;
    if (!at.startsWith('tenant.step') || died.has(key)) return;
    died.add(key);
    throw new Error('killed');
  });
  await sql(`update tenants set restorable_until = now() where id = $1`, [a.id]);
  await eventually(async () => {
    // Nobody waits for the next attempt.
    await sql('update tenant_tasks set wake_at = now() where finished_at is null');
    expect(await statusOf(a.id)).toBe('deleted');
  }, 60_000);
  expect(died.size).toBe(12);

  const left = Object.entries(await rowsOf(a.id)).filter(([, count]) => count > 0);
  expect(left).toEqual([]);
  expect(await objectOf(a)).toBeNull();
  const now = await rowsOf(b.id);
  expect(Object.keys(neighbour).filter((name) => now[name]! < neighbour[name]!)).toEqual([]);
  expect(await objectOf(b)).not.toBeNull();
  const [tombstone] = await sql<Record<string, unknown>>('select * from tenants where id = $1', [
    a.id,
  ]);
  expect(tombstone).toMatchObject({ slug: a.slug, name: a.slug, status: 'deleted' });
  const told = await sql(
    `select 1 from audit_entries where tenant_id = $1 and action = 'tenant-purged' and subject_id = $2`,
    [PLATFORM_TENANT.id, a.id],
  );
  expect(told.length).toBeGreaterThanOrEqual(1);
  const again = await ask(world.whole.url, await platform(), {
    method: 'POST',
    path: '/api/v1/tenants',
    body: { slug: a.slug, name: 'Again' },
  });
  expect(again.body.code).toBe('tenant-slug-taken');
}, 120_000);
