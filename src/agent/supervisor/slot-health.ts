/** How an instance that serves has fared: its crashes, when it may be started again, what to say of it. */
import { printable } from '../../kernel/text.js';
import type { Reason } from '../journal/journal.js';
import type { InstanceProbe } from './instance-probe.js';

const FIRST_RESTART_MS = 1000;
const MOST_RESTART_MS = 30_000;
const CRASH_WINDOW_MS = 60_000;
const CRASHES_FOR_LOOP = 3;
/** So often in a row it did not get up again: with a long start that is never thrice in a minute. */
const FAILED_STARTS_FOR_LOOP = 3;

export interface SlotHealth {
  /** When it crashed, on the monotonic clock; only those of the last minute. */
  crashes: number[];
  restartAt: number;
  /** Restarts in a row that did not come to a healthy instance. */
  failedStarts: number;
  isStarting: boolean;
  /** The instance whose death was noticed already. */
  settledEnd: string | null;
  reason: Reason | null;
  /** Stopped for a generation that was overtaken; on the monotonic clock. */
  missingSince: number | null;
  /** Of the instance that was last seen to run. */
  probe: InstanceProbe | null;
}

export function unharmed(): SlotHealth {
  return {
    crashes: [],
    restartAt: 0,
    failedStarts: 0,
    isStarting: false,
    settledEnd: null,
    reason: null,
    missingSince: null,
    probe: null,
  };
}

/** Counts it and says when it is started again: later each time. Answers what is to be said of it now. */
export function countCrash(health: SlotHealth, now: number, message: string): Reason {
  health.crashes = [...health.crashes.filter((at) => at > now - CRASH_WINDOW_MS), now];
  const count = health.crashes.length;
  health.restartAt = now + Math.min(MOST_RESTART_MS, FIRST_RESTART_MS * 2 ** (count - 1));
  const isStuck = health.failedStarts >= FAILED_STARTS_FOR_LOOP;
  const isLoop = isLooping(health) || isStuck;
  const often = isStuck
    ? `It could not be started ${health.failedStarts} times in a row.`
    : `It crashed ${count} times in a minute.`;
  const text = isLoop ? `${often} ${message}` : message;
  health.reason = {
    code: isLoop ? 'crash-loop' : 'restarting',
    message: printable(text).slice(0, 2000),
  };
  return health.reason;
}

export function isLooping({ crashes }: SlotHealth): boolean {
  return crashes.length >= CRASHES_FOR_LOOP;
}

/** True: it is no crash loop any more. */
export function forgetOldCrashes(health: SlotHealth, now: number): boolean {
  if (health.crashes.length === 0) return false;
  health.crashes = health.crashes.filter((at) => at > now - CRASH_WINDOW_MS);
  if (isLooping(health) || health.reason?.code !== 'crash-loop') return false;
  health.reason = null;
  return true;
}
