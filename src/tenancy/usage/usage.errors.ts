import { errorEntry } from '../../kernel/error-entry.js';

/** What usage can answer. */

export const usageTooWide = errorEntry({
  code: 'usage-too-wide',
  kind: 'invalid',
  meaning:
    'The days that were asked for have more rows than one answer holds. Ask for fewer days, or by day, module or environment alone.',
  tell: (rows: number, limit: number) => ({
    text: `These days have ${rows} rows, and an answer holds ${limit}. Ask for fewer days, or with by=day, by=module or by=environment.`,
    details: { rows, limit },
  }),
});
