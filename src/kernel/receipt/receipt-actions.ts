/** Which entries of the audit log a deployment's receipt relies on, by what they say was done. */

/** The first of each deployment. */
export const CREATED_ACTIONS = ['deployment-created', 'rollback-created', 'retry-created'] as const;

/** The last: it has ended. */
export const END_ACTIONS = [
  'deployment-succeeded',
  'deployment-failed',
  'deployment-rolled-back',
  'deployment-rollback-failed',
  'deployment-cancelled',
  'deployment-rejected',
] as const;

/** How many of each there are, its last entry says: none of them can be kept back. */
export const COUNTED_ACTIONS = [
  'approval-requested',
  'approval-given',
  'approval-rejected',
  'approval-withdrawn',
  'approvals-voided',
  'approval-granted',
  'approval-reopened',
  'approval-expired',
  'approval-replaced',
  'break-glass-used',
  'freeze-overridden',
  'promote-requested',
  'cancel-requested',
  'deployment-started',
  'deployment-rollback-started',
  'deployment-wave-moved',
  'deployment-gate-judged',
] as const;

/** What may come after it has ended. */
export const LATER_ACTIONS = ['break-glass-reviewed', 'break-glass-overdue'] as const;

/** About a deployment. */
export const RECEIPT_ACTIONS: readonly string[] = [
  ...CREATED_ACTIONS,
  ...COUNTED_ACTIONS,
  ...END_ACTIONS,
  ...LATER_ACTIONS,
];

/** About who took part: of whom a passkey is, and what a pipeline showed. */
export const PASSKEY_ACTION = 'factor-enrolled';
export const WORKLOAD_ACTION = 'workload-token-issued';

/** Of what is somebody's own a receipt names who it was; addresses and programs stay in the log. */
export const RECEIPT_POINTERS: readonly string[] = [
  '/actor/name',
  '/body/by',
  '/body/promotedBy',
  '/body/requestedBy',
];
