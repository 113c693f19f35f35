/** A gate that stays open for as long as a bench lasts, polled as often as it says. */
export const steadyGate = (pollMs: number) => ({
  kind: 'stabilization',
  pollIntervalMs: pollMs,
  warmUpMs: 0,
  minWaitMs: 7_200_000,
  maxWaitMs: 14_400_000,
  trendAfterMs: Math.min(60_000, 200 * pollMs),
});

export const oneByOne = { kind: 'canary', wavesCount: [1, 2, 3] };
