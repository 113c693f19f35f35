import { z } from 'zod';
import { hotSetting, isAtMost } from '../../../platform/settings/hot-setting.js';

const DAY_HOURS = 24;

export const breakGlass = hotSetting({
  key: 'approvals.break-glass',
  schema: z.enum(['never', 'off', 'on']),
  default: 'off',
  example: 'on',
  doc: 'Whether somebody with `approvals:break-glass` may start a deployment without the approvals that it waits for. `off` may be turned on nearer by, for a tenant or an environment; `never` is the last word for all that is below. Freezes, the kill switch and signatures hold all the same, and another person must review it afterwards.',
  scopes: ['platform', 'tenant', 'environment'],
  tightens: (value, above) => above !== 'never' || value === 'never',
  weakens: (value, before) => value === 'on' || (before === 'never' && value === 'off'),
});

export const breakGlassReviewHours = hotSetting({
  key: 'approvals.break-glass-review-hours',
  schema: z
    .int()
    .min(1)
    .max(30 * DAY_HOURS),
  default: 3 * DAY_HOURS,
  example: DAY_HOURS,
  doc: 'How many hours others have to review a deployment that was started without its approvals. After that it alarms once, and stays marked until it is reviewed.',
  scopes: ['platform', 'tenant', 'environment'],
  tightens: isAtMost,
});
