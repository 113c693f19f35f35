import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '../../kernel/errors.js';
import { callFront } from './control-call.js';
import type { Front, FrontReport, InheritedSocket } from './front.js';
import { livingFronts } from './front-identity.js';
import { frontLimits } from './front-limits.js';
import { silentLog, type FrontLog } from './front-log.js';

/** The process that takes a front's place. */
export interface Successor {
  readonly pid: number;
  readonly socket: string;
}

export interface SuccessorOptions {
  readonly command: readonly string[];
  readonly stateDir: string;
  readonly host: string;
  readonly trustedProxies: readonly string[];
  readonly sockets: readonly InheritedSocket[];
}

/**
 * Starts a new front with the listening sockets as descriptors 3, 4, …: from then on the kernel
 * hands new connections to either process, so none is refused. Returns when the new one answers;
 * a new one that does not is killed, and the old one simply goes on.
 */
export async function startSuccessor(options: SuccessorOptions): Promise<Successor> {
  const { stateDir, host, trustedProxies, sockets } = options;
  const [program, ...args] = options.command;
  const inherit = sockets.map(({ port }, index) => `${port}:${index + 3}`).join(',');
  const child = spawn(
    program!,
    [
      ...args,
      '--state-dir',
      stateDir,
      '--host',
      host,
      ...trustedProxies.flatMap((network) => ['--trusted-proxy', network]),
      `--inherit=${inherit}`,
    ],
    { detached: true, stdio: ['ignore', 'inherit', 'inherit', ...sockets.map(({ fd }) => fd)] },
  );
  child.unref();
  const failure = failureOf(child);
  const deadline = performance.now() + frontLimits.startMs;
  while (failure.text === undefined && performance.now() < deadline) {
    const identity = (await livingFronts(stateDir)).find(({ pid }) => pid === child.pid);
    if (identity !== undefined && (await answers(identity.socket))) {
      return { pid: identity.pid, socket: identity.socket };
    }
    await delay(25);
  }
  child.kill('SIGKILL');
  throw new DomainError(
    'unavailable',
    'front-upgrade-failed',
    `The new front did not start (${failure.text ?? 'no answer in time'}); the old one goes on. See front.log in the state folder.`,
  );
}

/** The last word of a retired front: what it counted goes on in its successor. */
export async function handCountersOn(
  { socket }: Successor,
  front: Front,
  log: FrontLog = silentLog,
): Promise<void> {
  const { pid, counters } = await front.status();
  try {
    await callFront({
      socket,
      method: 'POST',
      path: '/absorb',
      body: { pid, counters },
      timeoutMs: frontLimits.stopGraceMs,
    });
  } catch (error) {
    log('the successor did not take the counters over', { reason: String(error) });
  }
}

async function answers(socket: string): Promise<boolean> {
  return callFront<FrontReport>({ socket, method: 'GET', path: '/status', timeoutMs: 1000 }).then(
    () => true,
    () => false,
  );
}

function failureOf(child: ChildProcess): { text: string | undefined } {
  const failure: { text: string | undefined } = { text: undefined };
  child.once('error', (error) => (failure.text = error.message));
  child.once(
    'exit',
    (code, signal) => (failure.text = `it ended with ${signal ?? `code ${code}`}`),
  );
  return failure;
}
