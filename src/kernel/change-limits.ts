/** Limits of who lets things start, and when, with their reasons. Units are in the names. */
export const changeLimits = {
  /** All that match are read for each deployment; nobody knows any more what fifty of them ask for. */
  approvalPoliciesPerTenant: 50,
  /** Decisions of one rule: whoever needs more asks a meeting. */
  approvalQuorum: 20,
  /** Roles, groups or people that a policy names, each: more are a group. */
  approversNamed: 50,
  modulesPerPolicy: 50,
  /** What nobody has decided in two weeks is asked for anew. In milliseconds it fits an integer. */
  approvalTimeoutMs: 14 * 86_400_000,
  /** A company has one or two systems for changes; each policy names one. */
  externalGatesPerTenant: 20,
  /** A week: what nobody has answered by then is no change any more, but a project. */
  externalGateMinutes: 7 * 24 * 60,
  externalGateCommentCharacters: 500,
  freezesPerTenant: 200,
  /** Environments, and modules, that one names: more are all of them. */
  freezeNames: 50,
  freezeRuleCharacters: 300,
  /** Of one part of a rule: every day of a month. */
  freezeRuleValues: 31,
  freezeRuleInterval: 366,
  freezeRuleCount: 366,
  /** A quarter: whoever freezes for longer says so once more. */
  freezeMs: 92 * 24 * 3_600_000,
  /** How far ahead one may begin, and a start may be asked for. */
  freezeAheadMs: 5 * 366 * 24 * 3_600_000,
  startAheadMs: 92 * 24 * 3_600_000,
  calendarMs: 366 * 24 * 3_600_000,
  calendarWindows: 1_000,
} as const;
