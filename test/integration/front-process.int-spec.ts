import { jest } from '@jest/globals';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'undici';
import { FrontClient } from '../../src/agent/front/front-client.js';
import { isAlive, livingFronts } from '../../src/agent/front/front-identity.js';
import { ensureFront, upgradeFront } from '../../src/agent/front/front-process.js';
import { buildFront, ProcessInstance, type BuiltFront } from '../support/front-processes.js';
import { freePort } from '../support/free-port.js';
import { ask, Load, table, target, TestInstance, until } from '../support/front-rig.js';

// Processes start slowly on a busy machine.
jest.setTimeout(30_000);

describe('the front as a process', () => {
  let built: BuiltFront;
  let stateDir: string;
  let folder: string;
  let port: number;
  let instance: TestInstance;
  const pids = new Set<number>();

  beforeAll(async () => (built = await buildFront()));
  afterAll(() => built.remove());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'front-'));
    stateDir = folder;
    port = await freePort();
    instance = await new TestInstance('one').listen();
  });
  afterEach(async () => {
    for (const { pid } of await livingFronts(stateDir)) pids.add(pid);
    for (const pid of pids) kill(pid, 'SIGKILL');
    await until(async () => (await livingFronts(stateDir)).length === 0, 'no front left');
    pids.clear();
    await instance.close();
    await rm(folder, { recursive: true, force: true });
  });

  const start = () => ensureFront({ stateDir, command: built.command });
  const pidOf = async (client: FrontClient) => (await client.status()).pid;

  it('is started once, in a session of its own, and found again', async () => {
    const client = await start();
    const pid = await pidOf(client);
    expect(pid).not.toBe(process.pid);
    const again = await start();
    expect(await pidOf(again)).toBe(pid);
    const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ');
    expect(Number(fields[3])).toBe(pid); // The session is named after its leader.
    expect(await readFile(`/proc/${pid}/fdinfo/0`, 'utf8')).toBeTruthy();
    await again.apply(table(1, port, [target(instance)]));
    expect((await ask(port)).body).toBe('one');
    expect((await client.status()).routes).toEqual([
      { moduleId: 'module-1', port, listening: true },
    ]);
  });

  it('hides its control socket from everyone else', async () => {
    await start();
    const [{ socket } = { socket: '' }] = await livingFronts(stateDir);
    expect((await stat(socket)).mode & 0o777).toBe(0o600);
    expect((await stat(join(socket, '..'))).mode & 0o777).toBe(0o700);
    expect((await stat(join(stateDir, 'front.log'))).mode & 0o777).toBe(0o600);
  });

  it('works in a state folder too deep for a socket path', async () => {
    stateDir = join(stateDir, 'd'.repeat(120));
    const client = await start();
    await client.apply(table(1, port, [target(instance)]));
    const [{ socket } = { socket: '' }] = await livingFronts(stateDir);
    expect(Buffer.byteLength(socket)).toBeLessThanOrEqual(107);
    expect((await ask(port)).body).toBe('one');
    await rm(join(socket, '..'), { recursive: true, force: true });
  });

  it('hands refusals on as they are', async () => {
    const client = await start();
    await client.apply(table(5, port, [target(instance)]));
    await expect(client.apply(table(4, port, []))).rejects.toMatchObject({
      kind: 'conflict',
      code: 'stale-version',
      details: { version: 5 },
    });
    await expect(client.drain('one', 10)).rejects.toMatchObject({ code: 'instance-in-table' });
  });

  it('comes back after kill -9 with the table that it had', async () => {
    const client = await start();
    await client.apply(table(1, port, [target(instance)]));
    const pid = await pidOf(client);
    kill(pid, 'SIGKILL');
    await until(async () => (await livingFronts(stateDir)).length === 0, 'the end of the front');
    await expect(client.status()).rejects.toMatchObject({ code: 'front-unreachable' });
    const again = await start();
    expect(await again.status()).toMatchObject({ version: 1 });
    expect(await pidOf(again)).not.toBe(pid);
    expect((await ask(port)).body).toBe('one');
  });

  it('is started again though nobody has reaped the one that died', async () => {
    const { spawn } = await import('node:child_process');
    // A container whose first process reaps nobody: the front's parent never asks how it ended.
    const careless = ['-c', '"$@" & exec sleep 600', 'sh'];
    const parent = spawn('sh', [...careless, ...built.command, '--state-dir', stateDir]);
    pids.add(parent.pid!);
    await until(async () => (await livingFronts(stateDir)).length === 1, 'the front');
    const pid = await pidOf(new FrontClient(stateDir));
    kill(pid, 'SIGKILL');
    await until(async () => (await livingFronts(stateDir)).length === 0, 'the end of the front');
    const again = await start();
    expect(await pidOf(again)).not.toBe(pid);
    expect(await readFile(`/proc/${pid}/stat`, 'utf8')).toContain(') Z ');
    await again.apply(table(1, port, [target(instance)]));
    expect((await ask(port)).body).toBe('one');
  });

  it('ends on SIGTERM: finishes what is in flight, refuses the rest, tidies up', async () => {
    const client = await start();
    let finish = () => {};
    const slow = await new TestInstance('slow', (_, response) => {
      finish = () => response.end('finished');
    }).listen();
    await client.apply(table(1, port, [target(slow)]));
    const pid = await pidOf(client);
    const pending = ask(port, { method: 'POST', body: 'x' });
    await until(() => slow.seen.length === 1, 'the request');
    kill(pid, 'SIGTERM');
    await until(() => isRefused(port), 'new connections to be refused');
    finish();
    expect((await pending).body).toBe('finished');
    await until(async () => (await livingFronts(stateDir)).length === 0, 'the end of the front');
    expect((await readdir(stateDir)).filter((name) => name.startsWith('front-'))).toEqual([
      'front-table.json',
    ]);
    await slow.close();
  });

  it('refuses a second front on the same state folder', async () => {
    await start();
    const { spawn } = await import('node:child_process');
    const [program, ...args] = built.command;
    const child = spawn(program!, [...args, '--state-dir', stateDir]);
    let complaint = '';
    child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(1);
    expect(complaint).toMatch(/is the front of .* already/);
  });

  it('says why it could not start', async () => {
    const command = [
      process.execPath,
      '-e',
      'console.error("no such thing"); process.exit(7)',
      '--',
    ];
    await expect(ensureFront({ stateDir, command })).rejects.toMatchObject({
      code: 'front-start-failed',
      message: expect.stringMatching(/code 7.*no such thing/s),
    });
  });

  describe('upgraded', () => {
    it('loses no request, keep-alive or new, and keeps its counts', async () => {
      const client = await start();
      await client.apply(table(1, port, [target(instance)]));
      const kept = new Load(port, 4);
      const fresh = new Load(port, 2, () => ({ headers: { Connection: 'close' } }));
      const posts = new Load(port, 2, () => ({ method: 'POST', body: 'x'.repeat(5000) }));
      const loads = [kept, fresh, posts];
      const total = () => loads.reduce((sum, load) => sum + load.requests, 0);
      for (let upgrade = 1; upgrade <= 4; upgrade += 1) {
        const before = total();
        await until(() => total() > before + 100, 'load before the upgrade');
        const old = await pidOf(client);
        pids.add(old);
        await upgradeFront({ stateDir, command: built.command });
        expect(await pidOf(client)).not.toBe(old);
        const applied = await client.apply(table(upgrade + 1, port, [target(instance)]));
        expect(applied).toEqual({ version: upgrade + 1, failed: [] });
      }
      const before = total();
      await until(() => total() > before + 100, 'load after the upgrades');
      for (const load of loads) await load.stop();
      expect(loads.flatMap(({ failures }) => failures)).toEqual([]);
      await until(async () => (await livingFronts(stateDir)).length === 1, 'the old fronts to end');
      const [counters] = (await client.status()).counters;
      expect(counters!.requests).toBe(total());
      expect(counters!.histogram.reduce((sum, [, count]) => sum + count, 0)).toBe(total());
    }, 60_000);

    it('is started anew when the new one crashes while the old one still has a WebSocket', async () => {
      const module = await ProcessInstance.start('module');
      const client = await start();
      await client.apply(table(1, port, [target(module)]));
      pids.add(await pidOf(client));
      const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
      await once(socket, 'open');
      await upgradeFront({ stateDir, command: built.command });
      kill(await pidOf(client), 'SIGKILL');
      await until(async () => (await livingFronts(stateDir)).length === 1, 'only the old one');
      await expect(client.status()).rejects.toMatchObject({ code: 'front-unreachable' });
      await start();
      expect((await ask(port)).body).toBe('module');
      const answered = once(socket, 'message') as Promise<[{ data: string }]>;
      socket.send('still here');
      expect((await answered)[0].data).toBe('still here');
      const closed = once(socket, 'close');
      await module.end('SIGTERM');
      await closed;
    });

    it('answers the caller even when nothing is left to finish', async () => {
      const client = await start();
      for (let upgrade = 0; upgrade < 3; upgrade += 1) {
        const old = await pidOf(client);
        await upgradeFront({ stateDir, command: built.command });
        expect(await pidOf(client)).not.toBe(old);
      }
      await client.apply(table(1, port, [target(instance)]));
      expect((await ask(port)).body).toBe('one');
    });

    it('goes on when the new one does not start', async () => {
      const client = await start();
      await client.apply(table(1, port, [target(instance)]));
      const pid = await pidOf(client);
      const command = [process.execPath, '-e', 'process.exit(3)', '--'];
      await expect(upgradeFront({ stateDir, command })).rejects.toMatchObject({
        code: 'front-upgrade-failed',
      });
      expect(await pidOf(client)).toBe(pid);
      await client.apply(table(2, port, [target(instance)]));
      expect((await ask(port)).body).toBe('one');
    });

    it('keeps WebSockets and idle connections at the old process, which follows the table', async () => {
      const old = await ProcessInstance.start('old');
      const next = await ProcessInstance.start('next');
      const client = await start();
      await client.apply(table(1, port, [target(old)]));
      const first = await pidOf(client);
      pids.add(first);
      const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
      await once(socket, 'open');
      const { Agent } = await import('node:http');
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      expect((await ask(port, { agent })).body).toBe('old');
      await upgradeFront({ stateDir, command: built.command });
      await client.apply(table(2, port, [target(next)]));
      expect(await client.drain('old', 5000)).toEqual({ cut: 0, websockets: 1 });
      // This connection is the old process's, and must not reach the instance that is going.
      const answer = await ask(port, { agent });
      expect(answer.body).toBe('next');
      expect(answer.headers.connection).toBe('close');
      const of = async (name: string) =>
        (await client.status()).counters.find((each) => each.instance === name);
      expect(await of('old')).toMatchObject({ websockets: 1, requests: 1 });
      const closed = once(socket, 'close') as Promise<[{ code: number }]>;
      await old.end('SIGTERM');
      expect((await closed)[0].code).toBe(1001);
      agent.destroy();
      await until(async () => (await livingFronts(stateDir)).length === 1, 'the old front to end');
      expect(await of('old')).toMatchObject({ websockets: 0, requests: 1 });
      expect(await of('next')).toMatchObject({ requests: 1 });
      await next.end();
    }, 30_000);
  });
});

it('does not take another process for the front', async () => {
  const now = { pid: process.pid, startTime: '1', bootId: '', socket: '', retired: false };
  expect(isAlive(now)).toBe(false);
});

function isRefused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.on('error', () => resolve(true));
  });
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended already.
  }
}
