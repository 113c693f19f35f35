/** The entities beside the migrated tables, and what a repository does under row-level security. */
import { readdir } from 'node:fs/promises';
import type { DataSource, EntityMetadata } from 'typeorm';
import { ClusterEntity } from '../../src/fleet/clusters/cluster.entity.js';
import { seedFleet } from '../../src/fleet/fleet.store.js';
import { EnvironmentEntity } from '../../src/fleet/environments/environment.entity.js';
import { newId } from '../../src/kernel/ids.js';
import { Context, type OpenContext } from '../../src/platform/context.js';
import { Database } from '../../src/platform/database/database.js';
import { openDataSource } from '../../src/platform/database/data-source.js';
import { insertNew, updateOne } from '../../src/platform/database/entity-rows.js';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { quietEvents } from '../support/quiet-events.js';

const root = new URL('../../src/', import.meta.url);
const silent = { warn: () => undefined, error: () => undefined };
const tenant = newId();

let server: TestDatabase;
let source: DataSource;
let db: Database;

beforeAll(async () => {
  server = await freshDatabase();
  const files = await readdir(root, { recursive: true });
  for (const file of files.filter((name) => name.endsWith('.entity.ts'))) {
    await import(new URL(file, root).href);
  }
  source = await openDataSource({ connection: server.superuser, poolSize: 1, log: silent });
  const { app, system } = server;
  db = await Database.open({
    app,
    system,
    poolSize: 4,
    systemPoolSize: 1,
    log: silent,
    recorder: quietEvents(),
  });
  await db.system((tx) =>
    tx.execute("insert into tenants (id, slug, name) values ($1, 'acme', 'Acme')", [tenant]),
  );
  await inTenant(seedFleet);
});

afterAll(async () => {
  await source?.destroy();
  await db?.close();
  await server?.drop();
});

const inTenant = <T>(work: (open: OpenContext) => Promise<T>) =>
  db.transaction(Context.system(tenant, 'test'), work);

interface Column {
  readonly name: string;
  readonly type: string;
  readonly isNullable: boolean;
  readonly isPrimary: boolean;
}

const COLUMNS = `
  select attname as name, format_type(atttypid, atttypmod) as type,
    not attnotnull as "isNullable", atthasdef as "hasDefault",
    exists (select from pg_index i where i.indrelid = attrelid and i.indisprimary
      and attnum = any(i.indkey)) as "isPrimary"
  from pg_attribute
  where attrelid = to_regclass($1) and attnum > 0 and not attisdropped order by attname`;

const columnsOf = (table: string) =>
  source.query<(Column & { readonly hasDefault: boolean })[]>(COLUMNS, [table]);

const declared = ({ columns }: EntityMetadata): Column[] =>
  columns.map((column) => ({
    name: column.databaseName,
    type: source.driver.normalizeType(column) + (column.isArray ? '[]' : ''),
    isNullable: column.isNullable,
    isPrimary: column.isPrimary,
  }));

describe('the entities', () => {
  it('are what their tables are: the columns, with type, null and key', async () => {
    expect(source.entityMetadatas.map(({ tableName }) => tableName)).toEqual(
      expect.arrayContaining(['environments', 'clusters']),
    );
    for (const entity of source.entityMetadatas) {
      const names = new Set(entity.columns.map(({ databaseName }) => databaseName));
      const columns = await columnsOf(entity.tableName);
      const migrated = columns
        .filter(({ name }) => names.has(name))
        .map(({ hasDefault: _, ...column }) => column);
      const byName = declared(entity).sort((a, b) => (a.name < b.name ? -1 : 1));
      expect([entity.tableName, byName]).toEqual([entity.tableName, migrated]);
    }
  });

  it('leave out no column that a new row must have', async () => {
    for (const entity of source.entityMetadatas) {
      const names = new Set(entity.columns.map(({ databaseName }) => databaseName));
      const missing = (await columnsOf(entity.tableName)).filter(
        ({ name, isNullable, hasDefault }) => !isNullable && !hasDefault && !names.has(name),
      );
      expect([entity.tableName, missing]).toEqual([entity.tableName, []]);
    }
  });

  it('load nothing by themselves', () => {
    const related = source.entityMetadatas.filter(({ relations }) => relations.length > 0);
    expect(related.map(({ tableName }) => tableName)).toEqual([]);
  });
});

describe('a repository in an open transaction', () => {
  const cluster = (environmentId: string, tenantId = tenant) => ({
    tenantId,
    id: newId(),
    environmentId,
    name: 'eu-1',
    targetKind: 'agent',
  });
  const environment = (open: OpenContext) =>
    open.tx
      .repository(EnvironmentEntity)
      .findOneByOrFail({ tenantId: open.tenantId, nameKey: 'qa' });

  it('is bound to the tenant: a row for another one is refused', async () => {
    const refused = inTenant(async (open) => {
      const { id } = await environment(open);
      await open.tx.repository(ClusterEntity).insert(cluster(id, newId()));
    });
    await expect(refused).rejects.toThrow('row-level security');
  });

  it('sees nothing of another tenant, even when it is asked for it', async () => {
    const stranger = Context.system(newId(), 'test');
    const seen = await db.transaction(stranger, (open) =>
      open.tx.repository(EnvironmentEntity).countBy({ tenantId: tenant }),
    );
    expect(seen).toBe(0);
  });

  it('keeps nothing of a transaction that throws', async () => {
    const failed = inTenant(async (open) => {
      const { id } = await environment(open);
      await open.tx.repository(ClusterEntity).insert({ ...cluster(id), name: 'half' });
      throw new Error('changed my mind');
    });
    await expect(failed).rejects.toThrow('changed my mind');
    const kept = await inTenant((open) =>
      open.tx.repository(ClusterEntity).countBy({ tenantId: tenant, name: 'half' }),
    );
    expect(kept).toBe(0);
  });

  it('inserts a name once, and the transaction goes on after the second', async () => {
    const made = await inTenant(async (open) => {
      const { id } = await environment(open);
      const clusters = open.tx.repository(ClusterEntity);
      const first = await insertNew(clusters, cluster(id));
      const second = await insertNew(clusters, cluster(id), { ...cluster(id), name: 'eu-2' });
      return {
        first,
        second,
        all: await clusters.countBy({ tenantId: tenant, environmentId: id }),
      };
    });
    expect(made.first).toMatchObject([{ name: 'eu-1', version: 1, trustedProxies: [] }]);
    expect(made.first[0]!.createdAt).toBeInstanceOf(Date);
    expect(made.second.map(({ name }) => name)).toEqual(['eu-2']);
    expect(made.all).toBe(3);
  });

  it('lets one of two win who have seen the same version', async () => {
    const { id, version } = await inTenant(environment);
    const change = (maxInFlight: number) =>
      inTenant((open) =>
        updateOne(
          open.tx.repository(EnvironmentEntity),
          { tenantId: tenant, id, version },
          { maxInFlight },
        ),
      );
    const changed = await Promise.all([1, 2, 3, 4].map(change));
    const winners = changed.filter((row) => row !== undefined);
    expect(winners).toHaveLength(1);
    const now = await inTenant(environment);
    expect(now).toMatchObject({ version: version + 1, maxInFlight: winners[0]!.maxInFlight });
    expect(winners[0]).toEqual(now);
  });
});
