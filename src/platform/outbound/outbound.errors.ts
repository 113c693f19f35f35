import { errorEntry } from '../../kernel/error-entry.js';

/** What a call to an address that somebody has named can answer. None of it says what a name resolves to. */

/** By the text of the address alone. */
export type UrlRule = keyof typeof URL_RULES;

const URL_RULES = {
  length: 'it is too long',
  form: 'write it plainly, like https://host.example/path: a lower-case host in ASCII without a dot at its end, an IP address in its usual form',
  credentials: 'leave out user and password',
  fragment: 'leave out the part from "#" on',
  scheme: 'it must begin with https://, unless the operator has opened its host or network',
  port: 'its port must be 443 or 8443, unless the operator has opened its host or network',
} as const;

export const outboundUrlInvalid = errorEntry({
  code: 'outbound-url-invalid',
  kind: 'unprocessable',
  meaning:
    'An address that Tidegate is to call is not acceptable as it is written; `details.rule` says why. The operator can open hosts and networks with TIDEGATE_OUTBOUND_ALLOW, also for http and other ports.',
  tell: (rule: UrlRule) => ({
    text: `The address cannot be called: ${URL_RULES[rule]}.`,
    details: { rule },
  }),
});

/** One text for all: which names exist inside, and which addresses they have, is nobody's business. */
export const outboundRefused = errorEntry({
  code: 'outbound-refused',
  kind: 'unprocessable',
  meaning:
    'The host of an address has no IP address, or one that may not be called. Check the host; the operator can open private networks with TIDEGATE_OUTBOUND_ALLOW and finds the reason in the log.',
});

export type UnreachableReason = keyof typeof UNREACHABLE;

const UNREACHABLE = {
  connection: 'it refuses or cuts the connection',
  certificate: 'its certificate is not valid for it, or is signed by nobody known here',
  late: 'it did not answer in full in time',
  unknown: 'it does not answer as it should',
} as const;

export const outboundUnreachable = errorEntry({
  code: 'outbound-unreachable',
  kind: 'unavailable',
  meaning:
    'The other side does not answer, or not in full within five seconds. Check that it runs and that its certificate is valid, then try again.',
  tell: (reason: UnreachableReason, cause?: unknown) => ({
    text: `The other side cannot be reached: ${UNREACHABLE[reason]}. Check it, then try again.`,
    details: { reason },
    cause,
  }),
});

export type UnusableReason = keyof typeof UNUSABLE;

const UNUSABLE = {
  redirect: 'it answered with a redirect, which is not followed: give the final address',
  'too-large': 'its answer is too large',
  encoding: 'its answer is compressed, although that was not asked for',
  status: 'it answered with an error',
  json: 'its answer is not JSON that every reader reads alike',
  schema: 'its answer does not have the form that was expected',
} as const;

export const outboundAnswerUnusable = errorEntry({
  code: 'outbound-answer-unusable',
  kind: 'unprocessable',
  meaning:
    'The other side has answered, but with nothing that can be used: `details.reason` says why, `details.status` is its HTTP status.',
  tell: (reason: UnusableReason, status: number) => ({
    text: `The other side's answer cannot be used: ${UNUSABLE[reason]} (HTTP status ${status}).`,
    details: { reason, status },
  }),
});

export const outboundBusy = errorEntry({
  code: 'outbound-busy',
  kind: 'limit',
  meaning:
    'Too many calls to other systems are under way for the tenant, most likely because one of them is slow. Try again as Retry-After says.',
  tell: () => ({
    text: 'Too many calls to other systems are under way. Try again in a few seconds.',
    details: { retryAfterSeconds: 5 },
  }),
});
