/**
 * How much guessing there may be, and who pays for it. Pure; docs/adr/0036 has the reasons and what
 * an attacker with ten, a thousand or ten thousand networks gets out of each number.
 */

/** Waits between failures: none at first, then longer and longer. */
export interface Brake {
  readonly freeFailures: number;
  readonly firstWaitMs: number;
  readonly factor: number;
  readonly longestWaitMs: number;
}

/** Failures that may come at once; each is given back after a time. */
export interface Budget {
  readonly atOnce: number;
  readonly everyMs: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** One account from one place: who has forgotten a password tries a few. */
export const CALM: Brake = {
  freeFailures: 5,
  firstWaitMs: 1000,
  factor: 2,
  longestWaitMs: 15 * MINUTE_MS,
};
/** The same from a network never seen with an account that many such networks guess at. */
export const ATTACKED: Brake = {
  freeFailures: 0,
  firstWaitMs: MINUTE_MS,
  factor: 4,
  longestWaitMs: 12 * HOUR_MS,
};
/** Failures at one account from all networks never seen with it, before it counts as attacked. */
export const UNSEEN: Budget = { atOnce: 50, everyMs: 30 * MINUTE_MS };
/** Of one address, whichever names it tries: an office behind one address mistypes less. */
export const HOST: Budget = { atOnce: 100, everyMs: MINUTE_MS };
/** Who holds a whole network has 256 addresses of it, but not 256 budgets. */
export const NETWORK: Budget = { atOnce: 400, everyMs: MINUTE_MS / 4 };
/** A count of failures is forgotten when nothing has failed for so long. */
export const FORGET_AFTER_MS = 24 * HOUR_MS;

/** What has been counted under one key; undefined: nothing yet. */
export interface Count {
  readonly failures: number;
  readonly failedAt: number;
  readonly spentUntil: number;
}

/** What an attempt is judged by. */
export interface Counts {
  /** This account from this network; from this very address when it is known. */
  readonly place: Count | undefined;
  /** This account from all networks never seen with it. */
  readonly unseen: Count | undefined;
  readonly host: Count | undefined;
  readonly network: Count | undefined;
}

export interface Waits {
  readonly accountMs: number;
  /** Binds all but a known network: its owner must not wait for a neighbour's guesses. */
  readonly addressMs: number;
}

export function waitsOf(counts: Counts, isKnown: boolean, now: number): Waits {
  const isAttacked = !isKnown && budgetWaitMs(UNSEEN, counts.unseen, now) > 0;
  return {
    accountMs: brakeWaitMs(isAttacked ? ATTACKED : CALM, counts.place, now),
    addressMs: Math.max(
      budgetWaitMs(HOST, counts.host, now),
      budgetWaitMs(NETWORK, counts.network, now),
    ),
  };
}

/** How long after the n-th failure the next attempt may come. */
export function waitAfter(failures: number, brake: Brake): number {
  const over = failures - brake.freeFailures;
  if (over <= 0) return 0;
  return Math.min(brake.longestWaitMs, brake.firstWaitMs * brake.factor ** Math.min(over - 1, 30));
}

function brakeWaitMs(brake: Brake, count: Count | undefined, now: number): number {
  if (!count || count.failedAt < now - FORGET_AFTER_MS) return 0;
  return Math.max(0, count.failedAt + waitAfter(count.failures, brake) - now);
}

/** `spentUntil` is when all of the budget is there again: one more must not take it further than all. */
export function budgetWaitMs(budget: Budget, count: Count | undefined, now: number): number {
  if (!count) return 0;
  return Math.max(0, count.spentUntil + budget.everyMs - budget.atOnce * budget.everyMs - now);
}

/**
 * The count after one more failure. Without a budget only the number matters; a debt beyond the
 * whole budget is not kept.
 */
export function afterFailure(count: Count | undefined, budget: Budget | null, now: number): Count {
  const isOver = !count || count.failedAt < now - FORGET_AFTER_MS;
  const failures = isOver ? 1 : count.failures + 1;
  if (!budget) return { failures, failedAt: now, spentUntil: now };
  const spent = Math.max(count?.spentUntil ?? now, now) + budget.everyMs;
  const whole = now + budget.atOnce * budget.everyMs;
  return { failures, failedAt: now, spentUntil: Math.min(spent, whole) };
}
