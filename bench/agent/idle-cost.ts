/** What processes cost over a stretch of time in which nothing happens: from /proc, by processor time. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { usageOf } from '../engine/process-usage.js';

export interface IdleCost {
  /** Of one core, process by process, as all below. */
  readonly percent: readonly number[];
  readonly rssMiB: readonly number[];
  /** What is shared with others divided among them. */
  readonly pssMiB: readonly number[];
  /** Shared with nobody. */
  readonly ownMiB: readonly number[];
}

export async function costOf(pids: readonly number[], seconds: number): Promise<IdleCost> {
  const cpu = () => Promise.all(pids.map(cpuMsOf));
  const from = performance.now();
  const before = await cpu();
  await delay(seconds * 1000);
  const after = await cpu();
  const ms = performance.now() - from;
  const memory = await Promise.all(pids.map(memoryOf));
  return {
    percent: after.map((cpuMs, at) => ((cpuMs - before[at]!) / ms) * 100),
    rssMiB: memory.map(({ Rss }) => Rss!),
    pssMiB: memory.map(({ Pss }) => Pss!),
    ownMiB: memory.map(({ Private_Clean, Private_Dirty }) => Private_Clean! + Private_Dirty!),
  };
}

/** As /proc/<pid>/stat has it, but not in hundredths of a second: of its threads, in nanoseconds. */
async function cpuMsOf(pid: number): Promise<number> {
  try {
    const threads = await readdir(`/proc/${pid}/task`);
    const times = threads.map(async (id) => {
      const text = await readFile(`/proc/${pid}/task/${id}/schedstat`, 'utf8');
      return Number(text.split(' ')[0]) / 1e6;
    });
    return (await Promise.all(times)).reduce((sum, each) => sum + each, 0);
  } catch {
    // A kernel that does not keep it.
    return (await usageOf(pid)).cpuMs;
  }
}

export function mostOf({ pssMiB }: IdleCost): number {
  return pssMiB.reduce((sum, each) => sum + each, 0);
}

async function memoryOf(pid: number): Promise<Record<string, number>> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const lines = [...text.matchAll(/^(\w+):\s+(\d+) kB$/gm)];
  return Object.fromEntries(lines.map(([, name, kib]) => [name, Number(kib) / 1024]));
}

/** Asks a server in another process, once a second, over one connection. */
const CLIENT = `
import { Agent, request } from 'node:http';
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
setInterval(() => {
  request({ port: Number(process.argv[1]), host: '127.0.0.1', agent }, (answer) => answer.resume()).end();
}, 1000);
`;

const SERVER = `
import { createServer } from 'node:http';
const server = createServer((request, response) => response.end('ok'));
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
`;

/** A bare Node process with one timer a second and one request over a connection that stays open. */
export class RawLimit {
  private constructor(
    private readonly server: ChildProcess,
    private readonly client: ChildProcess,
  ) {}

  static async start(): Promise<RawLimit> {
    const stdio = ['ignore', 'pipe', 'inherit'] as const;
    const run = (script: string, ...args: string[]) =>
      spawn(process.execPath, ['--input-type=module', '-e', script, ...args], { stdio: [...stdio] }); // prettier-ignore
    const server = run(SERVER);
    const [line] = (await once(server.stdout, 'data')) as [Buffer];
    return new RawLimit(server, run(CLIENT, String(Number(line.toString()))));
  }

  get pid(): number {
    return this.client.pid!;
  }

  stop(): void {
    this.client.kill('SIGKILL');
    this.server.kill('SIGKILL');
  }
}
