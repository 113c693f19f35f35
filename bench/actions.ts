/**
 * What an action of the engine adds: from the 202 of `promote` to the first node told. Measured on an
 * idle system, with thousands of open gates, and while a thousand deployments are being opened. The
 * raw side is the least a durable hand-over could do on this database in the same run: one committed
 * transaction of two statements, told through the same Redis.
 *
 * Told: the control plane's signal for the node has arrived, which is sent when the move has been
 * committed. What a parked agent's answer adds is measured by `npm run bench:desired`.
 *
 *   npm run bench:actions -- --help
 */
import { setTimeout as delay } from 'node:timers/promises';
import { copyBakes } from './engine/copies.js';
import { printTable, spread } from './engine/figures.js';
import { metricsAhead } from './engine/metrics-ahead.js';
import { readOptions } from '../test/support/options.js';
import { rawHandOver } from './engine/raw-hand-over.js';
import { Rig, until } from './engine/rig.js';
import { ScriptedFleet } from './engine/scripted-fleet.js';
import { oneByOne, steadyGate } from './engine/steady-gate.js';
import { openTemplate } from './engine/template.js';
import { makeWorld, moduleName, type BenchTenant } from './engine/world.js';

const options = readOptions('From the 202 of promote to the first node told.', {
  promotes: [200, 'measured promotions for each row'],
  inflight: [2_000, 'rollouts in their bake beside them'],
  opened: [1_000, 'deployments opened beside the last row'],
  poll: [5_000, 'poll interval of the gates, ms'],
  pace: [100, 'ms between two promotions'],
  workers: [1, 'worker processes'],
  tenants: [20, 'that share them', 1],
  clusters: [60, 'of each', 2],
});

interface Watched {
  readonly tenant: BenchTenant;
  readonly id: string;
  readonly nodeIds: readonly string[];
}

const { tenants: TENANTS, clusters: CLUSTERS } = options;
/** Three waves can be promoted of each. */
const PROMOTIONS_EACH = 3;

const rig = await Rig.start();
try {
  await rig.startApi();
  for (let at = 0; at < options.workers; at += 1) await rig.startWorker();
  const world = { tenants: TENANTS, clusters: CLUSTERS, nodes: 4, modules: 3 };
  const tenants = await makeWorld(rig, {
    ...world,
    strategy: oneByOne,
    gate: steadyGate(options.poll),
  });
  const fleet = await ScriptedFleet.start(rig);
  const deploymentId = await openTemplate(rig, tenants[0]!);
  const raw = await rawHandOver(rig, options.promotes);
  const watched = await open(Math.ceil((options.promotes * 3) / PROMOTIONS_EACH) + 10);
  const rows = [
    ['', 'promote to told', 'the 202 itself'],
    ['raw', spread(raw), ''],
  ];
  add('idle', await promoteAll());
  const copies = await copyBakes(rig, { tenant: tenants[0]!, deploymentId }, tenants, {
    perCluster: Math.ceil(options.inflight / TENANTS / CLUSTERS),
    pollMs: options.poll,
  });
  const seconds = Math.ceil((options.promotes * options.pace) / 1000);
  await metricsAhead(rig, copies, {
    pastSeconds: 30,
    aheadSeconds: 3 * seconds + 120,
    everyMs: 5_000,
    requestsPerSecond: 10,
  });
  await rig.sql('vacuum analyze');
  await delay(2 * options.poll);
  add(`${copies.length} in flight`, await promoteAll());
  let isFlooded = true;
  const opening = openMany(options.opened).finally(() => (isFlooded = false));
  add(`while ${options.opened} are opened`, await promoteAll(() => isFlooded));
  await opening;
  printTable('From the 202 of promote to the first node told', rows);

  /** At once as well: a long run may be given up. */
  function add(what: string, figures: readonly string[]): void {
    rows.push([what, ...figures]);
    console.error(rows.at(-1)!.join('  '));
  }

  /** Rollouts of their own nodes: a signal for one of these tells whose promotion it was. */
  async function open(count: number): Promise<Watched[]> {
    const made: Watched[] = [];
    for (let at = 0; at < count; at += 1) {
      const tenant = tenants[at % TENANTS]!;
      const cluster = tenant.fleet.clusters[1 + Math.floor(at / TENANTS)]!;
      const id = await tenant.deploy(moduleName(1), cluster.name);
      made.push({ tenant, id, nodeIds: cluster.nodeIds });
    }
    await until('the rollouts to promote watch their gates', () => areWatching(made), 120_000);
    return made;
  }

  async function areWatching(those: readonly Watched[]): Promise<boolean> {
    const [row] = await rig.sql<{ count: number }>(
      `select count(*)::int as count from runs where id = any($1) and polls_gate`,
      [those.map(({ id }) => id)],
    );
    return row!.count === those.length;
  }

  /** As long as it goes on: a promotion after the flood is one beside nothing. */
  async function promoteAll(goesOn = () => true): Promise<string[]> {
    const told: number[] = [];
    const accepted: number[] = [];
    const ready = watched.splice(0, Math.ceil(options.promotes / PROMOTIONS_EACH));
    for (let wave = 0; wave < PROMOTIONS_EACH; wave += 1) {
      for (const each of ready) {
        if (!goesOn()) return [spread(told), spread(accepted)];
        const [toldMs, acceptedMs] = await promote(each);
        told.push(toldMs);
        accepted.push(acceptedMs);
        await delay(options.pace);
      }
      await until('the next wave is watched', () => areWatching(ready), 120_000);
    }
    return [spread(told), spread(accepted)];
  }

  async function promote({ tenant, id, nodeIds }: Watched): Promise<[number, number]> {
    for (const nodeId of nodeIds) fleet.toldAt.delete(nodeId);
    const asked = Date.now();
    const response = await tenant.post(`/deployments/${id}/promote`, { reason: 'bench' });
    const accepted = Date.now();
    if (response.status !== 202) throw new Error(`promote: ${await response.text()}`);
    await response.arrayBuffer();
    const toldAt = () => nodeIds.flatMap((nodeId) => fleet.toldAt.get(nodeId) ?? []);
    while (toldAt().length === 0) {
      if (Date.now() - accepted > 60_000) throw new Error(`${id}: nobody was told in a minute`);
      await delay(1);
    }
    // The engine may be faster than the answer on its way back.
    return [Math.max(0, Math.min(...toldAt()) - accepted), accepted - asked];
  }

  async function openMany(count: number): Promise<void> {
    const posts = Array.from({ length: count }, (_, at) => {
      const tenant = tenants[at % TENANTS]!;
      const cluster = tenant.fleet.clusters[Math.floor(at / TENANTS) % CLUSTERS]!;
      return tenant.deploy(moduleName(2), cluster.name);
    });
    await Promise.all(posts);
    await until('all of them are opened', async () => {
      const [row] = await rig.sql<{ count: number }>(
        `select count(*)::int as count from deployments d join modules m on m.id = d.module_id
         where m.name = $1 and d.status = 'Pending'`,
        [moduleName(2)],
      );
      return row!.count === 0;
    });
  }
} finally {
  await rig.stop();
}
