import type { ErrorDetails } from '../../kernel/errors.js';
import { limits } from '../../kernel/limits.js';
import type { GrantTarget } from '../../kernel/grants.js';
import {
  type Permission,
  permissionsOfRole,
  PLATFORM_PERMISSIONS,
  ROLES,
} from '../../kernel/permission.js';
import { errorEntry } from '../../kernel/error-entry.js';

/** What the platform itself can answer on any route. */

export const validationFailed = errorEntry({
  code: 'validation-failed',
  kind: 'invalid',
  meaning:
    'The body, query or path does not have the required form. `details.fields` names each place and what is wrong with it.',
  tell: (text: string, more: { details?: ErrorDetails; cause?: unknown } = {}) => ({
    text,
    ...more,
  }),
});

export const jsonMalformed = errorEntry({
  code: 'json-malformed',
  kind: 'invalid',
  meaning: 'The body is not JSON in UTF-8.',
  tell: (text: string) => text,
});

export const jsonUnacceptable = errorEntry({
  code: 'json-unacceptable',
  kind: 'invalid',
  meaning:
    'The body is JSON that systems read differently: a key twice, `__proto__`, a number that would be rounded, U+0000, a lone surrogate, or nesting or a number of members beyond the limit of the route.',
  tell: (text: string) => text,
});

export const requestMalformed = errorEntry({
  code: 'request-malformed',
  kind: 'invalid',
  meaning: 'The request is not proper HTTP, or its path is not properly encoded.',
});

export const cursorInvalid = errorEntry({
  code: 'cursor-invalid',
  kind: 'invalid',
  meaning: 'The cursor is not valid, or belongs to a list with another filter. Start without one.',
  tell: (reason: 'unreadable' | 'another-filter' = 'unreadable') =>
    reason === 'unreadable'
      ? 'This is not a valid cursor. Use `nextCursor` of the page before, or start without one.'
      : 'The cursor belongs to a list with another filter. Repeat the filter, or start without a cursor.',
});

export const idempotencyKeyReused = errorEntry({
  code: 'idempotency-key-reused',
  kind: 'unprocessable',
  meaning: 'The Idempotency-Key was used with another body. Use a new key for a new request.',
});

export const idempotencyKeyInFlight = errorEntry({
  code: 'idempotency-key-in-flight',
  kind: 'conflict',
  meaning: 'A request with this Idempotency-Key is still being worked on. Repeat it in a moment.',
});

export const unauthenticated = errorEntry({
  code: 'unauthenticated',
  kind: 'unauthenticated',
  meaning: 'The request carries no valid credentials. Sign in and send the token.',
  tell: (text?: string) =>
    text ?? 'Sign in first: send "Authorization: Bearer <access token>" with a valid token.',
});

export const tenantSuspended = errorEntry({
  code: 'tenant-suspended',
  kind: 'forbidden',
  meaning:
    'The tenant is suspended: it can be read, and its rollouts can be paused, cancelled and rolled back; nothing else can be changed. Only the operator of the platform can activate it.',
  tell: () =>
    'The tenant is suspended: nothing can be changed in it, but rollouts can be paused, cancelled and rolled back. Ask the operator of this platform to activate it.',
});

export const tenantNotReady = errorEntry({
  code: 'tenant-not-ready',
  kind: 'conflict',
  meaning:
    'The tenant is being provisioned: it can be read, and changed when that is done. `GET /tenants/{id}` says how far it is.',
});

export const tenantDeleting = errorEntry({
  code: 'tenant-deleting',
  kind: 'forbidden',
  meaning: 'The tenant is deleted. Restore it first, as long as that is possible.',
});

export const permissionMissing = errorEntry({
  code: 'permission-missing',
  kind: 'forbidden',
  meaning:
    'Your roles or your key lack the permission that `details.permission` names, or have it for other modules or environments than `details.module` and `details.environment`. `details.roles` are the built-in roles that have it; anybody who holds `roles:manage` can give roles.',
  tell: (permission: Permission, { module, environment }: GrantTarget = {}) => {
    const roles = ROLES.filter((role) => permissionsOfRole[role].includes(permission));
    const where = [module && ` for module "${module}"`, environment && ` in "${environment}"`];
    const giver = PLATFORM_PERMISSIONS.includes(permission)
      ? 'The operator of the platform'
      : 'An Admin of the tenant';
    return {
      text: `You need the permission "${permission}"${where.filter(Boolean).join('')}. ${giver} can give you a role that has it: ${roles.join(', ')}.`,
      details: {
        permission,
        ...(module === undefined ? {} : { module }),
        ...(environment === undefined ? {} : { environment }),
        roles,
      },
    };
  },
});

export const forbidden = errorEntry({
  code: 'forbidden',
  kind: 'forbidden',
  meaning: 'The route is not for this kind of caller.',
  tell: () => 'Only enrolled nodes may call this route.',
});

export const routeNotFound = errorEntry({
  code: 'route-not-found',
  kind: 'not-found',
  meaning: 'There is no such path. The operations are listed at /api/docs.',
});

export const methodNotAllowed = errorEntry({
  code: 'method-not-allowed',
  kind: 'invalid',
  status: 405,
  meaning: 'The path exists, but not with this method. The Allow header lists the methods.',
  tell: (method: string, allow: readonly string[]) => ({
    text: `This path does not take ${method.slice(0, 20)}. It takes ${allow.join(', ')}.`,
    details: { allow },
  }),
});

