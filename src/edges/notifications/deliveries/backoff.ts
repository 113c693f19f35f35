import { randomInt } from 'node:crypto';

const FIRST_MS = 1_000;
const LAST_MS = 60 * 60_000;
/** Up and down, so that what failed together does not come back together. */
const SPREAD = 0.2;

/**
 * How long to wait after so many attempts in vain: 1 s, 2 s, 4 s … an hour, or longer where the receiver has
 * asked for it; never longer than an hour, whatever it says.
 */
export function backoffMs(failures: number, askedMs: number | null, dice = percent): number {
  const plain = Math.min(LAST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 20));
  const spread = plain * (1 + SPREAD * dice());
  return Math.round(Math.min(LAST_MS, Math.max(spread, askedMs ?? 0)));
}

/** From -1 to 1. */
function percent(): number {
  return randomInt(-100, 101) / 100;
}
