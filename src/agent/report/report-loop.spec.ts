import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import type { FrontCounters } from '../front/front-port.js';
import type { InstanceRecord } from '../journal/journal.js';
import type { ReportRequest } from '../protocol/protocol.js';
import { metricRows } from './metric-rows.js';
import { ReportLoop } from './report-loop.js';

const log = pino({ level: 'silent' });

/** A loop whose reports are counted; `send` may fail. */
function loopOf(intervalMs: number, send: () => void = () => undefined) {
  const times: number[] = [];
  const loop = new ReportLoop({
    build: async () => ({}) as ReportRequest,
    send: async () => {
      times.push(performance.now());
      send();
      return { protocol: 1, reportIntervalMs: intervalMs, revision: 0 };
    },
    onAnswer: () => undefined,
    intervalMs: () => intervalMs,
    log,
  });
  return { loop, times };
}

async function until(isIt: () => boolean): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!isIt() && performance.now() < deadline) await pause(5);
  expect(isIt()).toBe(true);
}

it('reports at once and at every interval', async () => {
  const { loop, times } = loopOf(50);
  loop.start();
  await until(() => times.length >= 3);
  await loop.stop();
});

it('reports many changes at once, shortly after the first', async () => {
  const { loop, times } = loopOf(60_000);
  loop.start();
  await until(() => times.length === 1);
  const changedAt = performance.now();
  for (let change = 0; change < 20; change += 1) loop.kick();
  await until(() => times.length === 2);
  expect(times[1]! - changedAt).toBeGreaterThanOrEqual(95);
  loop.kick();
  await until(() => times.length === 3);
  await loop.stop();
});

it('never stops while the server is away, and does not hurry for changes then', async () => {
  let failures = 0;
  const { loop, times } = loopOf(50, () => {
    failures += 1;
    if (failures <= 2) throw new Error('away');
  });
  loop.start();
  const startedAt = performance.now();
  await until(() => times.length === 1);
  for (let change = 0; change < 20; change += 1) loop.kick();
  await until(() => times.length >= 4);
  expect(times[1]! - startedAt).toBeGreaterThan(200);
  await loop.stop();
});

it('makes one row of an instance, with its traffic and its processes', () => {
  const traffic = { requests: 5, errors: 1, frontErrors: 2, cut: 0, retries: 3 };
  const more = { clientGone: 4, websockets: 6, inFlight: 7, histogram: [[3, 5]] as const };
  const served: FrontCounters = {
    moduleId: 'm',
    releaseId: 'r',
    instance: 'served',
    ...traffic,
    ...more,
  };
  const record = (instance: string) =>
    ({ instance, moduleId: 'm', release: { releaseId: 'r' } }) as InstanceRecord;
  const usage = new Map([
    ['served', { cpuMs: 10, memoryBytes: 20 }],
    ['worker', { cpuMs: 30, memoryBytes: 40 }],
  ]);
  const rows = metricRows([served], [record('served'), record('worker')], usage, 1.5);
  expect(rows).toHaveLength(2);
  expect(rows[0]).toEqual({
    moduleId: 'm',
    releaseId: 'r',
    instance: 'served',
    ageMs: 1.5,
    ...traffic,
    clientGone: 4,
    websockets: 6,
    cpuMs: 10,
    memoryBytes: 20,
    histogram: [[3, 5]],
  });
  const left = { ...served, abandoned: [[80, 2]] as const };
  expect(metricRows([left], [], usage, 1.5)[0]).toEqual({ ...rows[0], abandoned: [[80, 2]] });
  expect(rows[1]).toMatchObject({ instance: 'worker', requests: 0, cpuMs: 30, memoryBytes: 40 });
});
