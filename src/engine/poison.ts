/**
 * A run that cannot be acted on: an error of ours each time, or a worker that dies with it in hand.
 * It is tried again ever later, and after so many times in a row it stops for a person. Stopping
 * reads neither plan nor journal, because one of them may be what is broken.
 */
import { messageOf } from '../kernel/errors.js';
import { limits } from '../kernel/limits.js';
import type { EngineLog } from './lease-keeper.js';
import { ENGINE } from './record-step.js';
import type { Registry } from '../kernel/registry.js';
import type { RunKind } from './run-kind.js';
import { isOver, loggedRun, operatorOf, type Lease, type RunKey, type RunStatus } from './run.js';
import { Fenced, type Release, type RunStore, type RunTransaction } from './run-store.js';
import { storable } from './step-outcome.js';

const DELAY_FIRST_MS = 1_000;
const DELAY_MOST_MS = 60_000;
/** When even stopping fails: it is loud each time, and somebody should be on the way. */
const STOP_AGAIN_MS = 10 * 60_000;
const DETAIL_CHARACTERS = 500;

export interface PoisonPorts {
  readonly store: RunStore;
  readonly log: EngineLog;
  readonly kinds: Registry<RunKind>;
}

/** 1, 2, 4, 8 … s, capped. */
export function failureDelayMs(failures: number): number {
  return Math.min(DELAY_FIRST_MS * 2 ** (failures - 1), DELAY_MOST_MS);
}

export function tryAgain(
  delayMs: number,
  problem: string,
  failures: Release['failures'] = 'counted',
): Release {
  const detail = `the engine could not act on it (${shown(problem)}); it tries again`;
  const waitingOn = { kind: 'retry', who: 'the engine', verb: null, detail };
  return { delayMs, waitingOn, failures };
}

export function poisonReason({ failures, key }: Lease, problem: string): string {
  return `the engine failed ${failures} times in a row to act on this ${key.kind}: ${shown(problem)}`;
}

/** Throws Fenced when the lease was lost; any other error has been logged, and the run sleeps. */
export async function stopForPerson(ports: PoisonPorts, lease: Lease, why: string): Promise<void> {
  const { store, log } = ports;
  const { kind } = lease.key;
  let isStopped = true;
  try {
    const ended = ports.kinds.get(kind);
    await store.commit(lease, { locksShared: true }, (tx) => stop(tx, lease.key, why, ended));
  } catch (error) {
    if (error instanceof Fenced) throw error;
    const fields = { ...loggedRun(lease.key), error: messageOf(error) };
    log.error(fields, 'a run could not be stopped with its ending');
    isStopped = await stopWithoutEnding(ports, lease, why);
  }
  const waitingOn = { kind: 'attention', who: operatorOf(lease.key), verb: 'resume', detail: why };
  const delayMs = isStopped ? limits.pauseMs : STOP_AGAIN_MS;
  await store.release(lease, { delayMs, waitingOn, failures: 'forgotten' });
}

/** What it holds stays behind, for the reconciler: better than a run that nobody can end. */
async function stopWithoutEnding(
  { store, log }: PoisonPorts,
  lease: Lease,
  why: string,
): Promise<boolean> {
  const nothing = { onFinish: () => Promise.resolve() };
  try {
    await store.commit(lease, { locksShared: true }, (tx) => stop(tx, lease.key, why, nothing));
    return true;
  } catch (error) {
    if (error instanceof Fenced) throw error;
    const fields = { ...loggedRun(lease.key), error: messageOf(error) };
    log.error(fields, 'a run could not be stopped at all');
    return false;
  }
}

async function stop(
  tx: RunTransaction,
  key: RunKey,
  reason: string,
  kind: Pick<RunKind, 'onFinish'>,
): Promise<void> {
  const status = stoppedStatus(tx.status);
  if (status === null) return;
  await tx.changeStatus({ status, reason }, ENGINE);
  if (isOver(status)) await kind.onFinish(tx, key, status);
}

/** Null: it stands still already. What has not begun has nothing that a person could go on with. */
function stoppedStatus(status: RunStatus): RunStatus | null {
  if (status === 'Running') return 'Paused';
  if (status === 'RollingBack') return 'RollbackFailed';
  return status === 'Pending' || status === 'PendingApproval' ? 'Failed' : null;
}

function shown(problem: string): string {
  return storable(problem).slice(0, DETAIL_CHARACTERS).toWellFormed();
}
