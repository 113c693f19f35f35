import type { ErrorCode } from './error-codes.js';

/** What the platform itself can answer on any route. */
export const httpErrors = [
  {
    code: 'validation-failed',
    kind: 'invalid',
    meaning:
      'The body, query or path does not have the required form. `details.fields` names each place and what is wrong with it.',
  },
  {
    code: 'json-malformed',
    kind: 'invalid',
    meaning: 'The body is not JSON in UTF-8.',
  },
  {
    code: 'json-unacceptable',
    kind: 'invalid',
    meaning:
      'The body is JSON, but of a sort that systems read differently: a key twice, `__proto__`, a number that would be rounded, U+0000, a lone surrogate, or nesting or a number of members beyond the limit of the route.',
  },
  {
    code: 'request-malformed',
    kind: 'invalid',
    meaning: 'The request is not proper HTTP, or its path is not properly encoded.',
  },
  {
    code: 'cursor-invalid',
    kind: 'invalid',
    meaning:
      'The cursor is not one of ours or belongs to a list with another filter. Start without one.',
  },
  {
    code: 'idempotency-key-reused',
    kind: 'unprocessable',
    meaning: 'The Idempotency-Key was used with another body. Use a new key for a new request.',
  },
  {
    code: 'idempotency-key-in-flight',
    kind: 'conflict',
    meaning: 'A request with this Idempotency-Key is still being worked on. Repeat it in a moment.',
  },
  {
    code: 'unauthenticated',
    kind: 'unauthenticated',
    meaning: 'The request carries no valid credentials. Sign in and send the token.',
  },
  {
    code: 'permission-missing',
    kind: 'forbidden',
    meaning: 'Your role or key lacks the permission that `details.permission` names.',
  },
  {
    code: 'forbidden',
    kind: 'forbidden',
    meaning: 'The route is not for callers of your sort.',
  },
  {
    code: 'route-not-found',
    kind: 'not-found',
    meaning: 'There is no such path. The operations are listed at /api/docs.',
  },
  {
    code: 'method-not-allowed',
    kind: 'invalid',
    status: 405,
    meaning: 'The path exists, but not with this method. The Allow header lists the methods.',
  },
  {
    code: 'not-acceptable',
    kind: 'invalid',
    status: 406,
    meaning: 'The body is not of the form that the route takes, such as multipart.',
  },
  {
    code: 'request-timeout',
    kind: 'invalid',
    status: 408,
    meaning: 'The request did not arrive in time. Send it again.',
  },
  {
    code: 'body-too-large',
    kind: 'too-large',
    meaning: 'The body is larger than the route takes.',
  },
  {
    code: 'uri-too-long',
    kind: 'invalid',
    status: 414,
    meaning: 'The path or a part of it is too long.',
  },
  {
    code: 'unsupported-media-type',
    kind: 'invalid',
    status: 415,
    meaning: 'Send the body as application/json, or as the multipart form where the route says so.',
  },
  {
    code: 'headers-too-large',
    kind: 'invalid',
    status: 431,
    meaning: 'The headers of the request are too large.',
  },
  {
    code: 'too-many-requests',
    kind: 'limit',
    meaning:
      'Too many requests without an account from this address, or from all of them together. Wait as long as Retry-After says.',
  },
  {
    code: 'downloads-limit',
    kind: 'limit',
    meaning:
      'You have as many downloads under way as one caller may have. Wait until one has ended, or read faster.',
  },
  {
    code: 'downloads-full',
    kind: 'unavailable',
    meaning: 'The server is sending as many downloads as it can. Try again as Retry-After says.',
  },
  {
    code: 'service-unavailable',
    kind: 'unavailable',
    meaning: 'The process is starting or stopping. Try again as Retry-After says.',
  },
  {
    code: 'database-unavailable',
    kind: 'unavailable',
    meaning:
      'The database does not answer, or not in time. Nothing was changed. Try again in a few seconds.',
  },
  {
    code: 'commit-unknown',
    kind: 'unavailable',
    meaning:
      'The database was lost while the change was being saved: it may or may not have happened. Repeat the request with the same Idempotency-Key.',
  },
  {
    code: 'internal-error',
    kind: 'bug',
    meaning: 'A mistake of ours. The log has the details under the `id` of the answer.',
  },
] as const satisfies readonly ErrorCode[];
