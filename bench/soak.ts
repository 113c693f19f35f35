/**
 * Deployments at a steady rate for a long time: is the memory of each process flat? The slope is that
 * of a straight line through the second half, when caches are full.
 *
 *   npm run bench:soak -- --help
 */
import { setTimeout as delay } from 'node:timers/promises';
import { printTable, spread } from './engine/figures.js';
import { readOptions } from '../test/support/options.js';
import { treeUsage, usageOf, type Usage } from './engine/process-usage.js';
import { Rig } from './engine/rig.js';
import { ScriptedFleet } from './engine/scripted-fleet.js';
import { steadyGate } from './engine/steady-gate.js';
import { makeWorld, moduleName } from './engine/world.js';

const options = readOptions('Deployments at a steady rate: is memory flat?', {
  minutes: [30, 'how long'],
  seconds: [0, 'and so much longer'],
  rate: [20, 'deployments per second'],
  tenants: [10, 'tenants that share them'],
  clusters: [10, 'clusters of each'],
  modules: [10, 'modules of each'],
  sample: [10, 'seconds between two looks at the processes'],
});

const lastsMinutes = options.minutes + options.seconds / 60;

interface Look {
  readonly minutes: number;
  readonly of: Readonly<Record<string, Usage>>;
  readonly open: number;
}

const rig = await Rig.start();
try {
  const api = await rig.startApi();
  const worker = await rig.startWorker();
  const tenants = await makeWorld(rig, {
    tenants: options.tenants,
    clusters: options.clusters,
    nodes: 2,
    modules: options.modules,
    strategy: { kind: 'direct' },
    gate: steadyGate(30_000),
  });
  const fleet = await ScriptedFleet.start(rig);
  const pids = { api: api.pid, worker: worker.pid, redis: rig.redisPid };
  const looks: Look[] = [];
  const since = performance.now();
  const elapsed = () => (performance.now() - since) / 60_000;
  let [posted, refused] = [0, 0];
  const accepted: number[] = [];
  const posting = post();
  while (elapsed() < lastsMinutes) {
    await delay(options.sample * 1000);
    looks.push(await look());
    fleet.toldAt.clear();
    const { minutes, of, open } = looks.at(-1)!;
    const line = Object.entries(of).map(([name, { rssMiB }]) => `${name} ${rssMiB.toFixed(0)}`);
    console.error(
      `${minutes.toFixed(1)} min: ${posted} posted, ${open} open; MiB ${line.join(', ')}`,
    );
  }
  await posting;
  await print();

  async function post(): Promise<void> {
    const sent: Promise<void>[] = [];
    for (let at = 0; elapsed() < lastsMinutes; at += 1) {
      const early = since + (at * 1000) / options.rate - performance.now();
      if (early > 0) await delay(early);
      const tenant = tenants[at % tenants.length]!;
      const turn = Math.floor(at / tenants.length);
      const cluster = tenant.fleet.clusters[turn % options.clusters]!;
      const module = Math.floor(turn / options.clusters) % options.modules;
      const asked = performance.now();
      const answer = tenant.deploy(moduleName(module), cluster.name).then(
        () => {
          posted += 1;
          if (accepted.length < 100_000) accepted.push(performance.now() - asked);
        },
        (error: unknown) => {
          if (refused === 0) console.error(error);
          refused += 1;
        },
      );
      if (sent.length >= 1_000) await Promise.all(sent.splice(0));
      sent.push(answer);
    }
    await Promise.all(sent);
  }

  async function look(): Promise<Look> {
    const of: Record<string, Usage> = {};
    for (const [name, pid] of Object.entries(pids)) of[name] = await usageOf(pid);
    of.PostgreSQL = await treeUsage(rig.postgresPid);
    const [row] = await rig.sql<{ open: number }>(
      'select count(*)::int as open from runs where wake_at is not null',
    );
    return { minutes: elapsed(), of, open: row!.open };
  }

  async function print(): Promise<void> {
    const second = looks.slice(Math.floor(looks.length / 2));
    const rows = Object.keys(looks[0]!.of).map((name) => {
      const mib = (at: Look) => at.of[name]!.rssMiB;
      const cpuMs = looks.at(-1)!.of[name]!.cpuMs - looks[0]!.of[name]!.cpuMs;
      const minutes = looks.at(-1)!.minutes - looks[0]!.minutes;
      return [
        name,
        `${mib(looks[0]!).toFixed(0)} MiB`,
        `${mib(looks.at(-1)!).toFixed(0)} MiB`,
        `${(slope(second.map((at) => [at.minutes, mib(at)])) * 60).toFixed(1)} MiB/h`,
        (cpuMs / minutes / 60_000).toFixed(3),
      ];
    });
    const [ended] = await rig.sql<{ count: number }>(
      `select count(*)::int as count from deployments where status = 'Succeeded'`,
    );
    printTable(
      `${posted} deployments in ${elapsed().toFixed(1)} minutes, ${ended!.count} succeeded, ${refused} refused; accepted in ${spread(accepted)}`,
      [['process', 'first', 'last', 'slope of the second half', 'cores'], ...rows],
    );
  }
} finally {
  await rig.stop();
}

/** Least squares. */
function slope(points: readonly (readonly [number, number])[]): number {
  const mean = (at: 0 | 1) => points.reduce((sum, point) => sum + point[at], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const top = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  return top / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}
