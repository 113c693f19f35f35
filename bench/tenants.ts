/**
 * What ten thousand tenants cost each of them: one real tenant is measured alone, then with as many
 * copies of its rows under other tenants' ids beside it. Reads of one deployment and accepts over HTTP,
 * reads of anybody's deployment in the database, the memory of the API's process, how long it takes to
 * start, and how long the newest migrations take down and up again.
 *
 *   npm run bench:tenants -- --help
 */
import { Context } from '../src/platform/context.js';
import { headsOf } from '../src/deployments/deployments.queries.js';
import { Migrator } from '../src/platform/database/migrations/migrator.js';
import { readOptions } from '../test/support/options.js';
import { copyTenant } from './engine/copied-tenants.js';
import { median, milliseconds, percentile, printTable, spread } from './engine/figures.js';
import { usageOf } from './engine/process-usage.js';
import { Rig } from './engine/rig.js';
import { oneByOne, steadyGate } from './engine/steady-gate.js';
import { type BenchTenant, makeWorld, moduleName } from './engine/world.js';

const DEPLOYMENTS = 10;

const options = readOptions('One tenant alone, and beside ten thousand others.', {
  tenants: [10_000, 'copies of it, with ten deployments each', 1],
  reads: [2_000, 'of one deployment, one after the other', 1],
  accepts: [400, 'deployments, one after the other', 1],
  migrations: [1, 'of the newest, down and up again on all of it', 0],
  limit: [0, 'how many times slower the median may become; 0: whatever it takes'],
});

interface Figures {
  readonly reads: number[];
  readonly accepts: number[];
  readonly anybody: number[];
  readonly startMs: number;
  readonly rssMiB: number;
}

const rig = await Rig.start();
try {
  // The first start makes keys and the first tenant: it is not measured.
  await (await rig.startApi()).stop();
  await rig.startApi();
  const [tenant] = await makeWorld(rig, {
    tenants: 1,
    clusters: 1,
    nodes: 1,
    modules: DEPLOYMENTS,
    strategy: oneByOne,
    gate: steadyGate(30_000),
  });
  const ids: string[] = [];
  for (let at = 0; at < DEPLOYMENTS; at += 1) ids.push(await deploy(tenant!, at));
  await settle();
  const alone = await measure(tenant!, ids, [tenant!.id]);
  const since = performance.now();
  const others = await copyTenant(rig, { id: tenant!.id, deployments: ids }, options.tenants);
  const copiedMs = performance.now() - since;
  const crowded = await measure(tenant!, ids, others);
  const migratedMs = await migrate();
  report(alone, crowded, [
    ['copies made', '', milliseconds(copiedMs), ''],
    [`${options.migrations} migrations, down and up`, '', milliseconds(migratedMs), ''],
  ]);
} finally {
  await rig.stop();
}

async function measure(
  tenant: BenchTenant,
  ids: readonly string[],
  tenants: readonly string[],
): Promise<Figures> {
  await rig.api!.stop();
  const since = performance.now();
  const api = await rig.startApi();
  const startMs = performance.now() - since;
  const read = () => tenant.get(`/deployments/${any(ids)}`);
  const accept = (at: number) => deploy(tenant, at);
  await timed(50, read);
  const reads = await timed(options.reads, read);
  const accepts = await timed(options.accepts, accept);
  await settle();
  const anybody = await timed(options.reads, () =>
    rig.database.transaction(Context.system(any(tenants), 'bench'), (open) => headsOf(open, ids)),
  );
  return { reads, accepts, anybody, startMs, rssMiB: (await usageOf(api.pid)).rssMiB };
}

function deploy(tenant: BenchTenant, at: number): Promise<string> {
  return tenant.deploy(moduleName(at % DEPLOYMENTS), tenant.fleet.clusters[0]!.name);
}

/** Over, so that no queue fills, and nobody's turn. */
async function settle(): Promise<void> {
  await rig.sql(`update deployments set status = 'Cancelled' where status = 'Pending'`);
  await rig.sql('update runs set wake_at = null where wake_at is not null');
}

async function timed(count: number, work: (at: number) => Promise<unknown>): Promise<number[]> {
  const took: number[] = [];
  for (let at = 0; at < count; at += 1) {
    const since = performance.now();
    await work(at);
    took.push(performance.now() - since);
    // Queues hold twenty; this many are over before they do.
    if (at % 100 === 99) await settle();
  }
  return took;
}

async function migrate(): Promise<number> {
  if (options.migrations === 0) return 0;
  await rig.api!.stop();
  const migrator = new Migrator({ owner: rig.owner });
  const since = performance.now();
  for (let at = 0; at < options.migrations; at += 1) await migrator.down();
  await migrator.up();
  return performance.now() - since;
}

function any<T>(values: readonly T[]): T {
  return values[Math.floor(Math.random() * values.length)]!;
}

function report(alone: Figures, crowded: Figures, more: readonly string[][]): void {
  const times = (name: string, of: (figures: Figures) => number[]) => {
    const ratio = median(of(crowded)) / median(of(alone));
    if (options.limit > 0 && ratio > options.limit) process.exitCode = 1;
    return [name, spread(of(alone)), spread(of(crowded)), ratio.toFixed(2)];
  };
  const { tenants } = options;
  printTable(`One tenant alone, and beside ${tenants} others`, [
    ['what', 'alone', 'crowded', 'ratio of medians'],
    times('GET of one deployment', ({ reads }) => reads),
    times('POST of a deployment', ({ accepts }) => accepts),
    times('anybody’s ten deployments, in the database', ({ anybody }) => anybody),
    [
      'API process, memory',
      `${alone.rssMiB.toFixed(0)} MiB`,
      `${crowded.rssMiB.toFixed(0)} MiB`,
      `${(((crowded.rssMiB - alone.rssMiB) * 1024) / tenants).toFixed(1)} KiB a tenant`,
    ],
    [
      'API process, start',
      milliseconds(alone.startMs),
      milliseconds(crowded.startMs),
      (crowded.startMs / alone.startMs).toFixed(2),
    ],
    [
      'p95 of GET',
      milliseconds(percentile(alone.reads, 95)),
      milliseconds(percentile(crowded.reads, 95)),
      '',
    ],
    ...more,
  ]);
}
