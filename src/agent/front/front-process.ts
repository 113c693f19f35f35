import { spawn } from 'node:child_process';
import { mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '../../kernel/errors.js';
import { FrontClient } from './front-client.js';
import { livingFronts } from './front-identity.js';
import { frontLimits } from './front-limits.js';
import { silentLog, type FrontLog } from './front-log.js';

export interface FrontProcessOptions {
  /** The front's table, identity and log. One front per folder. */
  readonly stateDir: string;
  /** The program, absolute, e.g. [process.execPath, '/opt/tidegate/dist/apps/front/main.js']. */
  readonly command: readonly string[];
  /** Where the ports are opened; the front's own default is 127.0.0.1. */
  readonly host?: string;
  readonly log?: FrontLog;
}

/**
 * The front of this state folder: the one that lives, or a new one. It gets a session of its own
 * and a file for its output, so that nothing of it depends on the process that started it.
 */
export async function ensureFront(options: FrontProcessOptions): Promise<FrontClient> {
  const { stateDir, log = silentLog } = options;
  const client = new FrontClient(stateDir);
  if ((await livingFronts(stateDir)).some(({ retired }) => !retired)) {
    const { pid, version } = await client.status();
    log('found the front', { pid, version });
    return client;
  }
  const pid = await startFront(options, client);
  log('started the front', { pid });
  return client;
}

/** A new front process takes over the listening sockets; no connection is refused or cut. */
export async function upgradeFront(options: FrontProcessOptions): Promise<FrontClient> {
  const { stateDir, command, log = silentLog } = options;
  const client = new FrontClient(stateDir);
  const { pid } = await client.upgrade(command);
  log('upgraded the front', { pid });
  return client;
}

async function startFront(options: FrontProcessOptions, client: FrontClient): Promise<number> {
  const { stateDir, command, host } = options;
  const [program, ...args] = command;
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const logPath = join(stateDir, 'front.log');
  const logFile = await openLog(logPath);
  let failure: string | undefined;
  try {
    const hostArgs = host === undefined ? [] : ['--host', host];
    const child = spawn(program!, [...args, '--state-dir', stateDir, ...hostArgs], {
      detached: true,
      stdio: ['ignore', logFile.fd, logFile.fd],
    });
    child.once('error', (error) => (failure = error.message));
    child.once('exit', (code, signal) => (failure = `it ended with ${signal ?? `code ${code}`}`));
    child.unref();
    const deadline = performance.now() + frontLimits.startMs;
    while (failure === undefined && performance.now() < deadline) {
      const isThere = (await livingFronts(stateDir)).some(({ pid }) => pid === child.pid);
      if (isThere) return (await client.status()).pid;
      await delay(25);
    }
    // Half-started it could come up later, beside the next attempt.
    if (failure === undefined) child.kill('SIGKILL');
  } finally {
    await logFile.close();
  }
  throw new DomainError(
    'unavailable',
    'front-start-failed',
    `The front did not start: ${failure ?? 'no answer in time'}. Its log ${logPath} ends with: ${await lastLine(logPath)}`,
  );
}

async function openLog(path: string) {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size > frontLimits.logBytes) await rename(path, `${path}.1`);
  return open(path, 'a', 0o600);
}

async function lastLine(path: string): Promise<string> {
  const written = await readFile(path, 'utf8').catch(() => '');
  return written.trim().split('\n').at(-1)?.slice(0, 500) ?? '';
}
