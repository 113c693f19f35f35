/**
 * A worker is killed with kill -9 in the middle of its work while a second one lives: how long until
 * each run that it held goes on, and whether any is lost or any step done twice.
 *
 *   npm run bench:recovery -- --help
 */
import { setTimeout as delay } from 'node:timers/promises';
import { printTable, spread } from './engine/figures.js';
import { readOptions } from '../test/support/options.js';
import { Rig, until } from './engine/rig.js';
import { ScriptedFleet } from './engine/scripted-fleet.js';
import { steadyGate } from './engine/steady-gate.js';
import { makeWorld, moduleName } from './engine/world.js';

const options = readOptions('Workers are killed; how long until their runs go on?', {
  kills: [20, 'workers to kill'],
  burst: [40, 'deployments posted right before each kill'],
  tenants: [4, 'tenants that share them'],
});

interface Held {
  readonly id: string;
  readonly fence: number;
  readonly owner: string;
}

const HELD_SQL = `select id, fence::int as fence, lease_owner as owner from runs
  where lease_until > clock_timestamp()`;
const NOW_SQL = `select id, fence::int as fence, lease_owner as owner, wake_at is null as over
  from runs where id = any($1)`;
const OPEN_SQL = `select count(*)::int as count from runs where wake_at is not null`;
const SUCCEEDED_SQL = `select count(*)::int as count from deployments where status = 'Succeeded'`;
const TWICE_SQL = `select count(*)::int as count from (
  select 1 from journal where kind in ('step-succeeded', 'finished')
  group by tenant_id, deployment_id, plan_number, step_id, kind having count(*) > 1) as twice`;
// A node's generation grows with each move: there are as many as there were deployments for it.
const MOVED_TWICE_SQL = `select coalesce(sum(d.generation - own.count), 0)::int as count
  from desired_modules d
  join nodes n on n.tenant_id = d.tenant_id and n.id = d.node_id
  join lateral (select count(*) from deployments e where e.tenant_id = d.tenant_id
    and e.cluster_id = n.cluster_id and e.module_id = d.module_id) as own on true`;

const rig = await Rig.start();
try {
  await rig.startApi();
  await rig.startWorker();
  await rig.startWorker();
  const perTenant = Math.ceil(options.burst / options.tenants);
  const tenants = await makeWorld(rig, {
    tenants: options.tenants,
    clusters: perTenant,
    nodes: 1,
    modules: 2,
    strategy: { kind: 'direct' },
    gate: steadyGate(30_000),
  });
  await ScriptedFleet.start(rig);
  const waited: number[] = [];
  let posted = 0;
  for (let kill = 0; kill < options.kills; kill += 1) {
    waited.push(...(await killOnce()));
    if (process.stdout.isTTY) process.stdout.write(`\r${kill + 1} of ${options.kills} kills`);
  }
  await until('every deployment has ended', async () => (await count(OPEN_SQL)) === 0, 120_000);
  printTable(`${options.kills} workers killed, with a second one`, [
    [
      'runs that were held',
      'go on after',
      'deployments',
      'lost',
      'steps done twice',
      'moves done twice',
    ],
    [
      String(waited.length),
      spread(waited),
      String(posted),
      String(posted - (await count(SUCCEEDED_SQL))),
      String(await count(TWICE_SQL)),
      String(await count(MOVED_TWICE_SQL)),
    ],
  ]);

  async function killOnce(): Promise<number[]> {
    const posts = tenants.flatMap((tenant) =>
      tenant.fleet.clusters.map((cluster) => tenant.deploy(moduleName(1), cluster.name)),
    );
    posted += posts.length;
    await Promise.race(posts);
    // Anywhere in their life, and not always at the same place.
    await delay(Math.random() * 300);
    const victim = rig.workers.shift()!;
    await victim.kill();
    const killedAt = performance.now();
    const held = await rig.sql<Held>(HELD_SQL);
    const replacement = rig.startWorker();
    await Promise.all(posts);
    const goneOn = await watch(held, killedAt);
    await replacement;
    await until('the burst has ended', async () => (await count(OPEN_SQL)) === 0, 60_000);
    return goneOn;
  }

  /** Those whose fence has changed are with somebody else; the survivor's own are not counted. */
  async function watch(held: readonly Held[], killedAt: number): Promise<number[]> {
    const at = new Map<string, number>();
    const survivors = new Set<string>();
    while (performance.now() - killedAt < 30_000) {
      const rows = await rig.sql<{
        id: string;
        fence: number;
        owner: string | null;
        over: boolean;
      }>(NOW_SQL, [held.map(({ id }) => id)]);
      for (const { id, fence, owner, over } of rows) {
        const before = held.find((each) => each.id === id)!;
        if (at.has(id)) continue;
        if (owner === before.owner && fence === before.fence && !over) continue;
        // Given back by its holder, which is alive.
        if (fence === before.fence) survivors.add(before.owner);
        at.set(id, performance.now() - killedAt);
      }
      if (rows.every(({ id }) => at.has(id))) break;
      await delay(20);
    }
    const orphans = held.filter(({ owner }) => !survivors.has(owner));
    return orphans.map(({ id }) => at.get(id) ?? Number.NaN);
  }

  async function count(sql: string): Promise<number> {
    const [row] = await rig.sql<{ count: number }>(sql);
    return row!.count;
  }
} finally {
  await rig.stop();
}
