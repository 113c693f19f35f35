/** What one question about metrics may cost, with reasons. */
export const metricLimits = {
  /** A chart is some hundred pixels wide. */
  points: 500,
  pointsDefault: 60,
  /** Nobody tells more lines apart; beyond, they are summed over nodes. */
  series: 50,
  /** They are kept for so long. */
  windowMs: 24 * 3_600_000,
  windowDefaultMs: 15 * 60_000,
  /** Agents report every five seconds: finer steps would be mostly gaps. */
  stepMs: 1_000,
  reportMs: 5_000,
  /** So many reports are read in about a second. */
  reports: 150_000,
  /** Polls of gates that are folded again for one answer, in well under a second. */
  gatePolls: 2_000,
} as const;
