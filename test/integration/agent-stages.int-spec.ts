import { jest } from '@jest/globals';
import type { DesiredRelease } from '../../src/agent/protocol/protocol.js';
import { AgentRig, eventually, Traffic } from '../support/agent-rig.js';

jest.setTimeout(60_000);

let rig: AgentRig;
beforeEach(async () => {
  rig = await AgentRig.create();
});
afterEach(() => rig.dispose());

/** Blue with the rest of what green gets. */
const shared = (blue: DesiredRelease, green: DesiredRelease, percent: number) => [
  { ...blue, trafficPercent: 100 - percent },
  { ...green, trafficPercent: percent },
];

it('starts a release beside the other without traffic, switches, switches back, and stops it', async () => {
  rig.run();
  const [blue, green] = [await rig.server('blue'), await rig.server('green')];
  rig.desire(1, [blue]);
  await rig.until(1, 'healthy');
  const traffic = new Traffic(rig);
  rig.desire(2, shared(blue, green, 0));
  const beside = await rig.until(2, 'healthy');
  expect(beside.running.map(({ releaseId }) => releaseId)).toEqual([
    blue.releaseId,
    green.releaseId,
  ]);
  const metricOf = ({ releaseId }: DesiredRelease) =>
    rig.plane.reports.at(-1)?.metrics.find((row) => row.releaseId === releaseId);
  const before = metricOf(blue)?.requests ?? 0;
  await eventually('blue serves', () => (metricOf(blue)?.requests ?? 0) > before + 20);
  // It is measured all the same: a gate looks at its CPU and memory before anybody asks it.
  expect(metricOf(green)).toMatchObject({ requests: 0 });
  expect(metricOf(green)!.memoryBytes).toBeGreaterThan(1_000_000);
  expect([...traffic.versions]).toEqual(['blue']);

  rig.desire(3, shared(blue, green, 100));
  await rig.until(3, 'healthy');
  expect(await rig.get()).toBe('green');
  rig.desire(4, shared(blue, green, 0));
  await rig.until(4, 'healthy');
  expect(await rig.get()).toBe('blue');
  expect(rig.starts('blue') + rig.starts('green')).toBe(2);

  rig.desire(5, [blue]);
  await rig.until(5, 'healthy');
  await eventually('green ends', () => rig.diary.some((line) => line.startsWith('green term')));
  await traffic.end();
  expect(traffic.failures).toEqual([]);
  expect(rig.starts('blue')).toBe(1);
});

it('switches back from green alone to the blue that still runs, in one statement', async () => {
  rig.run();
  const [blue, green] = [await rig.server('blue'), await rig.server('green')];
  rig.desire(1, shared(blue, green, 100));
  await rig.until(1, 'healthy');
  expect(await rig.get()).toBe('green');
  rig.desire(2, [blue]);
  await rig.until(2, 'healthy');
  expect(await rig.get()).toBe('blue');
  expect(rig.starts('blue')).toBe(1);
});

it('says what the node can give', async () => {
  rig.run();
  rig.desire(1, [await rig.server('1.0.0')]);
  await rig.until(1, 'healthy');
  const { capacity } = rig.plane.reports.at(-1)!;
  expect(capacity?.cpuMillicores).toBeGreaterThanOrEqual(1000);
  expect(capacity?.memoryMiB).toBeGreaterThan(100);
});

it('keeps blue when green does not pass its smoke tests, and names the one', async () => {
  rig.run();
  const [blue, green] = [await rig.server('blue'), await rig.server('green')];
  rig.desire(1, [blue]);
  await rig.until(1, 'healthy');
  const check = { path: '/', status: 200, count: 3 };
  const smoke = { tests: [{ ...check, body: 'green' }], timeoutMs: 20_000 };
  rig.desire(2, shared(blue, { ...green, smoke }, 0));
  await rig.until(2, 'healthy');
  rig.desire(3, [blue]);
  await rig.until(3, 'healthy');
  await eventually('green ends', () => rig.diary.some((line) => line.startsWith('green term')));

  smoke.tests.push({ ...check, body: 'purple' });
  rig.desire(4, shared(blue, { ...green, smoke }, 0));
  const { reason, running } = await rig.until(4, 'failed');
  expect(reason).toEqual({
    code: 'smoke-test-failed',
    message:
      'orders green did not pass smoke test 2 of 2, GET / (1 of 3): its answer does not contain "purple".',
  });
  expect(running.map(({ releaseId }) => releaseId)).toEqual([blue.releaseId]);
  expect(await rig.get()).toBe('blue');
});
