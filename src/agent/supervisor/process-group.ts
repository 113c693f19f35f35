import { setTimeout as pause } from 'node:timers/promises';
import { isAlive, type ProcessIdentity } from './proc.js';

const POLL_MS = 25;

/** Whatever else of its group goes on running. Throws when the signal says so. */
export async function hasLeaderEndedWithin(
  identity: ProcessIdentity,
  waitMs: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    if (!isAlive(identity)) return true;
    if (performance.now() >= deadline) return false;
    await pause(POLL_MS, undefined, { signal });
  }
}

export function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // Gone, or another user's: whoever looks afterwards sees it.
  }
}
