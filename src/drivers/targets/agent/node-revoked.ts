import { DomainError } from '../../../kernel/errors.js';

export function nodeRevoked(): DomainError {
  return new DomainError(
    'unauthenticated',
    'node-revoked',
    'This node was revoked. To bring it back, remove identity.json and node.key from the agent’s folder and enrol it again.',
  );
}
