import { errorEntry } from '../../kernel/error-entry.js';

export const targetHeld = errorEntry({
  code: 'target-held',
  kind: 'conflict',
  meaning:
    'A person has rolled the module back on that cluster: machines deploy nothing there until a person releases the hold (`DELETE /holds/{id}`); people do, with a `reason`.',
  tell: (detail: string) => ({
    text: `${detail}. A person may release it (npx tidegate holds list), or deploy with a reason.`,
  }),
});

export const holdNotFound = errorEntry({
  code: 'hold-not-found',
  kind: 'not-found',
  meaning: 'There is no hold with this id, or it is not yours, or it was released before.',
  tell: () => 'There is no such hold, or it was released before. See GET /api/v1/holds.',
});
