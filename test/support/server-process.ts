/** The API or a worker as a process of its own: for what has to be killed, or stopped and continued. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { builtServer } from './built.js';
import { PATIENCE_MS } from './patience.js';

/** As `npm run worker` starts it. */
async function workerFlags(): Promise<string[]> {
  const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as {
    scripts: { worker: string };
  };
  return scripts.worker.split(' ').filter((word) => word.startsWith('--'));
}

export class ServerProcess {
  private constructor(
    private readonly child: ChildProcess,
    /** What it says of where it listens. */
    readonly url: string,
    private readonly said: { text: string },
  ) {}

  static async start(
    kind: 'api' | 'worker',
    environment: Readonly<Record<string, string>>,
  ): Promise<ServerProcess> {
    const programs = await builtServer();
    const flags = kind === 'worker' ? await workerFlags() : [];
    const child = spawn(process.execPath, [...flags, programs[kind]], {
      env: { PATH: process.env.PATH, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = { text: '' };
    let late: NodeJS.Timeout | undefined;
    const url = await new Promise<string>((ready, failed) => {
      late = setTimeout(() => {
        child.kill('SIGKILL');
        failed(new Error(`the ${kind} does not say where it listens:\n${said.text}`));
      }, PATIENCE_MS);
      const read = (chunk: Buffer) => {
        said.text = (said.text + chunk.toString()).slice(-20_000);
        const line = said.text
          .split('\n')
          .findLast((each) => /Tidegate listens on|metrics are at/.test(each));
        const found = line && /http:\/\/[^\s"]+/.exec(line)?.[0];
        if (found) ready(found);
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.once('exit', () => failed(new Error(`the ${kind} did not start:\n${said.text}`)));
    }).finally(() => clearTimeout(late));
    return new ServerProcess(child, url, said);
  }

  get pid(): number {
    return this.child.pid!;
  }

  get log(): string {
    return this.said.text;
  }

  /** kill -9: nothing is said good-bye to. */
  kill(): Promise<void> {
    return this.end('SIGKILL');
  }

  async stop(): Promise<void> {
    if (!this.hasExited()) this.child.kill('SIGCONT');
    await this.end('SIGTERM');
  }

  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  thaw(): void {
    this.child.kill('SIGCONT');
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    if (this.hasExited()) return;
    const exited = once(this.child, 'exit');
    this.child.kill(signal);
    await exited;
  }

  private hasExited(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }
}
