import { constants } from 'node:os';
import { Config } from './config/config.js';
import { Logger } from './logging/logger.js';
import { startProblems } from './start-error.js';

export interface RunningProcess {
  /** Where it can be reached: the last line of a start in a terminal. */
  readonly ready: string;
  /** Takes no new work, finishes the old, closes what is open. */
  stop(): Promise<void>;
}

/** npm sends on what a terminal has sent to both: within this time it is one Ctrl-C, not two. */
const SAME_SIGNAL_MS = 500;

type Start = (config: Config, logger: Logger) => Promise<RunningProcess>;

/**
 * The life of a process: read the configuration, start, wait for a signal, stop within the grace.
 * What goes wrong at the start is told in sentences; a second signal ends the process at once.
 */
export async function runProcess(name: string, start: Start): Promise<void> {
  let logger: Logger | undefined;
  try {
    const config = Config.read();
    logger = Logger.create(config.log);
    const life = new ProcessLife(name, config, logger);
    life.listen();
    life.began(await start(config, logger));
  } catch (error) {
    fail(name, error, logger);
  }
}

function fail(name: string, error: unknown, logger: Logger | undefined): never {
  const problems = startProblems(error);
  if (problems) {
    for (const problem of problems) process.stderr.write(`${name}: ${problem}\n`);
  } else if (logger) {
    logger.fatal({ error }, 'the process could not start');
  } else {
    process.stderr.write(`${name}: could not start: ${String(error)}\n`);
  }
  process.exit(1);
}

class ProcessLife {
  private running: RunningProcess | undefined;
  private stopSignal: NodeJS.Signals | undefined;
  private signalledAt = 0;

  constructor(
    private readonly name: string,
    private readonly config: Config,
    private readonly logger: Logger,
  ) {}

  listen(): void {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.on(signal, () => this.onSignal(signal));
    }
    for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
      process.on(event, (error: unknown) => {
        // The state is unknown from here on: whoever restarts the process gets a clean one.
        this.logger.fatal({ error }, `the process ends by an ${event}`);
        process.exit(1);
      });
    }
  }

  began(running: RunningProcess): void {
    this.running = running;
    this.logger.info({ ready: running.ready }, `${this.name} is ready`);
    if (process.stdout.isTTY === true) process.stdout.write(`\n  ${running.ready}\n\n`);
    if (this.stopSignal) void this.stop(this.stopSignal);
  }

  private onSignal(signal: NodeJS.Signals): void {
    if (this.stopSignal) {
      if (performance.now() - this.signalledAt < SAME_SIGNAL_MS) return;
      this.logger.warn({ signal }, 'a second signal: the process ends at once');
      process.exit(128 + constants.signals[signal]);
    }
    this.stopSignal = signal;
    this.signalledAt = performance.now();
    const { shutdownGraceMs } = this.config;
    setTimeout(() => {
      this.logger.warn({ graceMs: shutdownGraceMs }, 'the grace is over: the process ends anyway');
      process.exit(1);
    }, shutdownGraceMs).unref();
    // A start that is still going on cannot be broken off half way; began() takes it up.
    if (this.running) void this.stop(signal);
  }

  private async stop(signal: NodeJS.Signals): Promise<void> {
    this.logger.info({ signal }, 'stopping');
    try {
      await this.running?.stop();
      this.logger.info({}, 'stopped');
      process.exit(0);
    } catch (error) {
      this.logger.error({ error }, 'the process could not stop cleanly');
      process.exit(1);
    }
  }
}
