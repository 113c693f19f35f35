import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { InstancePorts, reservationName } from './instance-ports.js';

/** Where nothing else of this machine takes ports, hardly even another run of this test. */
const first = 32_100 + 20 * randomInt(30);
const range = { first, last: first + 19 };
const single = { first, last: first };
const used: InstancePorts[] = [];

function agent(within = range): InstancePorts {
  const ports = new InstancePorts(within);
  used.push(ports);
  return ports;
}

afterEach(() => {
  for (const ports of used.splice(0)) {
    for (let port = first; port <= range.last; port += 1) ports.release(port);
  }
});

it('gives no port to two instances, be they of two agents of one machine', async () => {
  const [one, other] = [agent(), agent()];
  const taken = await Promise.all(
    Array.from({ length: 18 }, (_, index) => (index % 2 === 0 ? one : other).take()),
  );
  expect(new Set(taken).size).toBe(18);
});

it('says so when there is none, and gives what was released', async () => {
  const [one, other] = [agent(single), agent(single)];
  expect(await one.take()).toBe(first);
  await expect(other.take()).rejects.toThrow(`no free port found between ${first} and ${first}`);
  one.release(first);
  expect(await other.take()).toBe(first);
});

it('gives no port on which something listens', async () => {
  const server = createServer().listen(first, '127.0.0.1');
  await once(server, 'listening');
  const ports = agent(single);
  await expect(ports.take()).rejects.toThrow('no free port');
  server.close();
  await once(server, 'close');
  expect(await ports.take()).toBe(first);
});

it('holds the port of an instance that it has found again', async () => {
  const [finder, other] = [agent(), agent(single)];
  expect(await finder.reserve(first)).toBe(true);
  await expect(other.take()).rejects.toThrow('no free port');
});

it('has what an agent held when that has died', async () => {
  const ports = agent(single);
  const name = JSON.stringify(reservationName(first));
  const script = `require('net').createServer().listen({ path: ${name} }, () => console.log('held'))`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  try {
    await once(child.stdout, 'data');
    await expect(ports.take()).rejects.toThrow('no free port');
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
  expect(await ports.take()).toBe(first);
});
