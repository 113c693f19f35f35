/**
 * What tenants get on servers of their own: a real PostgreSQL and a real Redis beside the platform's. A
 * process that is killed is one whose step never ends; its lease runs out, and another one goes on.
 */
import { Client } from 'pg';
import { Redis } from 'ioredis';
import { PostgresTenantServer } from '../../src/drivers/tenant-servers/postgres-server.js';
import { TenantServers } from '../../src/drivers/tenant-servers/tenant-servers.js';
import { armFailpoints, type Failpoint } from '../../src/kernel/failpoint.js';
import { newId } from '../../src/kernel/ids.js';
import { Database } from '../../src/platform/database/database.js';
import { Logger } from '../../src/platform/logging/logger.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { Sealer } from '../../src/platform/sealing/sealer.js';
import { Provisioning } from '../../src/tenancy/tenant-tasks/provisioning.js';
import { Purging } from '../../src/tenancy/tenant-tasks/purging.js';
import { TenantPurgers } from '../../src/tenancy/tenant-tasks/tenant-purger.js';
import { TenantTaskRunner } from '../../src/tenancy/tenant-tasks/tenant-task-runner.js';
import { PLATFORM_TENANT } from '../../src/tenancy/tenants/platform-tenant.js';
import { withClient } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { type IdentityApp, identityApp } from '../support/identity-app.js';
import { type TestTenantServers, testTenantServers } from '../support/tenant-servers.js';

let servers: TestTenantServers;
let rig: IdentityApp;
let token: string;
beforeAll(async () => {
  servers = await testTenantServers();
  rig = await identityApp({ environment: servers.environment });
  await rig.user('ops', { [PLATFORM_TENANT.slug]: ['PlatformAdmin'] });
  token = (await rig.login('ops')).body.accessToken;
}, 90_000);
afterEach(() => armFailpoints(undefined));
afterAll(async () => {
  await rig?.close();
  await servers?.stop();
});

const send = (method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown) =>
  rig.send(path, { method, token, ...(body === undefined ? {} : { body }) });
const sql = <Row extends object>(text: string, parameters: unknown[] = []) =>
  withClient(rig.ground.database.superuser, async (client) => {
    const { rows } = await client.query<Row>(text, parameters);
    return rows;
  });
const onServer = <Row extends object>(text: string, parameters: unknown[] = []) =>
  withClient(servers.postgres, async (client) => {
    const { rows } = await client.query<Row>(text, parameters);
    return rows;
  });
async function onRedis<T>(use: (redis: Redis) => Promise<T>, url = servers.redisUrl): Promise<T> {
  const redis = new Redis(url, {
    lazyConnect: true,
    enableReadyCheck: false,
    retryStrategy: () => null,
  });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}

/** As another worker process. */
function runner(tenantServers = rig.app.get(TenantServers, { strict: false })): TenantTaskRunner {
  const db = rig.app.get(Database, { strict: false });
  const sealer = rig.app.get(Sealer, { strict: false });
  return new TenantTaskRunner(
    db,
    new Provisioning(db, sealer, tenantServers),
    new Purging(db, tenantServers, new TenantPurgers()),
    Logger.silent(),
    new Metrics(),
  );
}

let count = 0;
async function begun(): Promise<{ id: string; slug: string }> {
  const slug = `prov-${(count += 1)}-${newId().slice(-6)}`;
  const { status, body } = await send('POST', 'tenants', { slug, name: 'Acme' });
  expect([status, body.status]).toEqual([202, 'provisioning']);
  return body;
}
const view = async (id: string) => (await send('GET', `tenants/${id}`)).body;

/** Until the task waits for nobody: as often as it is due. */
async function led(id: string, by = runner()): Promise<void> {
  await eventually(async () => {
    await sql('update tenant_tasks set wake_at = now() where finished_at is null');
    await by.look();
    expect(
      await sql('select 1 from tenant_tasks where tenant_id = $1 and outcome is null', [id]),
    ).toEqual([]);
  });
}

interface Shown {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly username: string;
  readonly password: string;
  readonly namespace: string;
}
const shown = async (id: string, kind: string, verb = 'show'): Promise<Shown> => {
  const { status, body } = await send('POST', `tenants/${id}/resources/${kind}/${verb}`);
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body;
};
const redisUrlOf = ({ host, port, username, password }: Shown) =>
  `redis://${username}:${password}@${host}:${port}`;
