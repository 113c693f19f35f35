/**
 * The server process: what its lock file says, starting it, and stopping it. A server that outlived a
 * killed platform is stopped before a new one starts, so there are never two on one folder.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Place } from './place.js';
import { commandLine, diesWithParent } from './run-as.js';
import { isAlive } from './server-claim.js';

/** PostgreSQL's "fast" stop waits for nothing but its own checkpoint. */
const fastStopMs = 20_000;
const immediateStopMs = 5_000;

export interface LockFile {
  pid: number;
  socketFolder: string;
  /** The process is there and is a server on this very folder. */
  isServing: boolean;
}

export async function lockFileOf(dataFolder: string): Promise<LockFile | undefined> {
  const text = await readFile(join(dataFolder, 'postmaster.pid'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  const socketFolder = lines[4] ?? '';
  const isServing =
    Number.isSafeInteger(pid) && pid > 0 && isAlive(pid) && (await isServerOn(pid, dataFolder));
  return { pid, socketFolder, isServing };
}

async function isServerOn(pid: number, dataFolder: string): Promise<boolean> {
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  // Without /proc the lock file must be believed; a wrong belief ends in an error, never in two servers.
  if (command === undefined) return process.platform !== 'linux';
  return command.split('\0').includes(dataFolder);
}

/** Ends a server that nobody owns, and takes a lock file of a dead one out of the new one's way. */
export async function clearLeftOver(dataFolder: string): Promise<boolean> {
  const lock = await lockFileOf(dataFolder);
  if (!lock) return false;
  if (lock.isServing) {
    await endProcess(lock.pid, () => !isAlive(lock.pid));
  } else if (isAlive(lock.pid)) {
    // The id now belongs to a stranger, which PostgreSQL would take for a server. It looks past its own
    // parent's id, and still checks that no process of the old server holds the shared memory.
    const path = join(dataFolder, 'postmaster.pid');
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace(/^\d+/, String(process.pid)));
  }
  await removeSocketFolder(lock.socketFolder);
  return lock.isServing;
}

/** Only folders of our own making in the temporary directory; others belong to the data. */
export async function removeSocketFolder(folder: string): Promise<void> {
  if (/\/tg-pg-[A-Za-z0-9]{6}$/.test(folder)) await rm(folder, { recursive: true, force: true });
}

export interface Postmaster {
  hasExited(): boolean;
  /** Resolves when it has ended, whoever wanted that. */
  readonly exited: Promise<void>;
  stop(): Promise<void>;
  /** What the server said last, to explain an early end. */
  lastWords(): Promise<string>;
}

export async function startPostmaster(
  place: Place,
  settings: Record<string, string>,
): Promise<Postmaster> {
  const logPath = join(place.folder, 'server.log');
  const size = await stat(logPath).then(
    (found) => found.size,
    () => 0,
  );
  if (size > 4 * 1024 * 1024) await rename(logPath, `${logPath}.1`);
  const log = await open(logPath, 'a', 0o600);
  const offset = (await log.stat()).size;
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = [place.binaries.postgres, '-D', join(place.folder, 'data'), ...flags];
  const [program = '', ...args] = [...(await diesWithParent(place.runAs)), ...server];
  const line = commandLine(place.runAs, program, args);
  // A session of its own: Ctrl-C in a terminal reaches the platform only, which stops the server itself.
  const child = spawn(line.file, line.args, {
    ...line.options,
    cwd: '/',
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  const failure = new Promise<void>((resolve) => child.once('error', () => resolve()));
  await Promise.race([once(child, 'spawn'), failure]);
  await log.close();
  return supervise(child, logPath, offset);
}

function supervise(child: ChildProcess, logPath: string, offset: number): Postmaster {
  const hasExited = () =>
    child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
  // Where the kernel cannot do it: a platform that exits without stop() takes the server along.
  const onExit = () => child.kill('SIGINT');
  process.once('exit', onExit);
  const exited = new Promise<void>((resolve) => {
    if (hasExited()) resolve();
    for (const event of ['exit', 'error'] as const) child.once(event, () => resolve());
  });
  return {
    hasExited,
    exited,
    stop: async () => {
      process.removeListener('exit', onExit);
      if (child.pid !== undefined) await endProcess(child.pid, hasExited);
    },
    lastWords: async () => {
      const text = (await readFile(logPath)).subarray(offset).toString('utf8');
      return text.trim().split('\n').slice(-3).join(' / ');
    },
  };
}

async function endProcess(pid: number, isGone: () => boolean): Promise<void> {
  const ladder = [
    ['SIGINT', fastStopMs],
    ['SIGQUIT', immediateStopMs],
    ['SIGKILL', immediateStopMs],
  ] as const;
  for (const [signal, patienceMs] of ladder) {
    if (isGone()) return;
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    const deadline = performance.now() + patienceMs;
    while (!isGone() && performance.now() < deadline) await delay(20);
  }
}
