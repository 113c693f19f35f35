/**
 * Which class of OCSF an entry is an event of, and which of its activities. Words are those of actions; what
 * stands nowhere here is an API activity, by its last word.
 */

export interface Activity {
  readonly classUid: 3001 | 3002 | 3004 | 3005 | 6003;
  /** 99: another one, which the event names. */
  readonly id: number;
}

const OTHER = 99;

const account = (id: number): Activity => ({ classUid: 3001, id });
const authentication = (id: number): Activity => ({ classUid: 3002, id });
const userAccess = (id: number): Activity => ({ classUid: 3005, id });

const named: Readonly<Record<string, Activity>> = {
  'logged-in': authentication(1),
  'login-failed': authentication(1),
  'network-refused': authentication(1),
  'provider-sign-in-refused': authentication(1),
  'logged-out': authentication(2),
  'logged-out-everywhere': authentication(2),
  'session-ended': authentication(2),
  'account-signed-out': authentication(2),
  'workload-token-issued': authentication(3),
  'account-enabled': account(2),
  'password-changed': account(3),
  'password-reset': account(4),
  'account-disabled': account(5),
  'user-removed': account(6),
  'factor-enrolled': account(10),
  'factor-removed': account(11),
  'account-factors-reset': account(11),
  'account-email-set': account(OTHER),
  'email-changed': account(OTHER),
  'password-reset-requested': account(OTHER),
  'recovery-codes-made': account(OTHER),
  'admin-recovered': account(OTHER),
  'role-given': userAccess(1),
  'role-taken': userAccess(2),
  'group-member-added': userAccess(1),
  'group-member-removed': userAccess(2),
  'user-roles-changed': userAccess(OTHER),
  // A request that was refused, whoever it was: of no sign-in.
  'access-denied': { classUid: 6003, id: OTHER },
};

const created = ['created', 'added', 'made', 'invited', 'imported', 'enrolled', 'pushed', 'placed'];
const updated = ['changed', 'replaced', 'rotated', 'renamed', 'set', 'mended', 'turned', 'updated'];
const deleted = ['deleted', 'removed', 'revoked', 'purged', 'withdrawn', 'released'];
const read = ['read', 'exported', 'viewed', 'downloaded'];

/** Of API activities and of managed entities alike. */
const byWord = new Map<string, number>([
  ...created.map((word) => [word, 1] as const),
  ...read.map((word) => [word, 2] as const),
  ...updated.map((word) => [word, 3] as const),
  ...deleted.map((word) => [word, 4] as const),
]);
/** Of managed entities alone. */
const ofEntities = new Map([
  ['enabled', 8],
  ['disabled', 9],
]);

export interface Asked {
  readonly category: string;
  readonly action: string;
  readonly subjectKind: string;
}

export function activityOf({ category, action, subjectKind }: Asked): Activity {
  const known = named[action];
  if (known) return known;
  const word = action.slice(action.lastIndexOf('-') + 1);
  const id = byWord.get(word) ?? OTHER;
  if (category === 'authentication') return authentication(OTHER);
  const isOfAccess = category === 'authorization' || category === 'access';
  // Whoever only looks manages nothing.
  if (!isOfAccess || id === 2) return { classUid: 6003, id };
  if (subjectKind === 'user') return account(OTHER);
  return { classUid: 3004, id: ofEntities.get(word) ?? id };
}

/** What somebody who watches should look at first, whatever came of it. */
const GRAVE: ReadonlySet<string> = new Set([
  'account-attacked',
  'passkey-copied',
  'refresh-token-reused',
  'break-glass-used',
  'suspicious-activity',
]);

/** 1: informational, 2: low, 4: high. */
export function severityOf(action: string, outcome: string): 1 | 2 | 4 {
  if (GRAVE.has(action)) return 4;
  return outcome === 'allowed' ? 1 : 2;
}
