import { breakGlassUsed } from '../../../../deployments/approvals/break-glass/break-glass.events.js';
import { isWithin } from '../office-hours.js';
import type { SuspicionKind } from '../suspicion-kind.js';
import { officeHours } from '../suspicion.settings.js';

/** A deployment is started without its approvals when nobody is at work. */
export const breakGlassHoursKind: SuspicionKind = {
  kind: 'break-glass-out-of-hours',
  windowMs: 600_000,
  measure: 'times',
  threshold: null,
  watch: ({ events, settings, clock }, notice) => {
    events.hear(breakGlassUsed, async (open, { body }) => {
      const hours = settings.valueOf(officeHours, { tenantId: open.tenantId });
      if (!isWithin(hours, clock.now())) await notice(open, { who: body.personId });
    });
  },
};
