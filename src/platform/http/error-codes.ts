import type { ErrorCode } from '../../kernel/error-entry.js';
import type { ErrorKind } from '../../kernel/errors.js';

/** The one table from kind to HTTP status. */
export const statusOfKind: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  precondition: 412,
  'too-large': 413,
  unprocessable: 422,
  'precondition-required': 428,
  limit: 429,
  unavailable: 503,
  bug: 500,
};

export function statusOf(error: Pick<ErrorCode, 'kind' | 'status'>): number {
  return error.status ?? statusOfKind[error.kind];
}

/** `module-not-found` → `Module not found`: the same for every occurrence, as RFC 9457 wants it. */
export function titleOf(code: string): string {
  const words = code.replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
