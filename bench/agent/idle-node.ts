/** An agent with its front and modules that nobody asks anything, below a control plane that wants nothing new. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { builtPrograms, type BuiltPrograms } from '../../test/support/built.js';
import { FakeControlPlane } from '../../test/support/fake-control-plane.js';
import { freePort } from '../../test/support/free-port.js';

const PATIENCE_MS = 120_000;

const SERVICE = `
import { createServer } from 'node:http';
createServer((request, response) => response.end('ok')).listen(Number(process.env.PORT), '127.0.0.1');
`;

export class IdleNode {
  private agent: ChildProcess | undefined;
  private front = 0;
  private log = '';

  private constructor(
    private readonly plane: FakeControlPlane,
    private readonly programs: BuiltPrograms,
    private readonly home: string,
  ) {}

  /** Resolves when all modules serve. */
  static async start(modules: number, reportIntervalMs: number): Promise<IdleNode> {
    const programs = await programsToMeasure();
    const home = await mkdtemp(join(tmpdir(), 'bench-agent-'));
    const plane = await FakeControlPlane.start();
    const node = new IdleNode(plane, programs, home);
    try {
      node.run();
      await node.serve(modules);
      // Not before: until then each step would wait for the next report.
      plane.reportIntervalMs = reportIntervalMs;
      plane.desire();
      node.front = await node.frontPid();
    } catch (error) {
      await node.stop();
      throw new Error(`${String(error)}\n${node.log.slice(-3000)}`, { cause: error });
    }
    return node;
  }

  pids(): [number, number] {
    return [this.agent!.pid!, this.front];
  }

  /** Front and modules go on; the new agent finds them again. */
  async restartAgent(): Promise<void> {
    await this.endAgent();
    const { length } = this.plane.reports;
    this.run();
    await until('the agent reports again', () => this.plane.reports.length > length);
  }

  async stop(): Promise<void> {
    await this.endAgent();
    const { agent } = this.programs;
    const args = [agent, '--teardown', '--dir', this.directory];
    await once(spawn(process.execPath, args, { stdio: 'ignore' }), 'exit');
    await this.plane.stop();
    await rm(this.home, { recursive: true, force: true });
  }

  private get directory(): string {
    return join(this.home, 'node');
  }

  private run(): void {
    const { url, token } = this.plane;
    const args = ['--server', url, '--token', token, '--dir', this.directory, '--name', 'idle'];
    const stdio = ['ignore', 'ignore', 'pipe'] as const;
    this.agent = spawn(process.execPath, [this.programs.agent, ...args], { stdio: [...stdio] });
    this.agent.stderr!.on('data', (chunk: Buffer) => (this.log += chunk.toString()));
  }

  private async endAgent(): Promise<void> {
    const { agent } = this;
    if (!agent || agent.exitCode !== null || agent.signalCode !== null) return;
    const exited = once(agent, 'exit');
    agent.kill('SIGTERM');
    await exited;
  }

  private async serve(count: number): Promise<void> {
    for (let at = 0; at < count; at += 1) {
      const moduleId = `01890000-0000-7000-8000-${String(at).padStart(12, '0')}`;
      const release = await this.plane.release({
        version: `1.0.${at}`,
        files: { 'service.mjs': SERVICE },
        manifest: {
          run: { command: process.execPath, args: ['--max-old-space-size=32', 'service.mjs'] },
          traffic: { protocol: 'http', port: await freePort() },
        },
      });
      const releases = [release];
      this.plane.desire({ moduleId, name: `idle-${at}`, generation: 1, signatureRequired: false, releases }); // prettier-ignore
    }
    const states = () => this.plane.reports.at(-1)?.observed.map(({ state }) => state) ?? [];
    const isReady = () => states().filter((state) => state === 'healthy').length === count;
    await until('all modules are healthy', isReady);
  }

  private async frontPid(): Promise<number> {
    const names = await readdir(join(this.directory, 'front'));
    const file = names.find((name) => /^front-\d+\.json$/.test(name));
    if (!file) throw new Error('no front runs');
    const text = await readFile(join(this.directory, 'front', file), 'utf8');
    return (JSON.parse(text) as { pid: number }).pid;
  }
}

async function programsToMeasure(): Promise<BuiltPrograms> {
  // Another build can be measured without touching the sources.
  const dist = process.env.AGENT_DIST;
  if (dist === undefined) return builtPrograms();
  return { agent: join(dist, 'apps/agent/main.js'), front: join(dist, 'apps/front/main.js') };
}

async function until(what: string, isIt: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!isIt()) {
    if (performance.now() > deadline) throw new Error(`not in time: ${what}`);
    await delay(100);
  }
}
