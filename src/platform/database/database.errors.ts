import { errorEntry } from '../../kernel/error-entry.js';

export const databaseUnavailable = errorEntry({
  code: 'database-unavailable',
  kind: 'unavailable',
  meaning:
    'The database does not answer, or not in time. Nothing was changed. Try again in a few seconds.',
  tell: (why: string, cause: unknown) => ({ text: `${why} Try again in a few seconds.`, cause }),
});

export const commitUnknown = errorEntry({
  code: 'commit-unknown',
  kind: 'unavailable',
  meaning:
    'The database was lost while the change was being saved: it may or may not have happened. Repeat the request with the same Idempotency-Key.',
  tell: (cause: unknown) => ({
    text: 'The database was lost while the change was being saved. Repeat the request with the same Idempotency-Key.',
    cause,
  }),
});
