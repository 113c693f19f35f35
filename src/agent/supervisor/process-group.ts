import { setTimeout as pause } from 'node:timers/promises';
import { DomainError } from '../../kernel/errors.js';
import {
  allProcesses,
  bootId,
  hasProc,
  isAlive,
  type ProcessIdentity,
  readProcess,
} from './proc.js';

const POLL_MS = 25;
/** After SIGKILL only the kernel can still hold a process. */
const KILL_WAIT_MS = 5000;

/**
 * SIGTERM to the whole group, and after the grace SIGKILL to whatever is left of it. Throws
 * DomainError `does-not-stop`: whoever goes on as if it were gone has two running.
 */
export async function stopGroup(identity: ProcessIdentity, graceMs: number): Promise<void> {
  if (!mayBeOurs(identity)) return;
  signalGroup(identity.pid, 'SIGTERM');
  if (await isEmptyWithin(identity, graceMs)) return;
  signalGroup(identity.pid, 'SIGKILL');
  if (await isEmptyWithin(identity, KILL_WAIT_MS)) return;
  throw new DomainError(
    'unavailable',
    'does-not-stop',
    `The process group ${identity.pid} does not end, not even by SIGKILL; see what it waits for, a disk or a network file system perhaps.`,
  );
}

/** Of a group that was started just now. */
export function killGroup(pid: number): void {
  signalGroup(pid, 'SIGKILL');
}

/** Whatever else of its group goes on running. Throws when the signal says so. */
export function hasLeaderEndedWithin(
  identity: ProcessIdentity,
  waitMs: number,
  signal?: AbortSignal,
): Promise<boolean> {
  return within(waitMs, () => !isAlive(identity), signal);
}

function isEmptyWithin(identity: ProcessIdentity, waitMs: number): Promise<boolean> {
  return within(waitMs, () => isGroupEmpty(identity));
}

async function within(waitMs: number, isSo: () => boolean, signal?: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    if (isSo()) return true;
    if (performance.now() >= deadline) return false;
    await pause(POLL_MS, undefined, { signal });
  }
}

/** Nobody of it is left, be it the leader or what the leader had started. */
export function isGroupEmpty(identity: ProcessIdentity): boolean {
  if (isAlive(identity)) return false;
  if (!mayBeOurs(identity)) return true;
  return !hasProc || !allProcesses().some((stat) => stat.group === identity.pid);
}

/** False when another process has come to own the pid, or the machine was restarted. */
function mayBeOurs(identity: ProcessIdentity): boolean {
  if (identity.bootId !== bootId) return false;
  if (isAlive(identity)) return true;
  const leader = readProcess(identity.pid);
  // While a member lives, the kernel gives the group's number to no other process.
  const isLeaderOurs = leader === null || leader.startTime === identity.startTime;
  return isLeaderOurs && hasProc && allProcesses().some((stat) => stat.group === identity.pid);
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
