import { HttpException } from '@nestjs/common';
import type { ErrorCode } from '../../kernel/error-entry.js';
import { DomainError, type ErrorDetails } from '../../kernel/errors.js';
import { printable, withoutTokens } from '../../kernel/text.js';
import { statusOf, titleOf } from './error-codes.js';
import * as httpErrors from './http.errors.js';
import * as listenerErrors from './listener.errors.js';

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** RFC 9457, with our stable `code`, the `id` that is in the log, and `details`. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: string;
  readonly id: string;
  readonly details?: ErrorDetails;
}

export interface Answer {
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;
}

interface Where {
  readonly requestId: string;
  readonly url: string;
}

const RETRY_AFTER_SECONDS = 2;

/** What a caller may know of an error. Everything that is not ours to tell becomes `internal-error`. */
export function answerTo(error: unknown, where: Where): Answer {
  const { code, status, detail, details } = tellable(error);
  const problem: Problem = {
    type: `urn:tidegate:error:${code}`,
    title: titleOf(code),
    status,
    detail: withoutTokens(detail),
    // Without the query: values in it are the caller's and may be secret.
    instance: printable(withoutTokens(where.url.split('?')[0] ?? '/').slice(0, 300)),
    code,
    id: where.requestId,
    ...(details ? { details: tellableDetails(details) } : {}),
  };
  return { problem, headers: headersOf(status, details) };
}

interface Tellable {
  readonly code: string;
  readonly status: number;
  readonly detail: string;
  readonly details?: ErrorDetails;
}

function tellable(error: unknown): Tellable {
  if (error instanceof DomainError && error.kind !== 'bug') {
    const declared = byCode.get(error.code);
    const status = declared?.kind === error.kind ? statusOf(declared) : statusOf(error);
    const { code, message: detail, details } = error;
    return { code, status, detail, ...(details ? { details } : {}) };
  }
  // What frameworks throw: only its status is believed, its words are replaced by ours.
  const status = error instanceof HttpException ? error.getStatus() : frameworkStatus(error);
  const known =
    byStatus.get(status) ??
    (status >= 400 && status < 500 ? httpErrors.requestMalformed : httpErrors.internalError);
  return { code: known.code, status: statusOf(known), detail: known.meaning };
}

function tellableDetails(details: ErrorDetails): ErrorDetails {
  const text = JSON.stringify(details);
  const told = withoutTokens(text);
  return told === text ? details : (JSON.parse(told) as ErrorDetails);
}

function frameworkStatus(error: unknown): number {
  const { name, code, statusCode } = (error ?? {}) as Record<string, unknown>;
  const isFastify = name === 'FastifyError' || String(code).startsWith('FST_');
  return isFastify && typeof statusCode === 'number' ? statusCode : 500;
}

function headersOf(status: number, details: ErrorDetails | undefined): Record<string, string> {
  if (status === 401) return { 'www-authenticate': 'Bearer' };
  if (status === 429 || status === 503) {
    const wait = details?.['retryAfterSeconds'];
    const seconds = typeof wait === 'number' && wait > 0 ? Math.ceil(wait) : RETRY_AFTER_SECONDS;
    return { 'retry-after': String(seconds) };
  }
  // What is not there yet, and will be: only where the error says when.
  if (status === 409 && typeof details?.['retryAfterSeconds'] === 'number') {
    return { 'retry-after': String(details['retryAfterSeconds']) };
  }
  const allow = details?.['allow'];
  if (status === 405 && Array.isArray(allow)) return { allow: allow.join(', ') };
  return {};
}

const listed: readonly ErrorCode[] = [httpErrors, listenerErrors].flatMap((of): ErrorCode[] =>
  Object.values(of),
);
const byCode = new Map(listed.map((error) => [error.code, error]));

/** What stands for a status of a framework, whose own words say nothing of what to do next. */
const byStatus = new Map<number, ErrorCode>(
  [
    httpErrors.requestMalformed,
    httpErrors.unauthenticated,
    httpErrors.forbidden,
    httpErrors.routeNotFound,
    httpErrors.methodNotAllowed,
    httpErrors.notAcceptable,
    httpErrors.requestTimeout,
    httpErrors.bodyTooLarge,
    httpErrors.uriTooLong,
    httpErrors.unsupportedMediaType,
    httpErrors.headersTooLarge,
    httpErrors.tooManyRequests,
    httpErrors.serviceUnavailable,
  ].map((error) => [statusOf(error), error]),
);
