import { eventType } from '../../../platform/events/event.js';

/** So many entries of before the log have come into it, right before this one. */
export const entriesImported = eventType<{ readonly entries: number }>({
  name: 'audit-entries-imported',
  subject: 'tenant',
  audit: 'tenant',
});

/** The subject is the tenant whose log it is. `count`: so often, since the entry before. */
export const auditLogRead = eventType<{ readonly part: string; readonly count: number }>({
  name: 'audit-log-read',
  subject: 'tenant',
  audit: 'access',
});

/** `from`: the sequence at which it began. */
export const auditLogExported = eventType<{ readonly from: number }>({
  name: 'audit-log-exported',
  subject: 'tenant',
  audit: 'access',
});
