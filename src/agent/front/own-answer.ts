import type { ServerResponse } from 'node:http';
import { frontLimits } from './front-limits.js';

/** The answers that the front gives itself, in plain text: nobody but a client reads them. */
const TEXTS: Readonly<Record<number, string>> = {
  502: 'The service closed the connection or could not be reached. Try again.',
  503: 'No instance of the service is running. Try again shortly.',
  504: 'The service did not answer in time. Try again later.',
};

export const UNREADABLE =
  "The service's answer broke off at its beginning, or is not valid HTTP. It was not asked again.";

export interface OwnAnswer {
  readonly status: 400 | 502 | 503 | 504;
  readonly text?: string;
  readonly close: boolean;
}

export function answer(response: ServerResponse, { status, text, close }: OwnAnswer): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const body = `${text ?? TEXTS[status] ?? ''}\n`;
  const headers = ['Content-Type', 'text/plain; charset=utf-8'];
  headers.push('Content-Length', String(Buffer.byteLength(body)));
  if (status === 503) headers.push('Retry-After', String(frontLimits.retryAfterSeconds));
  if (close) headers.push('Connection', 'close');
  response.writeHead(status, headers);
  response.end(body);
}
