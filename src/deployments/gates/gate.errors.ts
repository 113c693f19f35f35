import { errorEntry } from '../../kernel/error-entry.js';
import type { ErrorDetails } from '../../kernel/errors.js';

export const invalidGateParams = errorEntry({
  code: 'invalid-gate-params',
  kind: 'invalid',
  meaning: 'A parameter of the gate is unknown or out of range; `details.problems` names it.',
  tell: (text: string, details?: ErrorDetails) => ({ text, details }),
});

/** Thrown by the registry of gates. */
export const unknownGate = errorEntry({
  code: 'unknown-gate',
  kind: 'invalid',
  meaning: 'There is no such gate. `details.known` lists them.',
});
