import { errorEntry } from '../../kernel/error-entry.js';

/** What has a disk of its own, or may have. */
export type StoragePart = 'database' | 'artifacts';

/** Room does not come back in seconds; whoever asks more often only asks. */
const RETRY_AFTER_SECONDS = 30;

const words: Readonly<Record<StoragePart, string>> = {
  database: 'The disk of the database is full.',
  artifacts: 'The disk of the artifacts is full.',
};

export const storageFull = errorEntry({
  code: 'storage-full',
  kind: 'unavailable',
  meaning:
    'A disk of the server is full; `details.part` says which: `database` or `artifacts`. Nothing was changed. Ask the operator for room, then try again: no restart is needed.',
  tell: (part: StoragePart, cause: unknown) => ({
    text: `${words[part]} Nothing was changed. Ask the operator for room, then try again.`,
    details: { part, retryAfterSeconds: RETRY_AFTER_SECONDS },
    cause,
  }),
});
