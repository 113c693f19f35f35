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

/** Entries `from` up to the one before `to`: all of them, or those that the filter chooses. */
export const auditLogExported = eventType<{
  readonly from: number;
  readonly to: number;
  readonly filter: Readonly<Record<string, string>> | null;
}>({
  name: 'audit-log-exported',
  subject: 'tenant',
  audit: 'access',
});
