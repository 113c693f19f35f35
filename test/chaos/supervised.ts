/** A process that is started again whenever it ends, as systemd or Kubernetes would. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';

const RESTART_MS = 300;

export interface ProgramRun {
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** All that it says, of all its lives. */
  readonly logFile: string;
}

export class Supervised {
  starts = 0;
  private child: ChildProcess | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isStopping = false;
  private isFrozen = false;

  constructor(
    readonly name: string,
    private readonly run: ProgramRun,
  ) {}

  start(): void {
    if (this.isStopping) return;
    const log = openSync(this.run.logFile, 'a');
    const child = spawn(process.execPath, [...this.run.args], {
      env: { PATH: process.env.PATH, ...this.run.environment },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.starts += 1;
    this.child = child;
    this.isFrozen = false;
    child.once('exit', () => {
      this.timer = setTimeout(() => this.start(), RESTART_MS);
    });
  }

  /** kill -9. It comes back by itself. */
  kill(): void {
    this.child?.kill('SIGKILL');
  }

  freeze(): void {
    this.isFrozen = true;
    this.child?.kill('SIGSTOP');
  }

  thaw(): void {
    if (this.isFrozen) this.child?.kill('SIGCONT');
    this.isFrozen = false;
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    clearTimeout(this.timer);
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    clearTimeout(this.timer);
  }
}