export const notAcceptable = errorEntry({
  code: 'not-acceptable',
  kind: 'invalid',
  status: 406,
  meaning: 'The route does not take a body of this form, such as multipart.',
});

export const requestTimeout = errorEntry({
  code: 'request-timeout',
  kind: 'invalid',
  status: 408,
  meaning: 'The request did not arrive in time. Send it again.',
});

export const bodyTooLarge = errorEntry({
  code: 'body-too-large',
  kind: 'too-large',
  meaning: 'The body is larger than the route takes.',
});

export const uriTooLong = errorEntry({
  code: 'uri-too-long',
  kind: 'invalid',
  status: 414,
  meaning: 'The path or a part of it is too long.',
});

export const unsupportedMediaType = errorEntry({
  code: 'unsupported-media-type',
  kind: 'invalid',
  status: 415,
  meaning: 'Send the body as application/json, or as the multipart form where the route says so.',
  tell: () => 'This route takes application/json, not a form.',
});

export const headersTooLarge = errorEntry({
  code: 'headers-too-large',
  kind: 'invalid',
  status: 431,
  meaning: 'The headers of the request are too large.',
});

export const tooManyRequests = errorEntry({
  code: 'too-many-requests',
  kind: 'limit',
  meaning:
    'Too many requests without an account from this address, or from all of them together. Wait as long as Retry-After says.',
  tell: (what: string, seconds: number) => {
    const retryAfterSeconds = Math.max(1, Math.ceil(seconds));
    return {
      text: `${what}. Try again in ${retryAfterSeconds} s.`,
      details: { retryAfterSeconds },
    };
  },
});

export const downloadsLimit = errorEntry({
  code: 'downloads-limit',
  kind: 'limit',
  meaning:
    'You have as many downloads under way as one caller may have. Wait until one has ended, or read faster.',
  tell: (underWay: number) => ({
    text: `You have ${underWay} downloads under way. Wait until one has ended.`,
    details: { retryAfterSeconds: DOWNLOAD_RETRY_SECONDS },
  }),
});

export const downloadsFull = errorEntry({
  code: 'downloads-full',
  kind: 'unavailable',
  meaning: 'The server is sending as many downloads as it can. Try again as Retry-After says.',
  tell: () => ({
    text: `This server is sending ${limits.streamsPerProcess} downloads already. Try again in a few seconds.`,
    details: { retryAfterSeconds: DOWNLOAD_RETRY_SECONDS },
  }),
});

export const serviceUnavailable = errorEntry({
  code: 'service-unavailable',
  kind: 'unavailable',
  meaning: 'The process is starting or stopping. Try again as Retry-After says.',
});

export const internalError = errorEntry({
  code: 'internal-error',
  kind: 'bug',
  meaning: 'A bug in Tidegate. The log has the details under the `id` of the answer.',
});

export const ifMatchRequired = errorEntry({
  code: 'if-match-required',
  kind: 'precondition-required',
  meaning: 'Send If-Match with the version that you have read.',
  tell: () => 'Send If-Match with the version that you have read, such as If-Match: "3".',
});

export const versionMismatch = errorEntry({
  code: 'version-mismatch',
  kind: 'precondition',
  meaning: 'The resource has been changed since you read it. Read it again and repeat the change.',
  tell: (version: number) => ({
    text: `It has been changed in the meantime and is at version ${version} now. Read it again and repeat your change.`,
    details: { version },
  }),
});

const DOWNLOAD_RETRY_SECONDS = 5;

export const peopleOnly = errorEntry({
  code: 'people-only',
  kind: 'forbidden',
  meaning: 'Only people with a session may do this, not an access key, a pipeline or a directory.',
  tell: () => 'Only people can do this. Sign in with your own account.',
});

function waysToProve(methods: readonly string[], identityProvider: string | null): string {
  const ways = [
    ...(methods.length > 0
      ? [`POST /api/v1/authentication/step-up with one of ${methods.join(', ')}`]
      : []),
    ...(identityProvider === null
      ? []
      : [`at your identity provider, by POST /api/v1/me/identities/${identityProvider}/prove`]),
  ];
  return ways.length > 0 ? ways.join('; or ') : 'sign in again';
}

export const stepUpRequired = errorEntry({
  code: 'step-up-required',
  kind: 'forbidden',
  meaning:
    'This needs a proof, not older than five minutes, that it is you. Give one to `POST /authentication/step-up`, as `details.methods` says, or at `details.identityProvider`, which vouches for you, by `POST /me/identities/{id}/prove`; then repeat the request.',
  tell: (methods: readonly string[], identityProvider: string | null = null) => ({
    text: `Confirm that it is you: ${waysToProve(methods, identityProvider)}, then repeat this within five minutes.`,
    details: { methods, ...(identityProvider === null ? {} : { identityProvider }) },
  }),
});

export const mfaEnrollmentRequired = errorEntry({
  code: 'mfa-enrollment-required',
  kind: 'forbidden',
  meaning:
    'The tenant requires a second factor of your role, and you have none yet. Enrol one (`/me/mfa/totp` or `/me/passkeys`); until then nothing else is open to you.',
  tell: () =>
    'This tenant requires a second factor of your role. Enrol one first: an authenticator app (POST /api/v1/me/mfa/totp) or a passkey (POST /api/v1/me/passkeys).',
});
