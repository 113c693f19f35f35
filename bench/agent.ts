/**
 * What an agent and its front cost a node on which nothing happens: processor time over a stretch of idle
 * time, and memory, with few and many modules; and once more after a restart of the agent, which then is
 * not the parent of what runs. Beside it the least a program could do: one timer a second and one request
 * over a connection that stays open.
 *
 *   npm run bench:agent -- --help
 *
 * `AGENT_DIST` names another build (a `dist` folder) to measure, so that two can be compared by one bench.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { readOptions } from '../test/support/options.js';
import { IdleNode } from './agent/idle-node.js';
import { costOf, type IdleCost, mostOf, RawLimit } from './agent/idle-cost.js';
import { endOnSignals, giveUp } from './engine/ending.js';
import { median, printTable } from './engine/figures.js';

const options = readOptions('What does an idle node cost?', {
  few: [1, 'modules; 0: not measured'],
  some: [10, 'modules; 0: not measured'],
  many: [30, 'modules; 0: not measured'],
  seconds: [30, 'of idle time that are measured, each', 1],
  settle: [75, 'seconds after the last start before that: what is young is watched more closely'],
  runs: [3, 'whose medians are printed', 1],
  report: [5000, 'ms between two reports', 50],
  limit: [1, '1: exit code 1 when a goal is missed; 0: whatever it takes'],
});

/** Shares of one core, and MiB of both. */
const goals = [
  { modules: 1, percent: 0.5 },
  { modules: 30, percent: 2 },
];
const GOAL_MIB = 100;

let node: IdleNode | undefined;
let raw: RawLimit | undefined;
const tidyUp = async () => {
  raw?.stop();
  await node?.stop();
};
endOnSignals(tidyUp);

const rows: { name: string; modules: number; costs: IdleCost[] }[] = [];
let limit = Number.NaN;
try {
  limit = await measureRaw();
  for (const modules of [options.few, options.some, options.many].filter((count) => count > 0)) {
    await measure(modules);
  }
} catch (error) {
  await tidyUp();
  giveUp(error);
}
report();

async function measureRaw(): Promise<number> {
  raw = await RawLimit.start();
  await delay(1000);
  const costs: number[] = [];
  for (let run = 0; run < options.runs; run += 1) {
    const cost = await costOf([raw.pid], options.seconds);
    costs.push(cost.percent[0]!);
  }
  raw.stop();
  return median(costs);
}

async function measure(modules: number): Promise<void> {
  node = await IdleNode.start(modules, options.report);
  const own = { name: `${modules}`, modules, costs: [] as IdleCost[] };
  const adopted = { name: `${modules}, adopted`, modules, costs: [] as IdleCost[] };
  rows.push(own, adopted);
  await delay(options.settle * 1000);
  for (let run = 0; run < options.runs; run += 1) own.costs.push(await costOf(node.pids(), options.seconds)); // prettier-ignore
  await node.restartAgent();
  await delay(options.settle * 1000);
  for (let run = 0; run < options.runs; run += 1) adopted.costs.push(await costOf(node.pids(), options.seconds)); // prettier-ignore
  await node.stop();
  node = undefined;
}

function report(): void {
  const percent = (value: number) => `${value.toFixed(2)} %`;
  const both = ({ percent: [agent = 0, front = 0] }: IdleCost) => agent + front;
  const head = ['modules', 'agent', 'front', 'together', 'of raw', 'RSS agent + front', 'PSS', 'own']; // prettier-ignore
  const body = rows.map(({ name, costs }) => {
    const of = (value: (cost: IdleCost) => number) => median(costs.map(value));
    return [
      name,
      percent(of((cost) => cost.percent[0]!)),
      percent(of((cost) => cost.percent[1]!)),
      percent(of(both)),
      `${(of(both) / limit).toFixed(1)} ×`,
      ['rssMiB', 'pssMiB', 'ownMiB'].map((kind) =>
        [0, 1].map((at) => of((cost) => cost[kind as 'rssMiB'][at]!).toFixed(0)).join(' + '),
      ),
    ].flat();
  });
  printTable(
    `Of one core, medians of ${options.runs} × ${options.seconds} s; raw: ${percent(limit)}; MiB`,
    [head, ...body],
  );
  const missed = goals.flatMap((goal) => {
    const measured = rows.filter(({ modules }) => modules === goal.modules);
    return measured
      .filter(({ costs }) => median(costs.map(both)) > goal.percent)
      .map(({ name }) => `${name} modules: more than ${percent(goal.percent)}`);
  });
  const most = Math.max(...rows.flatMap(({ costs }) => costs.map(mostOf)));
  if (most > GOAL_MIB) missed.push(`memory: ${most.toFixed(0)} MiB (PSS), more than ${GOAL_MIB}`);
  for (const one of missed) console.log(`Goal missed. ${one}`);
  if (missed.length > 0 && options.limit > 0) process.exitCode = 1;
}
