import { errorEntry } from '../../kernel/error-entry.js';

export const startExpired = errorEntry({
  code: 'start-expired',
  kind: 'conflict',
  meaning: 'The deployment was to start before its `expiresAt`, which has passed. Deploy it again.',
  tell: (detail: string) => `${detail}. Deploy it again, with another expiresAt.`,
});
