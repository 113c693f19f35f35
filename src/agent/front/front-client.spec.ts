import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FrontClient } from './front-client.js';

let stateDir: string;
const fronts: StandIn[] = [];
beforeEach(() => (stateDir = mkdtempSync(join(tmpdir(), 'front-client-'))));
afterEach(async () => {
  for (const front of fronts.splice(0)) await front.die();
  rmSync(stateDir, { recursive: true, force: true });
});

/** A process that lives, and a server that answers as its front. */
class StandIn {
  connections = 0;
  retired = false;
  absorbed: number[] = [];

  private constructor(
    private readonly child: ChildProcess,
    private readonly server: Server,
  ) {
    server.on('request', (_, response) => response.end(JSON.stringify(this.report())));
    server.on('connection', () => (this.connections += 1));
  }

  static async start(): Promise<StandIn> {
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    await once(child, 'spawn');
    const front = new StandIn(child, createServer());
    front.server.listen(front.socket);
    await once(front.server, 'listening');
    front.write(false);
    fronts.push(front);
    return front;
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** From now on there is another one. */
  retire(): void {
    this.retired = true;
    this.write(true);
  }

  closeIdle(): void {
    this.server.closeIdleConnections();
  }

  async die(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }

  private get socket(): string {
    return join(stateDir, `${this.child.pid}.sock`);
  }

  private write(retired: boolean): void {
    const { pid } = this;
    const startTime = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ')[19]!;
    const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const path = join(stateDir, `front-${pid}.json`);
    const identity = { pid, startTime, bootId, socket: this.socket, retired };
    writeFileSync(`${path}.tmp`, JSON.stringify(identity));
    renameSync(`${path}.tmp`, path);
  }

  private report() {
    const { pid, retired, absorbed } = this;
    return { pid, version: pid, routes: [], counters: [], retired, absorbed };
  }
}

it('asks the front that is alone over one connection', async () => {
  const front = await StandIn.start();
  const client = new FrontClient(stateDir);
  for (let time = 0; time < 5; time += 1) expect((await client.status()).pid).toBe(front.pid);
  // One to find it, one that is kept.
  expect(front.connections).toBe(2);
});

it('asks again over another one when the front has closed it', async () => {
  const front = await StandIn.start();
  const client = new FrontClient(stateDir);
  for (let time = 0; time < 3; time += 1) {
    expect((await client.status()).pid).toBe(front.pid);
    front.closeIdle();
  }
});

it('finds the successor as soon as there is one', async () => {
  const first = await StandIn.start();
  const client = new FrontClient(stateDir);
  for (let time = 0; time < 2; time += 1) await client.status();
  const second = await StandIn.start();
  first.retire();
  expect((await client.status()).pid).toBe(second.pid);
  // Both count as long as both are there.
  const { connections } = first;
  await client.status();
  expect(first.connections).toBeGreaterThan(connections);
});

it('finds the one that was started after a crash', async () => {
  const first = await StandIn.start();
  const client = new FrontClient(stateDir);
  for (let time = 0; time < 2; time += 1) await client.status();
  await first.die();
  await expect(client.status()).rejects.toMatchObject({ code: 'front-unreachable' });
  const second = await StandIn.start();
  expect((await client.status()).pid).toBe(second.pid);
});
