import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { newId } from '../../kernel/ids.js';
import { withoutTokens } from '../../kernel/text.js';

const REQUEST_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})$/;

/** The caller's X-Request-Id when it is harmless, else a new one. */
export function requestIdOf(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id'];
  if (typeof given !== 'string' || !REQUEST_ID.test(given)) return newId();
  // Somebody's key under a wrong name would be in each line of the log.
  return withoutTokens(given) === given ? given : newId();
}

export interface Trace {
  readonly traceId: string;
  /** The header that goes out: the caller's trace with a span of our own. */
  readonly traceparent: string;
}

/** Continues the caller's W3C trace, or begins one. */
export function traceOf(traceparent: string | string[] | undefined): Trace {
  const match = typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent) : null;
  const traceId = match?.[1] ?? randomBytes(16).toString('hex');
  const flags = match?.[2] ?? '00';
  return { traceId, traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-${flags}` };
}
