import { ageMs, bootId, findByEnvironment, type ProcessIdentity } from './proc.js';
import { hasLeaderEndedWithin, stopGroup } from './process-group.js';

/** In the environment of a hook's process: the agent may die before it knows the pid. */
export const HOOK_VARIABLE = 'TIDEGATE_HOOK_RUN';

/** Of a hook there is nothing to be finished in good order once its time is over. */
export const HOOK_GRACE_MS = 500;

/** A hook's process that outlived the agent that had started it. */
export interface LeftoverHook {
  readonly identity: ProcessIdentity;
  readonly ageMs: number;
}

export function findLeftover(runId: string): LeftoverHook | null {
  const found = findByEnvironment(HOOK_VARIABLE, runId);
  if (!found) return null;
  const { pid, startTime } = found;
  return { identity: { pid, startTime, bootId }, ageMs: ageMs(found) };
}

/** It has the rest of its time, as if the agent had lived. Throws when the signal says so. */
export async function untilOver(
  leftover: LeftoverHook,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<void> {
  const leftMs = Math.max(0, timeoutMs - leftover.ageMs);
  if (await hasLeaderEndedWithin(leftover.identity, leftMs, signal)) return;
  await stopGroup(leftover.identity, HOOK_GRACE_MS);
}

export async function stopLeftover(runId: string): Promise<void> {
  const leftover = findLeftover(runId);
  if (leftover) await stopGroup(leftover.identity, HOOK_GRACE_MS);
}
