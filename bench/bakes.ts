/**
 * Rollouts in their bake: what ten thousand open gates cost one worker and PostgreSQL, and how late
 * they are polled. All but one are copies of its rows; figures of their nodes are stored ahead.
 *
 *   npm run bench:bakes -- --help
 */
import { printTable } from './engine/figures.js';
import { costOf } from './engine/measure.js';
import { openBakes, pollLine } from './engine/open-bakes.js';
import { readOptions } from '../test/support/options.js';
import { forgetStatements, printStatements, WITH_STATEMENTS } from './engine/statements.js';

const options = readOptions('What open gates cost one worker and PostgreSQL.', {
  from: [1_000, 'the first number of rollouts'],
  to: [10_000, 'the last one; measured are both'],
  tenants: [20, 'tenants that share them'],
  nodes: [4, 'nodes of each rollout; one is in its wave'],
  poll: [5_000, 'poll interval of the gates, ms'],
  report: [5_000, 'how often a node reports, ms'],
  rate: [10, 'requests per second and node'],
  seconds: [30, 'of measuring'],
  warmup: [15, 'seconds before'],
  workers: [1, 'worker processes'],
  statements: [0, '1: also where the time of PostgreSQL goes, which costs some itself'],
});

const sizes = [...new Set([options.from, options.to])];
const rows = [
  ['rollouts', 'worker', 'PostgreSQL', 'both', 'CPU of a poll', 'RSS', 'tx/s', 'polls/s', 'late'],
];
for (const size of sizes) {
  rows.push(await measure(size));
  // A long one may be given up: what is known by then is worth having.
  console.error(rows.at(-1)!.join('  '));
}
printTable(`Gates polled each ${options.poll} ms, ${options.nodes} nodes each`, rows);

/** Beside what it should be: of gates that are never asked twice in the time nobody can say how late they are. */
function pollsPerSecond(polls: number, size: number): string {
  return `${(polls / options.seconds).toFixed(0)} of ${((size * 1000) / options.poll).toFixed(0)}`;
}

async function measure(size: number): Promise<string[]> {
  const rig = await openBakes({
    size,
    tenants: options.tenants,
    nodes: options.nodes,
    poll: options.poll,
    reportMs: options.report,
    requestsPerSecond: options.rate,
    // The first rows are stored long before the last ones.
    aheadSeconds: options.warmup + options.seconds + 30 + Math.ceil(size / 100),
    ...(options.statements ? { postgres: WITH_STATEMENTS } : {}),
  });
  try {
    for (let at = 0; at < options.workers; at += 1) await rig.startWorker();
    await costOf(rig, options.warmup);
    if (options.statements) await forgetStatements(rig);
    const cost = await costOf(rig, options.seconds);
    if (options.statements) await printStatements(rig, options.seconds);
    const { polls, late } = await pollLine(rig, options.poll, options.seconds);
    const workerCores = cost.eachWorkerCores.reduce((sum, each) => sum + each, 0);
    const both = workerCores + cost.postgresCores;
    const cores = (value: number) => value.toFixed(3);
    return [
      String(size),
      cores(workerCores),
      cores(cost.postgresCores),
      cores(both),
      `${((both * 1e6 * options.seconds) / polls).toFixed(0)} µs`,
      `${Math.round(cost.workerRssMiB)} MiB`,
      cost.transactionsPerSecond.toFixed(0),
      pollsPerSecond(polls, size),
      late,
    ];
  } finally {
    await rig.stop();
  }
}
