/** A front that does not do what its agent last told it: the agent notices, mends it, says so. */
import { copyFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { livingFronts } from '../../src/agent/front/front-identity.js';
import { AgentRig, eventually } from '../support/agent-rig.js';
import { until } from '../support/front-rig.js';

jest.setTimeout(60_000);

let rig: AgentRig;
const others: Server[] = [];
beforeEach(async () => {
  rig = await AgentRig.create();
  rig.run();
  rig.desire(1, [await rig.server('1.0.0')]);
  await rig.until(1, 'healthy');
});
afterEach(async () => {
  for (const other of others.splice(0)) other.close();
  await signalFront('SIGCONT');
  await rig.dispose();
});

const frontFolder = () => join(rig.directory, 'front');
const table = () => join(frontFolder(), 'front-table.json');

async function signalFront(signal: NodeJS.Signals): Promise<void> {
  const [front] = await livingFronts(frontFolder());
  if (front) process.kill(front.pid, signal);
}

const answers = (version: string) =>
  until(() => rig.get().then((text) => text === version).catch(() => false), `${version} answers`); // prettier-ignore

it('gives the table again to a front that came back without it', async () => {
  rmSync(table());
  await signalFront('SIGKILL');
  await answers('1.0.0');
  expect(await rig.until(1, 'healthy')).toMatchObject({ running: [{}] });
  expect(rig.starts('1.0.0')).toBe(1);
});

it('gives the table again to a front that came back with an older one', async () => {
  const old = join(rig.home, 'old-table.json');
  copyFileSync(table(), old);
  rig.desire(2, [await rig.server('2.0.0')]);
  await rig.until(2, 'healthy');
  await eventually('the old one ends', () => rig.diary.some((line) => /^1.0.0 term/.test(line)));
  copyFileSync(old, table());
  await signalFront('SIGKILL');
  await answers('2.0.0');
  expect(rig.starts('2.0.0')).toBe(1);
});

it('calls no module healthy whose port another program has, until it is free again', async () => {
  await rig.end('SIGTERM');
  await signalFront('SIGKILL');
  await until(async () => (await livingFronts(frontFolder())).length === 0, 'the front to end');
  const other = await listenOn(rig.port);
  const { length } = rig.plane.reports;
  rig.run();
  const failed = await rig.until(1, 'failed');
  expect(failed.reason?.code).toBe('port-in-use');
  expect(failed.reason?.message).toContain(String(rig.port));
  const states = rig.plane.reports.slice(length).flatMap(({ observed }) => observed);
  expect(states.map(({ state }) => state)).not.toContain('healthy');
  await new Promise((resolve) => other.close(resolve));
  const observed = await rig.until(1, 'healthy');
  expect(observed.reason).toBeUndefined();
  expect(await rig.get()).toBe('1.0.0');
  expect(rig.starts('1.0.0')).toBe(1);
});

it('goes on reporting while the front hangs, and says so', async () => {
  await signalFront('SIGSTOP');
  const failed = await rig.until(1, 'failed');
  expect(failed.reason?.code).toBe('front-unreachable');
  await signalFront('SIGCONT');
  await rig.until(1, 'healthy');
  expect(await rig.get()).toBe('1.0.0');
  expect(rig.starts('1.0.0')).toBe(1);
});

async function listenOn(port: number): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  others.push(server);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return server;
}
