import { endFamily } from './end-family.js';
import type { Families } from './families.js';
import { ageMs, type ProcessIdentity, readProcess, uptimeMs } from './proc.js';
import { hasLeaderEndedWithin } from './process-group.js';

/** Of a hook there is nothing to be finished in good order once its time is over. */
export const HOOK_GRACE_MS = 500;

/** A hook's process that outlived the agent that had started it. */
export interface LeftoverHook {
  readonly runId: string;
  readonly identity: ProcessIdentity;
  readonly ageMs: number;
}

export function findLeftover(families: Families, runId: string): LeftoverHook | null {
  const identity = families.leaderOf({ id: runId, identity: null });
  const stat = identity && readProcess(identity.pid);
  return stat ? { runId, identity, ageMs: ageMs(stat, uptimeMs()) } : null;
}

/** It has the rest of its time, as if the agent had lived. Throws when the signal says so. */
export async function untilOver(
  families: Families,
  leftover: LeftoverHook,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<void> {
  const leftMs = Math.max(0, timeoutMs - leftover.ageMs);
  if (await hasLeaderEndedWithin(leftover.identity, leftMs, signal)) return;
  await endHook(families, leftover.runId);
}

/** All that it has started, too: of a hook that did not come to its end nothing is meant to stay. */
export async function endHook(
  families: Families,
  runId: string,
  identity: ProcessIdentity | null = null,
): Promise<void> {
  await endFamily(families, { id: runId, identity }, HOOK_GRACE_MS);
}
