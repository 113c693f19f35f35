import type { ErrorKind } from '../../kernel/errors.js';

/**
 * A code that clients may see. Each feature lists its own in `<noun>.errors.ts`; the OpenAPI
 * document and docs/errors.md are made from those lists (apps/api/error-lists.ts names them all).
 */
export interface ErrorCode {
  /** Stable and kebab-case. */
  readonly code: string;
  readonly kind: ErrorKind;
  /** One or two sentences: when it comes and what to do about it. */
  readonly meaning: string;
  /** Only for what HTTP itself refuses and no kind stands for (405, 415, …). */
  readonly status?: number;
}

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

export type ErrorCatalog = ReadonlyMap<string, ErrorCode>;

/** Joins the features' lists. Throws when a code is declared twice. */
export function errorCatalog(lists: readonly (readonly ErrorCode[])[]): ErrorCatalog {
  const catalog = new Map<string, ErrorCode>();
  for (const error of lists.flat()) {
    if (catalog.has(error.code)) throw new Error(`the error "${error.code}" is declared twice`);
    catalog.set(error.code, error);
  }
  return catalog;
}

/** `module-not-found` → `Module not found`: the same for every occurrence, as RFC 9457 wants it. */
export function titleOf(code: string): string {
  const words = code.replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
