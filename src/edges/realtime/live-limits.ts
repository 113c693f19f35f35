/** How much of the live feed one socket may ask for, and for how long things are kept together. */
export const liveLimits = {
  /** Signals and entries of so many milliseconds go out as one write for each follower. */
  gatherMs: 50,
  /** `since` may be so old; an API that was away for longer has other troubles. */
  sinceMs: 60 * 60_000,
  /** Deployments that ended meanwhile and are told; more is a history, which HTTP has in pages. */
  endedMeanwhile: 2_000,
  /** Deployments in `seen`: what 128 KiB of a message hold. */
  seenDeployments: 2_000,
  /** What has happened before that long has been committed: no statement takes longer. */
  commitMs: 30_000,
  /** Longer ago than any lost signal: what ended since is looked for. */
  recentMs: 60_000,
  /** A socket that lags so many bytes behind while it catches up is waited for. */
  pauseBytes: 256 * 1024,
} as const;
