/**
 * A thousand gates asked every few seconds: is each asked on time, by one worker and by two? Two must
 * share them, without asking any twice.
 *
 *   npm run bench:gates -- --help
 */
import { printTable } from './engine/figures.js';
import { costOf } from './engine/measure.js';
import { openBakes, pollLine } from './engine/open-bakes.js';
import { readOptions } from '../test/support/options.js';

const options = readOptions('Are all gates asked on time?', {
  gates: [1_000, 'open gates'],
  tenants: [20, 'tenants that share them'],
  nodes: [4, 'nodes of each rollout; one is in its wave'],
  poll: [5_000, 'poll interval, ms'],
  seconds: [40, 'of measuring'],
  warmup: [10, 'seconds before'],
});

const rows = [['workers', 'polls', 'expected', 'asked twice', 'late', 'cores of each worker']];
for (const workers of [1, 2]) {
  const rig = await openBakes({
    ...options,
    size: options.gates,
    aheadSeconds: options.seconds + options.warmup + 80,
  });
  try {
    for (let at = 0; at < workers; at += 1) await rig.startWorker();
    await costOf(rig, options.warmup);
    const cost = await costOf(rig, options.seconds);
    const { polls, late } = await pollLine(rig, options.poll, options.seconds);
    const [twice] = await rig.sql<{ count: number }>(
      `select count(*)::int as count from (
         select at - lag(at) over (partition by tenant_id, deployment_id order by n) as gap
         from gate_samples) as g where gap < $1::int * interval '0.5 milliseconds'`,
      [options.poll],
    );
    const expected = (options.gates * options.seconds * 1000) / options.poll;
    rows.push([
      String(workers),
      String(polls),
      expected.toFixed(0),
      String(twice!.count),
      late,
      cost.eachWorkerCores.map((cores) => cores.toFixed(3)).join(', '),
    ]);
  } finally {
    await rig.stop();
  }
}
printTable(`${options.gates} gates asked each ${options.poll} ms`, rows);
