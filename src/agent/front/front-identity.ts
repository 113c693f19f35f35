import { createHash } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DomainError } from '../../kernel/errors.js';
import { frontLimits } from './front-limits.js';

/**
 * Which front processes live on this state folder: one file each, named after the pid. A pid alone
 * proves nothing (the kernel gives it again), so the start time and the boot are written with it.
 */
export interface FrontIdentity {
  readonly pid: number;
  readonly startTime: string;
  readonly bootId: string;
  readonly socket: string;
  /** It has a successor and finishes what it has; a node needs one that is not. */
  readonly retired: boolean;
}

const FILE = /^front-(\d+)\.json$/;

export async function writeIdentity(
  stateDir: string,
  socket: string,
  retired: boolean,
): Promise<void> {
  const { pid } = process;
  const identity: FrontIdentity = {
    pid,
    startTime: startTimeOf(pid),
    bootId: bootId(),
    socket,
    retired,
  };
  const path = join(stateDir, `front-${pid}.json`);
  await writeFile(`${path}.tmp`, JSON.stringify(identity), { mode: 0o600 });
  await rename(`${path}.tmp`, path);
}

export async function removeIdentity(stateDir: string, pid: number): Promise<void> {
  await rm(join(stateDir, `front-${pid}.json`), { force: true });
}

/** The living fronts, newest first; the files of dead ones are removed on the way. */
export async function livingFronts(stateDir: string): Promise<FrontIdentity[]> {
  const living: FrontIdentity[] = [];
  for (const name of await namesIn(stateDir)) {
    const pid = Number(FILE.exec(name)?.[1] ?? 0);
    if (pid === 0) continue;
    const identity = await readIdentity(join(stateDir, name));
    if (identity === undefined) continue;
    if (isAlive(identity)) {
      living.push(identity);
    } else {
      await rm(join(stateDir, name), { force: true });
      await rm(identity.socket, { force: true });
    }
  }
  return living.sort((a, b) => Number(b.startTime) - Number(a.startTime));
}

export function isAlive({ pid, startTime, bootId: boot }: FrontIdentity): boolean {
  if (boot !== bootId()) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const stat = statOf(pid);
  return stat.startTime === startTime && !isGone(stat);
}

/**
 * A zombie has died and was not asked how by its parent: it will never answer again. While others of
 * its threads are still ending, its ports are not free yet.
 */
function isGone({ state, threads }: { state: string; threads: number }): boolean {
  return (state === 'Z' && threads <= 1) || state === 'X';
}

/**
 * Where a process of this state folder puts its control socket. Socket paths are short by law of
 * the kernel, so a deep state folder gets a private one in the system's temporary folder.
 */
export async function socketPathFor(stateDir: string, pid: number): Promise<string> {
  const inState = join(resolve(stateDir), 'run');
  const key = createHash('sha256').update(resolve(stateDir)).digest('hex').slice(0, 12);
  const uid = process.getuid?.() ?? 0;
  const isShort =
    Buffer.byteLength(join(inState, 'front-4194304.sock')) <= frontLimits.socketPathBytes;
  const folder = isShort ? inState : join(tmpdir(), `tidegate-${uid}-${key}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const found = await lstat(folder);
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o077) !== 0) {
    throw new DomainError(
      'forbidden',
      'front-socket-folder',
      `${folder} must be a folder of this user with mode 0700, or others could command the front. Remove it and start again.`,
    );
  }
  const path = join(folder, `front-${pid}.sock`);
  if (Buffer.byteLength(path) > frontLimits.socketPathBytes) {
    throw new DomainError(
      'invalid',
      'front-socket-path',
      `The control socket's path ${path} is longer than ${frontLimits.socketPathBytes} bytes. Use a shorter state folder or TMPDIR.`,
    );
  }
  return path;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function readIdentity(path: string): Promise<FrontIdentity | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as FrontIdentity;
  } catch {
    return undefined; // Half-way removed by its owner.
  }
}

function startTimeOf(pid: number): string {
  return statOf(pid).startTime;
}

/** Fields 3, 20 and 22 of /proc/<pid>/stat, the last in clock ticks since boot; empty without /proc. */
function statOf(pid: number): { state: string; threads: number; startTime: string } {
  const stat = readOrEmpty(`/proc/${pid}/stat`);
  // The second field is the command in parentheses and may hold spaces and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    state: fields[0] ?? '',
    threads: Number(fields[17] ?? 0),
    startTime: fields[19] ?? '',
  };
}

function bootId(): string {
  return readOrEmpty('/proc/sys/kernel/random/boot_id').trim();
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
