import { DomainError } from '../../kernel/errors.js';

export function accessUndeclared(): DomainError {
  return new DomainError(
    'forbidden',
    'access-undeclared',
    'This operation does not say who may call it, so nobody may. Report it to the operator.',
  );
}
