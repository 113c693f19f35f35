import type { OpenContext } from '../../../platform/context.js';
import type { Settings } from '../../../platform/settings/settings.js';
import { openApproval } from '../matching/rollouts.queries.js';
import { type Occurrence, placeOf } from '../messages/occurrence.js';
import { reminderTimes } from './reminder-times.js';
import { insertReminders } from './reminders.store.js';
import { escalationMinutes, lastReminderMinutes, remindAtHalf } from './reminders.settings.js';

/** As the settings are when it is asked for; once, however often it is told. */
export async function scheduleReminders(
  open: OpenContext,
  of: Occurrence,
  settings: Settings,
): Promise<void> {
  const { requestNumber } = of.body;
  const deploymentId = of.subject.id;
  if (typeof requestNumber !== 'number') return;
  const approval = await openApproval(open, deploymentId, requestNumber);
  if (approval === undefined) return;
  const place = placeOf(open.tenantId, of);
  const times = reminderTimes(approval.askedAt, approval.deadlineAt, {
    atHalf: settings.valueOf(remindAtHalf, place),
    lastMinutes: settings.valueOf(lastReminderMinutes, place),
    escalationMinutes: settings.valueOf(escalationMinutes, place),
  });
  await insertReminders(open, { deploymentId, requestNumber }, times);
}
