import { errorEntry } from '../../../kernel/error-entry.js';

/** What starting without approvals, and the review of it, can answer. */

export const breakGlassOff = errorEntry({
  code: 'break-glass-off',
  kind: 'forbidden',
  meaning:
    'Nobody may start a deployment without its approvals in this environment. An Admin turns it on beforehand with the setting `approvals.break-glass`.',
  tell: (environment: string) => ({
    text: `In "${environment}" nobody may start a deployment without its approvals. An Admin can allow it with the setting approvals.break-glass.`,
    details: { environment, setting: 'approvals.break-glass' },
  }),
});

export const breakGlassNotFound = errorEntry({
  code: 'break-glass-not-found',
  kind: 'not-found',
  meaning: 'The deployment was not started without its approvals: there is nothing to review.',
});

export const breakGlassReviewed = errorEntry({
  code: 'break-glass-reviewed',
  kind: 'conflict',
  meaning: 'It has already been reviewed; `details` says by whom.',
  tell: (by: string) => ({
    text: `${by} has already reviewed this.`,
    details: { by },
  }),
});

export const breakGlassOwnReview = errorEntry({
  code: 'break-glass-own-review',
  kind: 'forbidden',
  meaning:
    'Whoever started a deployment without its approvals, or requested it, cannot review it. Another person who may decide has to.',
});
