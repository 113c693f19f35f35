import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import type { DesiredRelease } from '../../src/agent/protocol/protocol.js';
import { newSigningKey, publicKeyText, signRelease } from '../../src/kernel/signature.js';
import { AgentRig, eventually, SERVER, Traffic } from '../support/agent-rig.js';

jest.setTimeout(60_000);

let rig: AgentRig;
beforeEach(async () => {
  rig = await AgentRig.create();
});
afterEach(() => rig.dispose());

/** Blue with the rest of what green gets; it is kept, and green counts. */
const shared = (blue: DesiredRelease, green: DesiredRelease, percent: number): DesiredRelease[] => [
  { ...blue, trafficPercent: 100 - percent, isKept: true },
  { ...green, trafficPercent: percent },
];

const down = (one: DesiredRelease, code: string) => [
  expect.objectContaining({ releaseId: one.releaseId, code }),
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

it('judges green alone beside a blue that has begun to crash, and goes on without it', async () => {
  rig.run();
  const broken = join(rig.home, 'broken');
  const blue = await rig.server('blue', {}, {}, { 'server.mjs': endsWhile(broken) + SERVER });
  const green = await rig.server('green');
  rig.desire(1, [blue]);
  await rig.until(1, 'healthy');
  writeFileSync(broken, '');
  const looping = await rig.until(1, 'failed');
  expect(looping).toMatchObject({ reason: { code: 'crash-loop' }, down: down(blue, 'crash-loop') });

  for (const [generation, percent] of [[2, 0] as const, [3, 100] as const]) {
    rig.desire(generation, shared(blue, green, percent));
    const beside = await rig.until(generation, 'healthy');
    expect(beside).toMatchObject({ down: down(blue, 'crash-loop') });
    expect(beside.running.map(({ releaseId }) => releaseId)).toEqual([green.releaseId]);
  }
  expect(await rig.get()).toBe('green');

  // Going back to it does not work, and what works is not given up for it.
  rig.desire(4, [blue]);
  const stays = await rig.until(4, 'failed');
  expect(stays.reason?.message).toMatch(/blue ended before it was healthy/);
  expect(stays.running.map(({ releaseId }) => releaseId)).toEqual([green.releaseId]);
  expect(await rig.get()).toBe('green');

  // Once it may live, it comes back.
  rmSync(broken);
  rig.desire(5, [blue]);
  expect(await rig.until(5, 'healthy')).toMatchObject({ down: [] });
  expect(await rig.get()).toBe('blue');
});

it('has green up also where blue, which it is to be kept beside, never comes up', async () => {
  rig.run();
  const health = { startTimeoutMs: 1000, intervalMs: 100 };
  const blue = await rig.server('blue', { health }, { HEALTH_STATUS: '503' });
  const green = await rig.server('green');
  rig.desire(1, shared(blue, green, 50));
  const beside = await rig.until(1, 'healthy');
  expect(beside.running.map(({ releaseId }) => releaseId)).toContain(green.releaseId);
  rig.desire(2, [green]);
  expect(await rig.until(2, 'healthy')).toMatchObject({ down: [] });
  expect(await rig.get()).toBe('green');
});

it('keeps blue beside green although a new policy would not take it, and refuses such a green', async () => {
  rig.run();
  const [blue, plain] = [await rig.server('blue'), await rig.server('green')];
  rig.desire(1, [blue]);
  await rig.until(1, 'healthy');
  rig.desire(2, shared(blue, plain, 0), { signatureRequired: true });
  expect(await rig.until(2, 'refused')).toMatchObject({ reason: { code: 'signature-missing' } });
  const key = newSigningKey();
  const value = signRelease(plain.releaseDigest, key.privateKey);
  const publicKey = publicKeyText(key.publicKey);
  const green = { ...plain, signature: { keyId: 'k', publicKey, value } };
  rig.desire(3, shared(blue, green, 100), { signatureRequired: true });
  await rig.until(3, 'healthy');
  expect(await rig.get()).toBe('green');
});

it('starts anew what lives and does not answer when it is told to run it once more', async () => {
  rig.run();
  const stuck = join(rig.home, 'stuck');
  const script = SERVER.replace("if (request.url === '/healthz')", `if (request.url === '/healthz' && existsSync('${stuck}')) return; if (request.url === '/healthz')`); // prettier-ignore
  const server = `import { existsSync } from 'node:fs';${script}`;
  const orders = await rig.server('orders', {}, {}, { 'server.mjs': server });
  rig.desire(1, [orders]);
  await rig.until(1, 'healthy');
  writeFileSync(stuck, '');
  expect(await rig.until(1, 'failed')).toMatchObject({ reason: { code: 'unhealthy' } });
  rmSync(stuck);
  rig.desire(2, [orders]);
  await rig.until(2, 'healthy');
  expect(rig.starts('orders')).toBe(2);
  await eventually('the old one ends', () => rig.diary.some((line) => line.includes(' term')));
  expect(await rig.get()).toBe('orders');
});

/** In front of a server: it ends while this file is there. */
const endsWhile = (file: string) => `
import { existsSync } from 'node:fs';
const look = () => { if (existsSync('${file}')) process.exit(7); };
look();
setInterval(look, 50);
`;
