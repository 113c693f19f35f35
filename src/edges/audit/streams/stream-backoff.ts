import { backoffMs } from '../../notifications/deliveries/backoff.js';

/** A receiver that is back is found within five minutes, and has all of it soon after. */
const LAST_MS = 5 * 60_000;

/** 1 s, 2 s, 4 s … five minutes, or as the receiver asks; without an end. */
export function streamBackoffMs(failures: number, askedMs: number | null): number {
  return Math.min(LAST_MS, backoffMs(failures, askedMs));
}
