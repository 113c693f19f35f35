import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { diskProblem } from '../kernel/disk-problem.js';
import { DomainError, messageOf } from '../kernel/errors.js';
import { type AgentCommand, parseAgentCommand } from './agent-command.js';
import { openAgentLog } from './agent-log.js';
import { startAgent } from './agent.js';
import { ensureFront } from './front/front-process.js';
import { teardown } from './teardown.js';

export interface AgentProcess {
  readonly argv: readonly string[];
  readonly token: string | undefined;
  /** Separated by commas. */
  readonly trustedProxies: string | undefined;
  readonly logLevel: string | undefined;
  readonly logFormat: string | undefined;
  /** What modules inherit. */
  readonly baseEnvironment: Readonly<Record<string, string>>;
  /** The front's program, absolute. */
  readonly frontCommand: readonly string[];
}

const exitCodes: Readonly<Record<string, number>> = {
  usage: 2,
  'run-as-refused': 2,
  'token-missing': 2,
  'enrolment-refused': 3,
  'agent-already-running': 4,
  'other-node': 5,
  'identity-damaged': 5,
  'journal-damaged': 5,
};

/** npm sends on what a terminal has sent to both: within this time it is one Ctrl-C, not two. */
const SAME_SIGNAL_MS = 500;

/** The agent as a process, from arguments to exit code. */
export async function runAgentProcess(told: AgentProcess): Promise<number> {
  try {
    const command = parseAgentCommand(told.argv, told);
    if (command.kind === 'help') return command.exitCode;
    const log = openAgentLog({ level: told.logLevel, format: told.logFormat });
    if (command.kind === 'run') return await run(command, told, log);
    await teardown(command.directory, frontDirectory(command.directory), log);
    return 0;
  } catch (error) {
    const sentence = diskProblem(error, 'name another folder in --dir') ?? messageOf(error);
    process.stderr.write(`agent: ${sentence}\n`);
    return error instanceof DomainError ? (exitCodes[error.code] ?? 1) : 1;
  }
}

async function run(
  command: Extract<AgentCommand, { kind: 'run' }>,
  told: AgentProcess,
  log: Logger,
): Promise<number> {
  const { options, listenHost } = command;
  const stop = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    let signalledAt = 0;
    const onSignal = () => {
      if (stop.signal.aborted) {
        if (performance.now() - signalledAt < SAME_SIGNAL_MS) return;
        // The second one means it.
        process.exit(1);
      }
      signalledAt = performance.now();
      stop.abort();
      resolve();
    };
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, onSignal);
  });
  const connectFront = () =>
    ensureFront({
      stateDir: frontDirectory(options.directory),
      command: told.frontCommand,
      ...(listenHost === undefined ? {} : { host: listenHost }),
      log: (message, fields) => log.info({ ...fields }, message),
    });
  const { baseEnvironment } = told;
  const host = shownHost(listenHost);
  try {
    const whole = { ...options, host, baseEnvironment, log, connectFront };
    const agent = await startAgent(whole, stop.signal);
    await stopped;
    log.info('stopping; modules and front keep running');
    await agent.stop();
    return 0;
  } catch (error) {
    if (stop.signal.aborted) return 0;
    throw error;
  }
}

function frontDirectory(directory: string): string {
  return join(directory, 'front');
}

/** "Every address" is not one that a client could use. */
function shownHost(listenHost: string | undefined): string {
  if (listenHost === undefined) return '127.0.0.1';
  return listenHost === '0.0.0.0' || listenHost === '::' ? hostname() : listenHost;
}
