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

/** Entries of a month lie in a file of the archive, read back and verified: its digest stands in the log. */
export const auditLogArchived = eventType<{
  readonly month: string;
  readonly from: number;
  readonly size: number;
  readonly digest: string;
}>({ name: 'audit-log-archived', subject: 'tenant', audit: 'tenant' });

/** In the log of the platform: all tenants' entries of the month are archived, and in the archive alone. */
export const auditMonthDropped = eventType<{ readonly month: string }>({
  name: 'audit-month-dropped',
  subject: 'audit-month',
  audit: 'tenant',
});
