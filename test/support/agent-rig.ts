import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Journal } from '../../src/agent/journal/journal.js';
import type { DesiredModule, DesiredRelease } from '../../src/agent/protocol/protocol.js';
import { type BuiltPrograms, builtPrograms } from './built.js';
import { FakeControlPlane } from './fake-control-plane.js';
import { freePort } from './free-port.js';
import { PATIENCE_MS } from './patience.js';

/** A module: answers its version, and writes down each start and end. */
export const SERVER = `
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
const { PORT, VERSION, DIARY, HEALTH_STATUS = '200', START_MS = '0', LIVES_MS } = process.env;
const note = (what) => appendFileSync(DIARY, VERSION + ' ' + what + ' ' + process.pid + '\\n');
note('start');
const server = createServer((request, response) => {
  if (request.url === '/healthz') response.statusCode = Number(HEALTH_STATUS);
  if (request.url === '/crash') process.exit(7);
  if (request.url === '/env') return response.end(JSON.stringify(process.env));
  response.end(VERSION);
});
setTimeout(() => server.listen(Number(PORT), '127.0.0.1'), Number(START_MS));
if (LIVES_MS) setTimeout(() => process.exit(9), Number(LIVES_MS));
console.log('hello from ' + VERSION);
process.on('SIGTERM', () => {
  note('term');
  server.close(() => process.exit(0));
});
`;

/** A worker without traffic, which must not run twice: it writes down each start and end. */
const WORKER = `
import { appendFileSync } from 'node:fs';
const note = (what) => appendFileSync(process.env.DIARY, process.env.VERSION + ' ' + what + '\\n');
process.on('SIGTERM', () => { note('term'); process.exit(0); });
note('start');
setInterval(() => {}, 1000);
`;

/** A real agent with a real front on a folder of its own, and a fake control plane for it. */
export class AgentRig {
  readonly moduleId = '01890000-0000-7000-8000-00000000000a';
  child: ChildProcess | undefined;
  log = '';

  private constructor(
    readonly plane: FakeControlPlane,
    readonly home: string,
    readonly port: number,
    readonly programs: BuiltPrograms,
  ) {}

  static async create(): Promise<AgentRig> {
    const home = await mkdtemp(join(tmpdir(), 'tidegate-agent-'));
    const programs = await builtPrograms();
    return new AgentRig(await FakeControlPlane.start(), home, await freePort(), programs);
  }

  get directory(): string {
    return join(this.home, 'node');
  }

  get diary(): string[] {
    const path = join(this.home, 'diary');
    return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
  }

  /** How often a version was started. */
  starts(version: string): number {
    return this.diary.filter((line) => line.startsWith(`${version} start`)).length;
  }

  /** In the agent's journal; a copy of it is opened, for the agent writes there. */
  instances(): number {
    const copy = join(this.home, 'journal-copy');
    copyFileSync(join(this.directory, 'journal'), copy);
    const journal = Journal.open(copy);
    try {
      return journal.instances().length;
    } finally {
      journal.close();
    }
  }

  /**
   * `fileKiB`: no file of the agent, or of what it starts, may grow beyond. `preload`: a file of
   * this folder that the agent is started with; `failpoints`: what they are armed with.
   */
  run(
    more: string[] = [],
    {
      fileKiB,
      preload,
      failpoints,
    }: { fileKiB?: number; preload?: string; failpoints?: string } = {},
  ): ChildProcess {
    const { url, token } = this.plane;
    const args = ['--server', url, '--token', token, '--dir', this.directory, '--name', 'node-1'];
    const file = failpoints === undefined ? preload : '../chaos/arm-failpoints.mjs';
    const preloaded = file ? ['--import', pathToFileURL(join(import.meta.dirname, file)).href] : [];
    const env = { ...process.env, ...(failpoints && { TIDEGATE_FAILPOINTS: failpoints }) };
    const program = [process.execPath, ...preloaded, this.programs.agent, ...args, ...more];
    // A shell's blocks have 512 bytes.
    const limited = fileKiB === undefined ? [] : ['sh', '-c', `ulimit -f ${2 * fileKiB}; exec "$@"`, 'sh']; // prettier-ignore
    const [command, ...rest] = [...limited, ...program];
    const child = spawn(command!, rest, { stdio: ['ignore', 'ignore', 'pipe'], env });
    child.stderr.on('data', (chunk: Buffer) => (this.log += chunk.toString()));
    this.child = child;
    return child;
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return null;
    const exited = once(child, 'exit');
    child.kill(signal);
    return ((await exited) as [number | null])[0];
  }

