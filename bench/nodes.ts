/**
 * What nodes cost that only poll and report: API, PostgreSQL and Redis, per report and per parked poll, beside
 * the least that taking a report in could cost. Nodes are rows, their agents are clients of this process,
 * each with its own key and its own two connections.
 *
 *   npm run bench:nodes -- --help
 */
import { setTimeout as delay } from 'node:timers/promises';
import { readOptions } from '../test/support/options.js';
import { median, milliseconds, percentile, printTable } from './engine/figures.js';
import { treeUsage, usageOf } from './engine/process-usage.js';
import { Rig } from './engine/rig.js';
import { forgetStatements, printStatements, WITH_STATEMENTS } from './engine/statements.js';
import { makeNodes, type BenchNode } from './nodes/node-rows.js';
import { type Counts, PollingAgent } from './nodes/polling-agent.js';
import { startRawServer } from './nodes/raw-limit.js';

const options = readOptions('What nodes cost that only poll and report.', {
  from: [100, 'nodes at first', 1],
  to: [1_000, 'nodes at last; measured are both', 1],
  tenants: [4, 'that share them', 1],
  modules: [2, 'that each node runs', 1],
  report: [5_000, 'how often a node reports, ms', 100],
  windows: [5, 'of measuring; shown is the median', 1],
  seconds: [10, 'of each window', 1],
  warmup: [15, 'seconds before', 1],
  limit: [0, 'µs of API and PostgreSQL per report, at most; 0: whatever it takes'],
  statements: [0, '1: also where the time of PostgreSQL goes, which costs some itself'],
});

type Cpu = Readonly<Record<'api' | 'postgres' | 'redis', number>>;

interface Window {
  readonly ms: number;
  readonly reports: number;
  readonly cpu: Cpu;
}

const rows = [
  ['nodes', 'what', 'reports/s', 'API', 'PostgreSQL', 'Redis', 'answered', 'nodes per core'],
];
let worst = 0;
for (const nodes of new Set([options.from, options.to])) await measure(nodes);
printTable(`Nodes that report each ${options.report} ms, ${options.modules} modules each`, rows);
if (options.limit > 0 && worst * 1000 > options.limit) {
  throw new Error(`a report costs ${(worst * 1000).toFixed(0)} µs, more than ${options.limit}`);
}

async function measure(size: number): Promise<void> {
  const rig = await Rig.start(options.statements > 0 ? { postgres: WITH_STATEMENTS } : {});
  try {
    const api = await rig.startApi();
    const nodes = await makeNodes(rig, { ...options, nodes: size });
    const counts: Counts = { reports: 0, polls: 0, failed: [], took: [] };
    const idle = await windows(rig, api.pid, counts, 2);
    const agents = nodes.map((node) => new PollingAgent(node, counts, api.url));
    for (const agent of agents) void agent.poll();
    await delay(options.warmup * 500);
    const polls = counts.polls;
    const parked = await windows(rig, api.pid, counts);
    tell(size, 'nobody', idle);
    tell(size, `parked polls, ${counts.polls - polls} answered`, parked);
    await settle(agents);
    if (options.statements > 0) await forgetStatements(rig);
    counts.took.length = 0;
    const taken = await windows(rig, api.pid, counts);
    tell(size, 'polls and reports', taken, counts.took);
    worst = Math.max(worst, perReport(taken, 'api') + perReport(taken, 'postgres'));
    if (options.statements > 0) await printStatements(rig, options.windows * options.seconds);
    await Promise.all(agents.map((agent) => agent.stop()));
    await rig.api!.stop();
    await raw(rig, nodes, { size, taken });
    if (counts.failed.length > 0) {
      throw new Error(`${counts.failed.length} requests failed, the first: ${counts.failed[0]}`);
    }
  } finally {
    await rig.stop();
  }
}

/** The same bodies at the same beat, to the least that could take them. */
async function raw(
  rig: Rig,
  nodes: readonly BenchNode[],
  { size, taken }: { readonly size: number; readonly taken: readonly Window[] },
): Promise<void> {
  const server = await startRawServer(rig);
  const counts: Counts = { reports: 0, polls: 0, failed: [], took: [] };
  const agents = nodes.map((node) => new PollingAgent(node, counts, server.url, '/raw'));
  await settle(agents);
  counts.took.length = 0;
  const least = await windows(rig, server.pid, counts);
  await Promise.all(agents.map((agent) => agent.stop()));
  await server.stop();
  tell(size, 'raw limit', least, counts.took);
  const times = (['api', 'postgres'] as const).map(
    (part) => `${(perReport(taken, part) / perReport(least, part)).toFixed(1)}×`,
  );
  rows.push([String(size), 'beside the raw limit', '', ...times, '', '', '']);
}

async function settle(agents: readonly PollingAgent[]): Promise<void> {
  agents.forEach((agent, at) =>
    agent.report(options.report, (at * options.report) / agents.length),
  );
  await delay(options.warmup * 1_000);
}

async function windows(
  rig: Rig,
  apiPid: number,
  counts: Counts,
  count = options.windows,
): Promise<Window[]> {
  const found: Window[] = [];
  for (let at = 0; at < count; at += 1) {
    const [before, reports, since] = [await cpuOf(rig, apiPid), counts.reports, performance.now()];
    await delay(options.seconds * 1000);
    const after = await cpuOf(rig, apiPid);
    found.push({
      ms: performance.now() - since,
      reports: counts.reports - reports,
      cpu: {
        api: after.api - before.api,
        postgres: after.postgres - before.postgres,
        redis: after.redis - before.redis,
      },
    });
  }
  return found;
}

async function cpuOf(rig: Rig, apiPid: number): Promise<Cpu> {
  const [api, redis] = await Promise.all([apiPid, rig.redisPid].map((pid) => usageOf(pid)));
  const postgres = await treeUsage(rig.postgresPid);
  return { api: api!.cpuMs, postgres: postgres.cpuMs, redis: redis!.cpuMs };
}

function perReport(found: readonly Window[], part: keyof Cpu): number {
  return median(found.map(({ cpu, reports }) => cpu[part] / Math.max(1, reports)));
}

function tell(
  size: number,
  what: string,
  found: readonly Window[],
  took: readonly number[] = [],
): void {
  const isReporting = found.some(({ reports }) => reports > 0);
  const figure = (part: keyof Cpu) => {
    const share = median(found.map(({ cpu, ms }) => cpu[part] / ms));
    const cores = `${(share * 100).toFixed(1)} %`;
    return isReporting ? `${perReport(found, part).toFixed(2)} ms (${cores})` : cores;
  };
  const rate = median(found.map(({ reports, ms }) => (reports * 1000) / ms));
  const perCore = options.report / perReport(found, 'api');
  rows.push([
    String(size),
    what,
    isReporting ? rate.toFixed(1) : '–',
    figure('api'),
    figure('postgres'),
    figure('redis'),
    took.length > 0
      ? `p50 ${milliseconds(median(took))}, p99 ${milliseconds(percentile(took, 99))}`
      : '–',
    isReporting ? perCore.toFixed(0) : '–',
  ]);
  console.error(rows.at(-1)!.join('  '));
}
