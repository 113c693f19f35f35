import { DomainError } from '../../../kernel/errors.js';

export function nodeRevoked(): DomainError {
  return new DomainError(
    'unauthenticated',
    'node-revoked',
    'This node was revoked. To bring it back, remove its identity and enrol it again.',
  );
}