  /** Runs the agent's program to its end, by another one perhaps. */
  async once(args: string[], by: string[] = []): Promise<{ code: number | null; stderr: string }> {
    const [command, ...rest] = [...by, process.execPath, this.programs.agent, ...args];
    const child = spawn(command!, rest, { stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, stderr };
  }

  async dispose(): Promise<void> {
    await this.end('SIGTERM');
    await this.once(['--teardown', '--dir', this.directory]);
    await this.plane.stop();
    await rm(this.home, { recursive: true, force: true });
  }

  worker(version: string, manifest: Record<string, unknown> = {}, script = WORKER) {
    return this.plane.release({
      version,
      files: { 'worker.mjs': script },
      manifest: { run: { command: process.execPath, args: ['worker.mjs'] }, ...manifest },
      configuration: { DIARY: join(this.home, 'diary'), VERSION: version },
    });
  }

  server(
    version: string,
    manifest: Record<string, unknown> = {},
    configuration: Record<string, string> = {},
    files: Record<string, string> = {},
  ): Promise<DesiredRelease> {
    return this.plane.release({
      version,
      files: { 'server.mjs': SERVER, version, ...files },
      manifest: {
        run: { command: process.execPath, args: ['server.mjs'] },
        traffic: { protocol: 'http', port: this.port },
        health: { startTimeoutMs: 15_000, intervalMs: 100 },
        drainMs: 2000,
        stopGraceMs: 3000,
        ...manifest,
      },
      configuration: { VERSION: version, DIARY: join(this.home, 'diary'), ...configuration },
    });
  }

  desire(generation: number, releases: DesiredRelease[], more: Partial<DesiredModule> = {}): void {
    const { moduleId } = this;
    this.plane.desire({
      moduleId,
      name: 'orders',
      generation,
      signatureRequired: false,
      releases,
      ...more,
    });
  }

  until(generation: number, state: string, moduleId = this.moduleId) {
    return this.plane
      .untilObserved(moduleId, (one) => one.generation === generation && one.state === state)
      .catch((error: unknown) => {
        throw new Error(`${String(error)}\n${this.log.slice(-3000)}`, { cause: error });
      });
  }

  async get(path = '/'): Promise<string> {
    const answer = await fetch(`http://127.0.0.1:${this.port}${path}`);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${answer.status}: ${text}`);
    return text;
  }
}

/** Clients that ask all the time; what did not succeed is a failed request. */
export class Traffic {
  requests = 0;
  readonly failures: string[] = [];
  readonly versions = new Set<string>();
  private isOver = false;
  private readonly clients: Promise<void>[];

  constructor(rig: AgentRig, clients = 4) {
    this.clients = Array.from({ length: clients }, async () => {
      while (!this.isOver) {
        this.requests += 1;
        await rig.get().then(
          (version) => this.versions.add(version),
          (error: unknown) => this.failures.push(String(error)),
        );
        await pause(2);
      }
    });
  }

  async end(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.clients);
  }
}

export async function eventually(what: string, isIt: () => boolean, waitMs = PATIENCE_MS) {
  const deadline = Date.now() + waitMs;
  while (!isIt()) {
    if (Date.now() > deadline) throw new Error(`not in time: ${what}`);
    await pause(20);
  }
}