async function asTenant<T>({ username, password, ...at }: Shown, use: (c: Client) => Promise<T>) {
  const { host, port, database } = at;
  return withClient({ host, port, database, user: username, password }, use);
}

/** What is there of a slug, on both servers. */
async function thereIs(slug: string) {
  const name = `tenant_${slug}`;
  const roles = await onServer('select 1 from pg_roles where rolname = $1', [name]);
  const schemas = await onServer('select 1 from pg_namespace where nspname = $1', [name]);
  const user = await onRedis((redis) => redis.call('ACL', 'GETUSER', name));
  return { roles: roles.length, schemas: schemas.length, users: user === null ? 0 : 1 };
}
const ALL = { roles: 1, schemas: 1, users: 1 };
const NONE = { roles: 0, schemas: 0, users: 0 };

describe('a provisioned tenant', () => {
  let tenant: { id: string; slug: string };
  let neighbour: { id: string; slug: string };
  beforeAll(async () => {
    tenant = await begun();
    neighbour = await begun();
    await led(tenant.id);
    await led(neighbour.id);
  }, 60_000);

  it('is open when all of it is there, and says how far it is until then', async () => {
    const other = await begun();
    expect((await view(other.id)).task).toMatchObject({
      kind: 'provision',
      state: 'running',
      step: 'postgres-role',
      done: 0,
    });
    await led(other.id);
    const { status, provisionedAt, task } = await view(other.id);
    expect([status, typeof provisionedAt, task.state]).toEqual(['active', 'string', 'succeeded']);
    expect(await thereIs(other.slug)).toEqual(ALL);
  });

  it('has a schema in which it makes what it likes, and none elsewhere', async () => {
    const secret = await shown(tenant.id, 'postgres');
    await asTenant(secret, async (client) => {
      await client.query('create table notes (id int)');
      const { rows } = await client.query<{ schema: string }>(
        `select schemaname as schema from pg_tables where tablename = 'notes'`,
      );
      expect(rows).toEqual([{ schema: `tenant_${tenant.slug}` }]);
      await expect(client.query('create table public.notes (id int)')).rejects.toThrow('denied');
      await expect(
        client.query(`create table "tenant_${neighbour.slug}".notes (id int)`),
      ).rejects.toThrow('denied');
      await expect(client.query('create role other')).rejects.toThrow('denied');
    });
  });

  it('sees keys and channels of its own in Redis, and lists nobody’s', async () => {
    const secret = await shown(tenant.id, 'redis');
    const own = secret.namespace;
    expect(own).toBe(`tenant:${tenant.slug}:`);
    await onRedis(async (redis) => {
      await redis.set(`${own}a`, '1');
      expect(await redis.get(`${own}a`)).toBe('1');
      expect(await redis.eval('return redis.call("get", KEYS[1])', 1, `${own}a`)).toBe('1');
      const other = `tenant:${neighbour.slug}:a`;
      const refused: (readonly [string, ...string[]])[] = [
        ['SCAN', '0'],
        ['KEYS', '*'],
        ['RANDOMKEY'],
        ['DBSIZE'],
        ['SELECT', '1'],
        ['FLUSHALL'],
        ['FLUSHDB'],
        ['CONFIG', 'GET', '*'],
        ['ACL', 'LIST'],
        ['CLIENT', 'LIST'],
        ['INFO'],
        ['PUBSUB', 'CHANNELS'],
        ['FUNCTION', 'LIST'],
        ['SCRIPT', 'FLUSH'],
        ['SORT', other],
        ['GET', other],
        ['SET', other, '1'],
        ['COPY', `${own}a`, `${own}b`],
        ['PUBLISH', other, 'x'],
        ['SUBSCRIBE', other],
        ['EVAL', 'return redis.call("get", ARGV[1])', '0', other],
        ['MONITOR'],
      ];
      const allowed: string[] = [];
      for (const [command, ...rest] of refused) {
        await redis.call(command, ...rest).then(
          () => allowed.push(command),
          (error: Error) => {
            if (!/NOPERM|can't access/i.test(error.message)) allowed.push(error.message);
          },
        );
      }
      expect(allowed).toEqual([]);
      await redis.subscribe(`${own}news`);
    }, redisUrlOf(secret));
  });

  it('is shown its passwords once, and gets new ones', async () => {
    for (const kind of ['postgres', 'redis']) {
      const again = await send('POST', `tenants/${tenant.id}/resources/${kind}/show`);
      expect([again.status, again.body.code]).toEqual([409, 'tenant-secret-shown']);
    }
    const first = await shown(tenant.id, 'postgres', 'rotate');
    const second = await shown(tenant.id, 'postgres', 'rotate');
    await expect(asTenant(first, async () => undefined)).rejects.toThrow('password');
    await asTenant(second, (client) => client.query('select 1 from notes'));
    const redis = await shown(tenant.id, 'redis', 'rotate');
    expect(await onRedis((client) => client.get(`${redis.namespace}a`), redisUrlOf(redis))).toBe(
      '1',
    );
    const taken = await sql<{ action: string; kind: string }>(
      `select action, body_text::json ->> 'kind' as kind from audit_entries
       where tenant_id = $1 and action = 'tenant-credentials-shown' order by at`,
      [tenant.id],
    );
    // Each is in the log before it is shown, the first ones too.
    expect(taken.map(({ kind }) => kind).sort()).toEqual(
      ['postgres', 'redis', 'postgres', 'postgres', 'redis'].sort(),
    );
    // No secret in any row, log or event.
    const [kept] = await sql<{ text: string }>(
      `select string_agg(r::text, '') || (select string_agg(body_text, '') from audit_entries) as text
       from tenant_resources r where tenant_id = $1`,
      [tenant.id],
    );
    for (const { password } of [first, second, redis]) expect(kept!.text).not.toContain(password);
  });

  it('is purged there, too, and nothing of its neighbour is', async () => {
    const secret = await shown(neighbour.id, 'redis');
    await onRedis((redis) => redis.set(`${secret.namespace}kept`, '1'), redisUrlOf(secret));
    await send('DELETE', `tenants/${tenant.id}`);
    await led(tenant.id);
    // Its time is not over: it has everything.
    expect(await thereIs(tenant.slug)).toEqual(ALL);
    await sql('update tenants set restorable_until = now() where id = $1', [tenant.id]);
    await led(tenant.id);
    expect((await view(tenant.id)).status).toBe('deleted');
    expect(await thereIs(tenant.slug)).toEqual(NONE);
    expect(await thereIs(neighbour.slug)).toEqual(ALL);
    const keys = await onRedis((redis) => redis.keys('tenant:*'));
    expect(keys).toEqual([`${secret.namespace}kept`]);
  });
});

const STEPS = ['postgres-role', 'postgres-schema', 'redis-user', 'open'];
const PLACES = STEPS.flatMap((step) => [
  ['tenant.step:before', step] as [Failpoint, string],
  ['tenant.step:after', step] as [Failpoint, string],
]);

describe('a worker that is killed', () => {
  it.each(PLACES)('at %s of %s leaves a task that the next one completes', async (place, step) => {
    const { id, slug } = await begun();
    let died = () => {};
    const isDead = new Promise<void>((resolve) => (died = resolve));
    armFailpoints(async (at, about) => {
      if (at !== place || about !== step) return;
      died();
      await new Promise(() => undefined);
    });
    void runner().look();
    await isDead;
    armFailpoints(undefined);
    // Somebody has the lease: nobody else touches it.
    await runner().look();
    const early = (await view(id)).status;
    expect(early).toBe(
      place === 'tenant.step:after' && step === 'open' ? 'active' : 'provisioning',
    );
    await sql('update tenant_tasks set lease_until = now() where tenant_id = $1', [id]);
    await led(id);
    expect((await view(id)).status).toBe('active');
    expect(await thereIs(slug)).toEqual(ALL);
    await asTenant(await shown(id, 'postgres'), (client) =>
      client.query('create table t (id int)'),
    );
  });

  it('and comes back after all writes nothing', async () => {
    const { id } = await begun();
    let wake = () => {};
    const sleeping = new Promise<void>((resolve) => (wake = resolve));
    let slept = () => {};
    const isAsleep = new Promise<void>((resolve) => (slept = resolve));
    armFailpoints(async (at, about) => {
      if (at !== 'tenant.step:before' || about !== 'postgres-schema') return;
      armFailpoints(undefined);
      slept();
      await sleeping;
    });
    const first = runner().look();
    await isAsleep;
    await sql('update tenant_tasks set lease_until = now() where tenant_id = $1', [id]);
    await led(id);
    const done = await sql('select * from tenant_tasks where tenant_id = $1', [id]);
    wake();
    await first;
    expect(await sql('select * from tenant_tasks where tenant_id = $1', [id])).toEqual(done);
  });
});

describe('provisioning that fails', () => {
  it('in a later step takes back what was made, says why, and completes when it is run again', async () => {
    const { id, slug } = await begun();
    const stranger = `tenant_${slug}`;
    await onRedis((redis) =>
      redis.call('ACL', 'SETUSER', stranger, 'on', 'nopass', '~theirs:*', '+get'),
    );
    await led(id);
    const failed = await view(id);
    expect([failed.status, failed.task.state]).toEqual(['provisioning', 'undone']);
    expect(failed.task.reason).toContain('not this tenant');
    expect(await thereIs(slug)).toEqual({ ...NONE, users: 1 });
    expect(
      await sql('select 1 from tenant_resources where tenant_id = $1 and kind = $2', [
        id,
        'postgres',
      ]),
    ).toEqual([]);
    const [entry] = await sql<{ result: string }>(
      `select result from audit_entries where tenant_id = $1 and action = 'tenant-not-provisioned'`,
      [id],
    );
    expect(entry!.result).toBe('failed');
    await onRedis((redis) => redis.call('ACL', 'DELUSER', stranger));
    const again = await send('POST', `tenants/${id}/provision`);
    expect(again.status).toBe(202);
    const began = await sql<{ actor: string }>(
      `select actor from audit_entries where tenant_id = $1 and action = 'tenant-provisioning-began'`,
      [id],
    );
    expect(began).toHaveLength(1);
    const twice = await send('POST', `tenants/${id}/provision`);
    expect([twice.status, twice.body.code]).toEqual([409, 'tenant-status']);
    await led(id);
    expect((await view(id)).status).toBe('active');
    expect(await thereIs(slug)).toEqual(ALL);
  });

  it('at a server that is away is tried so often, and then taken back', async () => {
    const { id, slug } = await begun();
    const [postgres] = rig.app.get(TenantServers, { strict: false }).all;
    const away = {
      ...postgres!,
      kind: 'redis' as const,
      usernameOf: () => 'x',
      verifierOf: () => 'x',
      steps: [
        {
          kind: 'redis-user',
          title: 'Make the Redis user',
          run: () => Promise.reject(new Error('connection refused')),
          undo: () => Promise.resolve(true),
        },
      ],
    };
    await led(id, runner(new TenantServers([postgres!, away])));
    const { task } = await view(id);
    expect([task.state, task.reason]).toEqual(['undone', 'connection refused']);
    expect(await thereIs(slug)).toEqual(NONE);
  });

  it('changes nothing of a role that somebody else has made', async () => {
    const { id, slug } = await begun();
    await onServer(`create role "tenant_${slug}" nologin`);
    await led(id);
    expect((await view(id)).task.reason).toContain('not this tenant');
    const [role] = await onServer('select rolcanlogin as can from pg_roles where rolname = $1', [
      `tenant_${slug}`,
    ]);
    expect(role).toEqual({ can: false });
  });

  it('cannot be changed, deleted or shown while it goes on, and is read', async () => {
    const { id } = await begun();
    const deleted = await send('DELETE', `tenants/${id}`);
    expect([deleted.status, deleted.body.code]).toEqual([409, 'tenant-status']);
    const secret = await send('POST', `tenants/${id}/resources/redis/show`);
    expect([secret.status, secret.body.code]).toEqual([409, 'tenant-not-ready']);
    await led(id);
  });
});

describe('a server for tenants', () => {
  it('is not the platform’s own, under whatever name', async () => {
    const { superuser } = rig.ground.database;
    const url = new URL(`postgres://localhost:${superuser.port}/postgres`);
    url.username = superuser.user;
    url.password = superuser.password ?? '';
    url.searchParams.set('host', superuser.host);
    const db = rig.app.get(Database, { strict: false });
    const own = new PostgresTenantServer(url.toString(), async () => {
      const [row] = await db.eachRole<{ id: string }>(
        'select system_identifier::text as id from pg_control_system()',
      );
      return row!.id;
    });
    await expect(
      own.steps[0]!.run({ tenantId: newId(), slug: 'own' }, own.verifierOf('x')),
    ).rejects.toThrow('the platform’s own PostgreSQL');
  });
});
