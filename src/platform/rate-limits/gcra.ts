import type { Charge, Level, Verdict } from './rate-limiter.js';

/**
 * The generic cell rate algorithm, pure. A budget is one number: until when it is spent. Each request
 * moves that on by its share of a minute; further ahead than a minute it may not lie. So all of a
 * budget may be used at once, and comes back evenly: no moment at which everybody is let in again.
 */
const WINDOW_MS = 60_000;
/** What rounding adds up to must not cost the last request of a budget. */
const TOLERANCE_MS = 1;
/** How far ahead a budget can be spent. */
export const FURTHEST_MS = WINDOW_MS + TOLERANCE_MS;

export function shareMs({ perMinute }: Pick<Charge, 'perMinute'>): number {
  return WINDOW_MS / perMinute;
}

/** `aheadMs` are how far ahead of now each budget is spent, before this request. */
export function verdictOf(charges: readonly Charge[], aheadMs: readonly number[]): Verdict {
  let index = -1;
  let waitMs = 0;
  charges.forEach((charge, each) => {
    const wait = spentAhead(charge, aheadMs[each]!) - FURTHEST_MS;
    if (wait <= waitMs) return;
    waitMs = wait;
    index = each;
  });
  const isTaken = index < 0;
  const levels = charges.map((charge, each) => {
    const ahead = inWindow(aheadMs[each]!);
    return levelOf(charge, isTaken ? spentAhead(charge, ahead) : ahead);
  });
  return { levels, refusal: isTaken ? null : { index, waitMs } };
}

/** With one request more. A clock that was put back makes nobody wait for longer than a minute. */
export function spentAhead(charge: Charge, aheadMs: number): number {
  return inWindow(aheadMs) + shareMs(charge);
}

function inWindow(aheadMs: number): number {
  return Math.min(Math.max(aheadMs, 0), FURTHEST_MS);
}

function levelOf(charge: Charge, aheadMs: number): Level {
  const remaining = Math.max(0, Math.floor((FURTHEST_MS - aheadMs) / shareMs(charge)));
  return { limit: charge.perMinute, remaining, resetMs: aheadMs };
}
