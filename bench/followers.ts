/**
 * A thousand followers of all deployments: what each event costs the API, and how late it comes. Rollouts are rows
 * and signals, as workers write them, so nothing but following is measured. Beside it, in the same
 * run: a bare `ws` server that sends texts of the same length, one by one, to the same followers.
 *
 *   npm run bench:followers -- --help
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from '../test/support/client.js';
import { readOptions } from '../test/support/options.js';
import { median, milliseconds, percentile, printTable } from './engine/figures.js';
import { usageOf } from './engine/process-usage.js';
import { REDIS_PREFIX } from '../src/platform/redis-prefix.js';
import { Rig } from './engine/rig.js';
import { Child } from './followers/child.js';
import type { CrowdFigures } from './followers/crowd.js';
import { EVENTS_OF_ONE, Rollouts } from './followers/rollouts.js';

const options = readOptions('What following costs the API, and how late events come.', {
  followers: [1_000, 'who follow all deployments of a tenant', 1],
  rate: [10, 'deployments per second', 1],
  seconds: [20, 'of measuring', 1],
  runs: [3, 'of each; the table has the medians', 1],
  limit: [0, 'ms that the p99 may take; 0: whatever it takes'],
});

/** The text of an event has about this length. */
const TEXT = `42/hubs/deployment,${JSON.stringify([
  'DeploymentProgress',
  {
    deploymentId: '0199a3c2-7d1e-7c4a-9d55-0f6f3b1c2a10',
    sequence: 12,
    step: 'w1.converge',
    wave: 1,
    percent: 66,
    waitingOn: null,
  },
])}`;
/** On a busy machine events come late; what has not come after this will not come. */
const PATIENCE_MS = 60_000;
const SETTLE_MS = 1_500;
const PASSWORD = 'correct horse battery';

interface Figure {
  readonly cores: number;
  readonly microsecondsPerFrame: number;
  readonly framesPerWrite: number;
  readonly p50: number;
  readonly p99: number;
  readonly lost: number;
  readonly doubled: number;
  readonly disordered: number;
}

const rig = await Rig.start();
try {
  const api = await rig.startApi();
  await liftLimits(await Client.login(api.url, 'admin', PASSWORD, 'platform'));
  const tenantId = await tenantOf();
  const rollouts = await Rollouts.open(rig, tenantId, `${REDIS_PREFIX}:signals`);
  const followed: Figure[] = [];
  const bare: Figure[] = [];
  for (let run = 0; run < options.runs; run += 1) {
    const again = await Client.login(api.url, 'admin', PASSWORD, 'default');
    followed.push(await measure(api.pid, api.url, again.token, () => deploy(rollouts)));
    bare.push(await bareRun());
  }
  printTable(
    `${options.followers} followers, ${options.rate} deployments/s of ${EVENTS_OF_ONE} events`,
    [
      [
        'what',
        'cores',
        'µs per frame',
        'frames per write',
        'p50',
        'p99',
        'lost',
        'doubled',
        'disordered',
      ],
      row('API', followed),
      row('bare ws', bare),
    ],
  );
  const p99 = median(followed.map((each) => each.p99));
  if (followed.some(({ lost, doubled }) => lost + doubled > 0)) throw new Error('not exactly once');
  if (options.limit > 0 && p99 > options.limit) throw new Error(`p99 is ${p99.toFixed(0)} ms`);
} finally {
  await rig.stop();
}

async function liftLimits(client: Client): Promise<void> {
  for (const key of ['sockets.per-user', 'sockets.per-address', 'sockets.per-tenant'].reverse()) {
    const at = `/settings/${key}?scope=platform`;
    const etag = (await client.get(at)).headers.get('etag');
    const headers = { 'if-match': etag ?? '"0"' };
    const { status, body } = await client.put(at, { value: 5_000 }, headers);
    if (status !== 200) throw new Error(`not set: ${status} ${JSON.stringify(body)}`);
  }
}

async function tenantOf(): Promise<string> {
  const [row] = await rig.sql<{ id: string }>(`select id from tenants where slug = 'default'`);
  return row!.id;
}

async function deploy(rollouts: Rollouts): Promise<number> {
  return (await rollouts.run(options.rate, options.seconds)) * EVENTS_OF_ONE;
}

/** One crowd: it connects, `happen` tells how many events there were, and it is asked what came. */
async function measure(
  pid: number,
  url: string,
  token: string | null,
  happen: () => Promise<number>,
): Promise<Figure> {
  const crowd = Child.start('crowd');
  try {
    const { hostname: host, port } = new URL(url);
    const count = options.followers;
    await crowd.ask({ connect: { host, port: Number(port), token, count } });
    await delay(SETTLE_MS);
    await crowd.ask('figures');
    const before = { ...(await usageOf(pid)), writes: await writesOf(pid) };
    const events = await happen();
    await arrived(crowd, events * count);
    await delay(SETTLE_MS);
    const cpuMs = (await usageOf(pid)).cpuMs - before.cpuMs;
    const writes = (await writesOf(pid)) - before.writes;
    const figures = await crowd.ask<CrowdFigures>('figures');
    await crowd.ask('leave');
    const missing = (each: number) => Math.max(0, events - each);
    return {
      // On a busy machine it takes longer; the work is the same.
      cores: cpuMs / (options.seconds * 1000),
      microsecondsPerFrame: (cpuMs * 1000) / sum(figures.counts),
      framesPerWrite: sum(figures.counts) / writes,
      p50: percentile(figures.latenessMs, 50),
      p99: percentile(figures.latenessMs, 99),
      lost: sum(figures.counts.map(missing)),
      doubled: sum(figures.counts.map((each) => Math.max(0, each - events))),
      disordered: figures.disordered,
    };
  } finally {
    await crowd.stop();
  }
}

async function arrived(crowd: Child, frames: number): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (performance.now() < deadline) {
    if ((await crowd.ask<number>('count')) >= frames) return;
    await delay(200);
  }
}

/** As many texts in the same time, told commit by commit. */
async function bareRun(): Promise<Figure> {
  const server = Child.start('bare-server');
  try {
    const port = await server.answer<number>();
    return await measure(server.pid, `http://127.0.0.1:${port}`, null, async () => {
      const perSecond = options.rate * EVENTS_OF_ONE;
      const count = perSecond * options.seconds;
      const began = performance.now();
      for (let at = 0; at < count; at += 2) {
        await delay(Math.max(0, began + (at * 1000) / perSecond - performance.now()));
        server.tell([bareText(at), bareText(at + 1)].slice(0, count - at));
      }
      return count;
    });
  } finally {
    await server.stop();
  }
}

function bareText(at: number): string {
  return TEXT.replace('12,', `${at},`).replace('}]', `,"at":"${new Date().toISOString()}"}]`);
}

/** Calls of write and writev, which is what sending to a socket is. */
async function writesOf(pid: number): Promise<number> {
  return Number(/syscw: (\d+)/.exec(await readFile(`/proc/${pid}/io`, 'utf8'))?.[1] ?? 0);
}

function sum(values: readonly number[]): number {
  return values.reduce((all, each) => all + each, 0);
}

function row(name: string, figures: readonly Figure[]): string[] {
  const of = (key: keyof Figure) => median(figures.map((each) => each[key]));
  return [
    name,
    of('cores').toFixed(2),
    of('microsecondsPerFrame').toFixed(2),
    of('framesPerWrite').toFixed(1),
    milliseconds(of('p50')),
    milliseconds(of('p99')),
    ...(['lost', 'doubled', 'disordered'] as const).map((key) =>
      String(sum(figures.map((each) => each[key]))),
    ),
  ];
}
