/** What can be subscribed to: events by name, or all of a kind at once. Names are stored; never rename one. */

export const EVENT_KINDS = [
  'approvals',
  'deployments',
  'alarms',
  'break-glass',
  'freezes',
  'quotas',
  'channels',
  'people',
] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/**
 * Each with the kinds that it belongs to. An alarm is what somebody with power over the tenant should look at
 * now; it belongs to its noun's kind as well.
 */
const kindsByName = {
  'approval-requested': ['approvals'],
  'approval-given': ['approvals'],
  'approval-rejected': ['approvals'],
  'approval-commented': ['approvals'],
  'approval-withdrawn': ['approvals'],
  'approvals-voided': ['approvals'],
  'approval-granted': ['approvals'],
  'approval-reopened': ['approvals'],
  'approval-expired': ['approvals'],
  'approval-replaced': ['approvals'],
  'approval-reminded': ['approvals'],
  'approval-escalated': ['approvals'],
  'approval-overdue': ['approvals', 'alarms'],
  'approval-policy-changed': ['approvals'],
  'deployment-started': ['deployments'],
  'deployment-paused': ['deployments'],
  'deployment-resumed': ['deployments'],
  'deployment-rollback-started': ['deployments'],
  'deployment-succeeded': ['deployments'],
  'deployment-failed': ['deployments'],
  'deployment-rolled-back': ['deployments'],
  'deployment-rollback-failed': ['deployments', 'alarms'],
  'deployment-cancelled': ['deployments'],
  'deployment-rejected': ['deployments'],
  'break-glass-used': ['break-glass', 'alarms'],
  'break-glass-reviewed': ['break-glass'],
  'break-glass-overdue': ['break-glass', 'alarms'],
  'freeze-created': ['freezes'],
  'freeze-changed': ['freezes'],
  'freeze-removed': ['freezes'],
  'freeze-overridden': ['freezes', 'alarms'],
  'kill-switch-turned': ['freezes', 'alarms'],
  'hold-placed': ['freezes'],
  'hold-released': ['freezes'],
  'quota-warned': ['quotas'],
  'channel-disabled': ['channels', 'alarms'],
  'audit-stream-behind': ['channels', 'alarms'],
  'acted-on-people': ['people', 'alarms'],
  'suspicious-activity-detected': ['people', 'alarms'],
} as const satisfies Readonly<Record<string, readonly EventKind[]>>;

export type EventName = keyof typeof kindsByName;
export const EVENT_NAMES = Object.keys(kindsByName) as EventName[];

export function isEventName(name: string): name is EventName {
  return Object.hasOwn(kindsByName, name);
}

export function kindsOf(name: EventName): readonly EventKind[] {
  return kindsByName[name];
}

export function isAlarm(name: EventName): boolean {
  return kindsOf(name).includes('alarms');
}
