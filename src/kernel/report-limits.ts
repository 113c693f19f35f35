/** How reports of nodes that say nothing new are taken, with the reasons. Units are in the names. */
export const reportLimits = {
  /** Nobody waits for what says nothing new; the more come in this time, the less each of them costs. */
  gatherMs: 50,
  /** One statement of so many takes some milliseconds. */
  gathered: 50,
};
