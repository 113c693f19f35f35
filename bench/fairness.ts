/**
 * One tenant queues thousands of deployments; another one starts its own beside them. How much later
 * are the other's first nodes told than without the crowd? The crowd is accepted while the workers are
 * frozen, so that all of it is due at once.
 *
 *   npm run bench:fairness -- --help
 */
import { setTimeout as delay } from 'node:timers/promises';
import { percentile, printTable, spread } from './engine/figures.js';
import { readOptions } from '../test/support/options.js';
import { Rig } from './engine/rig.js';
import { ScriptedFleet } from './engine/scripted-fleet.js';
import { steadyGate } from './engine/steady-gate.js';
import { makeWorld, moduleName, type BenchTenant } from './engine/world.js';

const options = readOptions('What does one tenant feel of another one’s crowd?', {
  crowd: [5_000, 'deployments that one tenant queues'],
  starts: [150, 'measured starts of the other, without and with the crowd'],
  pace: [100, 'ms between two starts'],
  workers: [1, 'worker processes'],
});

const SLOTS_EACH = 100;

const rig = await Rig.start();
try {
  await rig.startApi();
  for (let at = 0; at < options.workers; at += 1) await rig.startWorker();
  const [crowded, other] = await makeWorld(rig, {
    tenants: 2,
    clusters: SLOTS_EACH,
    nodes: 1,
    modules: 60,
    strategy: { kind: 'direct' },
    gate: steadyGate(30_000),
  });
  const fleet = await ScriptedFleet.start(rig);
  await starts(other!, 1, 20);
  const alone = await starts(other!, 2, options.starts);
  for (const worker of rig.workers) worker.freeze();
  await queue(crowded!, options.crowd);
  for (const worker of rig.workers) worker.thaw();
  const entriesBefore = await entries(crowded!);
  const since = performance.now();
  const crowdedStarts = await starts(other!, 4, options.starts);
  const seconds = (performance.now() - since) / 1000;
  const left = await open(crowded!);
  const progress = ((await entries(crowded!)) - entriesBefore) / seconds;
  const growth = (percent: number) => {
    const ratio = percentile(crowdedStarts, percent) / percentile(alone, percent);
    return `${((ratio - 1) * 100).toFixed(0)} %`;
  };
  printTable(`Starts of a tenant while another one has ${options.crowd} queued`, [
    ['', 'post to told', 'p50 grows by', 'p99 grows by', 'left of the crowd'],
    ['alone', spread(alone), '', '', ''],
    [
      'beside the crowd',
      spread(crowdedStarts),
      growth(50),
      growth(99),
      `${left} after ${seconds.toFixed(0)} s, ${progress.toFixed(0)} journal entries/s`,
    ],
  ]);

  async function starts(tenant: BenchTenant, module: number, count: number): Promise<number[]> {
    const told: Promise<number>[] = [];
    for (let at = 0; at < count; at += 1) {
      told.push(start(tenant, module + Math.floor(at / SLOTS_EACH), at % SLOTS_EACH));
      await delay(options.pace);
    }
    return Promise.all(told);
  }

  async function start(tenant: BenchTenant, module: number, at: number): Promise<number> {
    const cluster = tenant.fleet.clusters[at]!;
    const [nodeId] = cluster.nodeIds;
    fleet.toldAt.delete(nodeId!);
    const asked = Date.now();
    await tenant.deploy(moduleName(module), cluster.name);
    while (!fleet.toldAt.has(nodeId!)) {
      if (Date.now() - asked > 120_000) throw new Error('nobody was told in two minutes');
      await delay(1);
    }
    return fleet.toldAt.get(nodeId!)! - asked;
  }

  async function queue(tenant: BenchTenant, count: number): Promise<void> {
    const { clusters } = tenant.fleet;
    for (let from = 0; from < count; from += SLOTS_EACH) {
      await Promise.all(
        clusters.map((cluster) => tenant.deploy(moduleName(from / SLOTS_EACH), cluster.name)),
      );
    }
  }

  async function entries({ id }: BenchTenant): Promise<number> {
    const [row] = await rig.sql<{ count: number }>(
      'select count(*)::int as count from journal where tenant_id = $1',
      [id],
    );
    return row!.count;
  }

  async function open({ id }: BenchTenant): Promise<number> {
    const [row] = await rig.sql<{ count: number }>(
      `select count(*)::int as count from runs where tenant_id = $1 and wake_at is not null`,
      [id],
    );
    return row!.count;
  }
} finally {
  await rig.stop();
}
