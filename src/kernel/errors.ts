/**
 * One error class for everything a caller can be told. `kind` decides transport status, retry and
 * log level (one table per transport); `code` is stable and kebab-case; `message` says what to do next.
 */
export type ErrorKind =
  | 'invalid' // the request is malformed: 400
  | 'unauthenticated' // who are you: 401
  | 'forbidden' // you may not: 403
  | 'not-found' // not there, or not yours: 404
  | 'conflict' // the present state does not allow it: 409
  | 'precondition' // an If-Match that no longer matches: 412
  | 'too-large' // over a size limit: 413
  | 'unprocessable' // well-formed, but not acceptable: 422
  | 'precondition-required' // If-Match missing: 428
  | 'limit' // too many, too often: 429
  | 'unavailable' // try again later: 503
  | 'bug'; // our mistake: 500

export type ErrorDetails = Record<string, unknown>;

export class DomainError extends Error {
  readonly details: ErrorDetails | undefined;

  constructor(
    readonly kind: ErrorKind,
    readonly code: string,
    message: string,
    options: { details?: ErrorDetails; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'DomainError';
    this.details = options.details;
  }
}

/** Thrown by a step to say "never try this again"; every other error counts toward the retry limit. */
export class TerminalError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly details?: ErrorDetails,
  ) {
    super(message);
    this.name = 'TerminalError';
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
