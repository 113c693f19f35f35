import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

/** The front compiled into a folder of its own, as a real process needs it. */
export interface BuiltFront {
  readonly command: readonly string[];
  remove(): Promise<void>;
}

/** Inside the repository, so that its packages are found; an ignored folder, so that nobody minds. */
export async function buildFront(): Promise<BuiltFront> {
  await mkdir(resolve('.tidegate'), { recursive: true });
  const folder = await mkdtemp(resolve('.tidegate/front-'));
  await promisify(execFile)(resolve('node_modules/.bin/swc'), [
    'src/agent/front',
    'src/kernel',
    'src/apps/front',
    '-d',
    folder,
    '--strip-leading-paths',
  ]);
  return {
    command: [process.execPath, join(folder, 'apps/front/main.js')],
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A module's instance as a process. */
export class ProcessInstance {
  private constructor(
    readonly name: string,
    readonly port: number,
    readonly child: ChildProcess,
  ) {}

  static async start(name: string, executions?: string): Promise<ProcessInstance> {
    const script = resolve('test/support/front-instance.mjs');
    const child = spawn(process.execPath, [script, name, ...(executions ? [executions] : [])], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    return new ProcessInstance(name, Number(line.toString()), child);
  }

  async end(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill(signal);
    await exited;
  }
}
