/**
 * What signing in, being allowed and being shut out cost: two API processes, PostgreSQL with the durability of
 * production, Redis. Logins are measured beside the raw limit in the same run, hashing alone; the end of a
 * session as its bearer feels it at the process that did not end it.
 *
 *   npm run bench:identity -- --help
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Grants } from '../src/kernel/grants.js';
import { Permission, permissionsOfRole } from '../src/kernel/permission.js';
import { Context } from '../src/platform/context.js';
import { PasswordHasher } from '../src/tenancy/auth/password-hasher.js';
import { bindRole } from '../src/tenancy/permissions/role-bindings.store.js';
import { standingOf } from '../src/tenancy/permissions/standings.queries.js';
import { createUser, grantRole } from '../src/tenancy/users/users.store.js';
import { Client } from '../test/support/client.js';
import { readOptions } from '../test/support/options.js';
import { median, milliseconds, percentile, printTable, spread } from './engine/figures.js';
import { Rig } from './engine/rig.js';

const options = readOptions('Logins, checks of permissions, and how fast a session ends.', {
  logins: [200, 'of different people, a few at a time', 1],
  clients: [4, 'sign in at once', 1],
  bindings: [1_000, 'role bindings of one person', 1],
  checks: [200, 'requests by each of two people', 1],
  revocations: [100, 'sessions that are ended', 1],
  limit: [5_000, 'ms within which 99 of 100 are cut; 0: whatever it takes'],
});

const PASSWORD = 'a sentence that nobody else knows';
const rig = await Rig.start();
try {
  const [one, other] = [await rig.startApi(), await rig.startApi()];
  const people = await somePeople(Math.max(options.logins, options.revocations));
  const rows = [
    ['what', 'figure'],
    ...(await logins(one.url, people)),
    ...(await checks(one.url)),
    ...(await cuts(one.url, other.url, people)),
  ];
  printTable('Identity', rows);
} finally {
  await rig.stop();
}

/** All with the same password, so that it is hashed once here. */
async function somePeople(count: number): Promise<string[]> {
  const passwordHash = await (await PasswordHasher.open()).hash(PASSWORD);
  const tenantId = await defaultTenant();
  const names = Array.from({ length: count }, (_, at) => `person-${at}`);
  await rig.database.system(async (tx) => {
    for (const username of names) {
      const userId = (await createUser(tx, { username, passwordHash }))!;
      await grantRole(tx, { tenantId, userId, role: 'Viewer' });
    }
  });
  return names;
}

async function defaultTenant(): Promise<string> {
  const [row] = await rig.sql<{ id: string }>(`select id from tenants where slug = 'default'`);
  return row!.id;
}

/** Another route is asked all the while, as fast as one client gets answers. */
async function logins(url: string, people: readonly string[]): Promise<string[][]> {
  const watcher = await Client.login(url, people[0]!, PASSWORD);
  const before = await asked(watcher, 50);
  const waiting = people.slice(0, options.logins);
  const took: number[] = [];
  const since = performance.now();
  let isOver = false;
  const beside = (async () => {
    const ms: number[] = [];
    while (!isOver) ms.push(...(await asked(watcher, 1)));
    return ms;
  })();
  await Promise.all(
    Array.from({ length: options.clients }, async () => {
      for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
        const begun = performance.now();
        await Client.login(url, name, PASSWORD);
        took.push(performance.now() - begun);
      }
    }),
  );
  isOver = true;
  const rate = took.length / ((performance.now() - since) / 1000);
  const raw = await hashesPerSecond();
  return [
    ['logins', `${rate.toFixed(1)}/s, ${spread(took)}`],
    ['verifying alone, in this process', `${raw.toFixed(1)}/s: ${ratio(rate, raw)} of it`],
    ['GET /me, nobody signing in', spread(before)],
    ['GET /me beside the logins', spread(await beside)],
  ];
}

async function hashesPerSecond(): Promise<number> {
  const hasher = await PasswordHasher.open();
  const hash = await hasher.hash(PASSWORD);
  const count = Math.min(options.logins, 60);
  const since = performance.now();
  await Promise.all(Array.from({ length: count }, () => hasher.verify(hash, PASSWORD)));
  return count / ((performance.now() - since) / 1000);
}

