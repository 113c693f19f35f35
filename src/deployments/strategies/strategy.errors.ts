import { errorEntry } from '../../kernel/error-entry.js';

export const planNotPossible = errorEntry({
  code: 'plan-not-possible',
  kind: 'conflict',
  meaning:
    'Every possible plan would leave fewer serving nodes than the cluster’s minAvailable. Nodes whose release is down do not serve, and may be moved.',
  tell: (text: string) => text,
});

/** Thrown by the registry of strategies. */
export const unknownStrategy = errorEntry({
  code: 'unknown-strategy',
  kind: 'invalid',
  meaning: 'There is no such strategy. `details.known` lists them.',
});
