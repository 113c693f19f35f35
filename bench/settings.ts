/**
 * How fast a change of a setting counts in every process: two API processes and two workers, PostgreSQL
 * with the durability of production. Once as it is, once with the notice lost, once with the connections cut
 * that would have brought it. And what a value costs where it is needed.
 *
 *   npm run bench:settings -- --help
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '../src/platform/logging/logger.js';
import { Settings } from '../src/platform/settings/settings.js';
import { SETTINGS_POLL_MS } from '../src/platform/settings/settings-follower.js';
import { socketsPerUser } from '../src/edges/realtime/realtime.settings.js';
import { PLATFORM_TENANT } from '../src/tenancy/tenants/platform-tenant.js';
import { Client } from '../test/support/client.js';
import { freePort } from '../test/support/free-port.js';
import { readOptions } from '../test/support/options.js';
import { ServerProcess } from '../test/support/server-process.js';
import { percentile, printTable, spread } from './engine/figures.js';
import { Rig } from './engine/rig.js';

const options = readOptions(
  'How fast a setting counts in every process, and what reading one costs.',
  {
    changes: [100, 'with their notices', 1],
    lost: [10, 'whose notices are lost', 1],
    cut: [5, 'while no process listens', 1],
    limit: [1_000, 'ms within which 99 of 100 count everywhere; 0: whatever it takes'],
  },
);

const KEY = 'deployments.on-conflict';
const READS = 200_000;
const puts: number[] = [];
/** How often each process is asked what it knows: figures are as fine as this. */
const ASK_MS = 5;

const rig = await Rig.start();
try {
  const processes = await fourProcesses();
  const client = await Client.login(processes[0]!.url, 'admin', 'correct horse battery');
  const changed = await changes(client, processes);
  const rows = [
    ['what', 'figure'],
    ['change → counts in all of 4 processes', spread(changed)],
    ['PUT itself', spread(puts)],
    ['the notice lost → counts in all', spread(await lost(processes))],
    ['connections cut → counts in all', spread(await cut(client, processes))],
    ...reading(),
  ];
  printTable('Settings', rows);
  const p99 = percentile(changed, 99);
  if (options.limit > 0 && p99 > options.limit) {
    throw new Error(`p99 is ${p99.toFixed(0)} ms, more than ${options.limit}`);
  }
} finally {
  await rig.stop();
}

interface Known {
  readonly url: string;
  readonly metrics: string;
}

async function fourProcesses(): Promise<Known[]> {
  const made: Known[] = [];
  for (const kind of ['api', 'api', 'worker', 'worker'] as const) {
    const metrics = `127.0.0.1:${await freePort()}`;
    const child = await ServerProcess.start(kind, {
      ...rig.variables(),
      TIDEGATE_LISTEN: `127.0.0.1:${await freePort()}`,
      TIDEGATE_METRICS_LISTEN: metrics,
    });
    rig.later(() => child.stop());
    made.push({ url: child.url, metrics: `http://${metrics}/metrics` });
  }
  return made;
}

/** Resolves when each of the processes has the revision. */
async function allHave(processes: readonly Known[], revision: number): Promise<void> {
  await Promise.all(
    processes.map(async ({ metrics }) => {
      while ((await revisionOf(metrics)) < revision) await delay(ASK_MS);
    }),
  );
}

async function revisionOf(metrics: string): Promise<number> {
  const text = await (await fetch(metrics)).text();
  return Number(/^tidegate_settings_revision (\d+)/m.exec(text)?.[1] ?? 0);
}

async function newest(): Promise<number> {
  const [row] = await rig.sql<{ revision: string }>(
    'select max(revision) as revision from settings',
  );
  return Number(row!.revision ?? 0);
}

/** Answers since when the change is there: the answer to the PUT. */
async function put(client: Client, at: number): Promise<number> {
  const { version } = (await client.get(`/settings/${KEY}`)).body as { version: number };
  const value = at % 2 === 0 ? 'supersede' : 'reject';
  const since = performance.now();
  const headers = { 'if-match': `"${version}"` };
  const { status, body } = await client.put(`/settings/${KEY}`, { value }, headers);
  if (status !== 200) throw new Error(`not set: ${status} ${JSON.stringify(body)}`);
  puts.push(performance.now() - since);
  return performance.now();
}

async function changes(client: Client, processes: readonly Known[]): Promise<number[]> {
  const took: number[] = [];
  for (let at = 0; at < options.changes; at += 1) {
    const since = await put(client, at);
    await allHave(processes, await newest());
    took.push(performance.now() - since);
  }
  return took;
}

/** Written as the platform writes it, but for the notice. */
async function lost(processes: readonly Known[]): Promise<number[]> {
  const took: number[] = [];
  for (let at = 0; at < options.lost; at += 1) {
    await rig.sql(
      `update settings set revision = nextval('settings_revision'), version = version + 1
       where key = $1`,
      [KEY],
    );
    const since = performance.now();
    await allHave(processes, await newest());
    took.push(performance.now() - since);
  }
  const most = SETTINGS_POLL_MS + options.limit;
  if (options.limit > 0 && Math.max(...took) > most) throw new Error(`later than ${most} ms`);
  return took;
}

async function cut(client: Client, processes: readonly Known[]): Promise<number[]> {
  const took: number[] = [];
  for (let at = 0; at < options.cut; at += 1) {
    await rig.sql(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'tidegate-notices'`,
    );
    const since = await put(client, at);
    await allHave(processes, await newest());
    took.push(performance.now() - since);
  }
  return took;
}

/** In this process: what the hot path pays. */
function reading(): string[][] {
  const settings = new Settings(Logger.silent());
  const place = { tenantId: PLATFORM_TENANT.id };
  const perRead = () => {
    const since = performance.now();
    for (let at = 0; at < READS; at += 1) settings.valueOf(socketsPerUser, place);
    return `${(((performance.now() - since) / READS) * 1e6).toFixed(0)} ns`;
  };
  const unset = perRead();
  const base = { environmentKey: '', environment: null, isSet: true, version: 1 };
  const by = { changedBy: 'bench', changedAt: new Date() };
  const { key } = socketsPerUser;
  const { tenantId } = place;
  settings.apply([
    { ...base, ...by, tenantId, key, scope: 'platform', value: 30, revision: 1 },
    { ...base, ...by, tenantId, key, scope: 'tenant', value: 10, revision: 2 },
  ]);
  return [
    ['reading a value that nobody has set', unset],
    ['… set for the platform and for the tenant', perRead()],
  ];
}