/** One person with a single role, and one with many, each for a module of its own. */
async function checks(url: string): Promise<string[][]> {
  const plain = await asked(await Client.login(url, 'person-0', PASSWORD), options.checks);
  const userId = await boundTo(options.bindings);
  const rich = await asked(await Client.login(url, 'bound', PASSWORD), options.checks);
  const grants = new Grants(
    Array.from({ length: options.bindings }, (_, at) => ({
      permissions: new Set(permissionsOfRole.Operator),
      modules: [`module-${at}`],
      environments: null,
      by: 'the bench',
    })),
  );
  const rounds = 2_000;
  const since = performance.now();
  const last = { module: `module-${options.bindings - 1}`, environment: 'QA' };
  for (let at = 0; at < rounds; at += 1) grants.find(Permission.DeploymentsPause, last);
  const micros = ((performance.now() - since) / rounds) * 1000;
  const fresh = await standing(userId);
  return [
    [`GET /me, 1 binding`, spread(plain)],
    [
      `GET /me, ${options.bindings} bindings`,
      `${spread(rich)}: ${ratio(median(rich), median(plain))}`,
    ],
    [`one check, the last of ${options.bindings} bindings`, `${micros.toFixed(1)} µs`],
    [
      `asking who somebody with ${options.bindings} bindings is, every 4 s at most`,
      milliseconds(fresh),
    ],
  ];
}

async function boundTo(count: number): Promise<string> {
  const tenantId = await defaultTenant();
  const passwordHash = await (await PasswordHasher.open()).hash(PASSWORD);
  const userId = await rig.database.system(async (tx) => {
    const id = (await createUser(tx, { username: 'bound', passwordHash }))!;
    await grantRole(tx, { tenantId, userId: id, role: 'Viewer' });
    return id;
  });
  await rig.database.transaction(Context.system(tenantId, 'bench'), async (open) => {
    for (let at = 1; at < count; at += 1) {
      const scope = { modules: [`module-${at}`], environments: null };
      await bindRole(open, { role: 'Operator', subject: { kind: 'user', id: userId }, scope });
    }
  });
  return userId;
}

/** The product's own question, as a process asks it: the median of some. */
async function standing(userId: string): Promise<number> {
  const took: number[] = [];
  const who = { userId, tenantId: await defaultTenant(), sessionId: null };
  for (let at = 0; at < 20; at += 1) {
    const since = performance.now();
    await rig.database.system((tx) => standingOf(tx, who, new Date()));
    took.push(performance.now() - since);
  }
  return median(took);
}

/** Ended at one process, felt at the other, which remembers what it was told. */
async function cuts(one: string, other: string, people: readonly string[]): Promise<string[][]> {
  const took = await Promise.all(
    people.slice(0, options.revocations).map(async (name, at) => {
      // Not all in the same moment: hashing is rationed.
      await delay(at * 60);
      const there = await Client.login(other, name, PASSWORD);
      await there.get('/authentication/me');
      const here = await Client.login(one, name, PASSWORD);
      const ended = await here.post('/me/sessions/end-all');
      if (ended.status >= 300) throw new Error(`end-all: ${ended.status}`);
      const since = performance.now();
      while ((await there.get('/authentication/me')).status !== 401) await delay(20);
      return performance.now() - since;
    }),
  );
  const late = percentile(took, 99);
  if (options.limit > 0 && late > options.limit) process.exitCode = 1;
  return [['session ended → refused by another process', spread(took)]];
}

async function asked(client: Client, count: number): Promise<number[]> {
  const took: number[] = [];
  for (let at = 0; at < count; at += 1) {
    const since = performance.now();
    const { status } = await client.get('/authentication/me');
    if (status !== 200) throw new Error(`GET /authentication/me: ${status}`);
    took.push(performance.now() - since);
  }
  return took;
}

function ratio(one: number, other: number): string {
  return `${(one / other).toFixed(2)} ×`;
}
