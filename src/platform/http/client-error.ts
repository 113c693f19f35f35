import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { ErrorCode } from '../../kernel/error-entry.js';
import { newId } from '../../kernel/ids.js';
import type { Logger } from '../logging/logger.js';
import type { HttpMetrics } from '../metrics/http.metrics.js';
import { statusOf, titleOf } from './error-codes.js';
import { headersTooLarge, requestMalformed, requestTimeout } from './http.errors.js';
import { tellRefusal } from './tell-refusal.js';

const ERRORS: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: headersTooLarge,
  ERR_HTTP_REQUEST_TIMEOUT: requestTimeout,
};

/**
 * The client has closed its side in the middle of a request. It may still read, so it is answered; if
 * there was a whole head, the request counts its client as gone by itself.
 */
const ENDED_TOO_SOON = 'HPE_INVALID_EOF_STATE';

interface Reports {
  readonly logger: Logger;
  readonly observe: HttpMetrics;
}

export type ClientErrorHandler = (error: Error & { code?: string }, socket: Socket) => void;

/** Bytes that are no request at all: the answer is written by hand, in the shape of all the others. */
export function clientErrorHandler({ logger, observe }: Reports): ClientErrorHandler {
  return (error, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const declared = ERRORS[error.code ?? ''] ?? requestMalformed;
    const { code } = declared;
    const status = statusOf(declared);
    const requestId = newId();
    if (error.code === ENDED_TOO_SOON) logger.debug({ requestId }, 'a client went away');
    else {
      tellRefusal(logger, 'request', { requestId, status, code }, error);
      observe.refused(code);
    }
    socket.end(rawAnswer(status, declared, requestId));
  };
}

function rawAnswer(status: number, { code, meaning }: ErrorCode, id: string): string {
  const body = JSON.stringify({
    type: `urn:tidegate:error:${code}`,
    title: titleOf(code),
    status,
    detail: meaning,
    instance: '/',
    code,
    id,
  });
  return (
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}\r\n` +
    'Content-Type: application/problem+json; charset=utf-8\r\n' +
    `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`
  );
}
