import { z } from 'zod';
import { text } from '../../../kernel/text.js';
import { hotSetting } from '../../../platform/settings/hot-setting.js';

const MONTH_MINUTES = 30 * 24 * 60;
const minutes = z.int().min(0).max(MONTH_MINUTES);
const scopes = ['platform', 'tenant', 'environment'] as const;

export const remindAtHalf = hotSetting({
  key: 'notifications.remind-at-half',
  schema: z.boolean(),
  default: true,
  example: false,
  doc: 'Whether those who can decide an approval are reminded when half of its time has passed.',
  scopes,
});

export const lastReminderMinutes = hotSetting({
  key: 'notifications.last-reminder-minutes',
  schema: minutes,
  default: 60,
  example: 30,
  doc: 'How many minutes before its deadline those who can decide an approval are reminded for the last time; 0: not at all.',
  scopes,
});

export const escalationMinutes = hotSetting({
  key: 'notifications.escalation-minutes',
  schema: minutes,
  default: 30,
  example: 120,
  doc: 'How many minutes before its deadline an approval that nobody has decided is told further up; 0: not at all.',
  scopes,
});

export const escalationGroup = hotSetting({
  key: 'notifications.escalation-group',
  schema: text(63),
  default: '',
  example: 'release-managers',
  doc: 'The name of the group that is told then. Empty, or a group that is not there or has no members: the Admins of the tenant.',
  scopes,
});

export const reminderSettings = [
  remindAtHalf,
  lastReminderMinutes,
  escalationMinutes,
  escalationGroup,
];
