/** What is sent and kept of the output of something that has failed, with the reasons. Units are in the names. */
export const failureLogLimits = {
  /** A screen or four: what a person reads. A stack trace fits, a day's log does not. */
  lines: 200,
  /** A line of JSON, as loggers write it. */
  lineCharacters: 1_000,
  /** Of all lines together, as UTF-8: a quarter of what a request may have. */
  bytes: 64 * 1024,
  /** Of one module on one node; older generations are of deployments that nobody asks about any more. */
  keptPerModule: 5,
  keptMs: 30 * 86_400_000,
  /** Nodes that an explanation names. */
  explained: 20,
};
