/** How far a gate is that needs some good checks in a row, and a while, before it opens. */
export interface Progress {
  readonly good: number;
  readonly needed: number;
  readonly ageMs: number;
  readonly minWaitMs: number;
}

/** `2 of 3 good checks in a row`; and when they are enough, what else is waited for. */
export function goodChecks({ good, needed, ageMs, minWaitMs }: Progress): string {
  if (good < needed) return `${good} of ${needed} good checks in a row`;
  const enough = `${good} good checks in a row`;
  const left = Math.ceil((minWaitMs - ageMs) / 1000);
  if (left <= 0) return enough;
  return `${enough}, opens no sooner than after ${Math.round(minWaitMs / 1000)} s: ${left} s to go`;
}
