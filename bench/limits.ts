/**
 * What counting requests costs: alone, in memory and over Redis, and deployments accepted each second with
 * it beside without. The API processes differ in nothing else and take turns on one database, so that a
 * busy machine disturbs them alike. The profile is report-only: all is counted, nothing refused.
 *
 *   npm run bench:limits -- --help
 */
import { dirname, resolve } from 'node:path';
import { systemClock } from '../src/kernel/clock.js';
import { MemoryLimiter } from '../src/platform/rate-limits/memory-limiter.js';
import type { Charge, RateLimiter } from '../src/platform/rate-limits/rate-limiter.js';
import { RedisLimiter } from '../src/platform/rate-limits/redis-limiter.js';
import { builtServer } from '../test/support/built.js';
import { readOptions } from '../test/support/options.js';
import type { ServerProcess } from '../test/support/server-process.js';
import { median, percentile, printTable } from './engine/figures.js';
import { Rig } from './engine/rig.js';
import { steadyGate } from './engine/steady-gate.js';
import { type BenchTenant, makeWorld, moduleName } from './engine/world.js';

const options = readOptions('The cost of rate limits, and deployments accepted with and without.', {
  calls: [20_000, 'of the limiter alone', 1],
  seconds: [4, 'of deployments at full speed, each process and round', 1],
  rounds: [5, 'whose median is printed', 1],
  slots: [20, 'clusters, and modules, that share the deployments', 1],
  worst: [0, 'percent fewer accepted over Redis that fail the bench; 0: whatever it is'],
});

const IN_FLIGHT = 32;
const CALLS_AT_ONCE = 64;
const PEOPLE = 1_000;

/** Deployments so far, over all sides: they take the slots in turn. */
let turn = 0;

const rig = await Rig.start();
try {
  printTable('The limiter alone, three budgets a call', [
    ['counted', 'one after another', `${CALLS_AT_ONCE} at once`],
    await alone('in memory', new MemoryLimiter(systemClock)),
    await alone('over Redis', await overRedis()),
  ]);
  await accepted();
} finally {
  await rig.stop();
}

async function overRedis(): Promise<RateLimiter> {
  const limiter = new RedisLimiter({
    url: rig.redisUrl,
    prefix: '{bench}:',
    onError: () => undefined,
  });
  limiter.open();
  rig.later(() => Promise.resolve(limiter.close()));
  for (;;) {
    const isReady = await limiter.take(chargesOf(0)).catch(() => null);
    if (isReady) return limiter;
    await new Promise((done) => setTimeout(done, 50));
  }
}

function chargesOf(at: number): Charge[] {
  const person = at % PEOPLE;
  return [
    { key: `address:${person % 50}`, perMinute: 1_000_000 },
    { key: `tenant:${person % 10}`, perMinute: 1_000_000 },
    { key: `other:${person}`, perMinute: 1_000_000 },
  ];
}

async function alone(name: string, limiter: RateLimiter): Promise<string[]> {
  for (let at = 0; at < PEOPLE; at += 1) await limiter.take(chargesOf(at));
  const took: number[] = [];
  for (let at = 0; at < options.calls; at += 1) {
    const since = performance.now();
    await limiter.take(chargesOf(at));
    took.push(performance.now() - since);
  }
  const since = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: CALLS_AT_ONCE }, async () => {
      while (next < options.calls) await limiter.take(chargesOf((next += 1)));
    }),
  );
  const perSecond = (options.calls / (performance.now() - since)) * 1_000;
  const micros = (percent: number) => `${(percentile(took, percent) * 1_000).toFixed(0)} µs`;
  return [name, `p50 ${micros(50)}, p99 ${micros(99)}`, `${perSecond.toFixed(0)}/s`];
}

async function accepted(): Promise<void> {
  const built = resolve(dirname((await builtServer()).api), '../..');
  const start = (kind: string) =>
    rig.startApi({
      NODE_OPTIONS: `--import ${resolve('bench/engine/other-limiter.mjs')}`,
      BENCH_BUILT: built,
      BENCH_LIMITER: kind,
    });
  const sides = {
    without: await start('none'),
    'in memory': await start('local'),
    'over Redis': await start('redis'),
  };
  const [tenant] = await makeWorld(rig, {
    tenants: 1,
    clusters: options.slots,
    nodes: 1,
    modules: options.slots,
    strategy: { kind: 'direct' },
    gate: steadyGate(30_000),
  });
  const found = new Map<string, number[]>(Object.keys(sides).map((name) => [name, []]));
  for (let round = 0; round <= options.rounds; round += 1) {
    for (const [name, api] of Object.entries(sides)) {
      const perSecond = await atFullSpeed(tenant!, api);
      // The first round warms all of them up.
      if (round > 0) found.get(name)!.push(perSecond);
    }
  }
  const base = median(found.get('without')!);
  const rows = [...found].map(([name, all]) => {
    const ratio = median(all.map((each, at) => each / found.get('without')![at]!));
    return [name, `${median(all).toFixed(0)}/s`, ratio.toFixed(3)];
  });
  printTable(`Deployments accepted, ${IN_FLIGHT} at once`, [
    ['counted', 'accepted', 'of those without'],
    ...rows,
  ]);
  const lost = (1 - median(found.get('over Redis')!) / base) * 100;
  if (options.worst > 0 && lost > options.worst) process.exitCode = 1;
}

async function atFullSpeed(tenant: BenchTenant, api: ServerProcess): Promise<number> {
  rig.api = api;
  const { clusters } = tenant.fleet;
  const since = performance.now();
  const until = since + options.seconds * 1_000;
  let count = 0;
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (performance.now() < until) {
        turn += 1;
        const cluster = clusters[turn % clusters.length]!;
        await tenant.deploy(
          moduleName(Math.floor(turn / clusters.length) % options.slots),
          cluster.name,
        );
        count += 1;
      }
    }),
  );
  return (count / (performance.now() - since)) * 1_000;
}
