import { eventType } from '../../../platform/events/event.js';

/** So many entries of before the log have come into it, right before this one. */
export const entriesImported = eventType<{ readonly entries: number }>({
  name: 'audit-entries-imported',
  subject: 'tenant',
  audit: 'tenant',
});
