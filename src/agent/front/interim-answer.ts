import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import { responseHeaders } from './forward-headers.js';

/** Node writes them by this; it has a public word for 100, 102 and 103 with links only. */
interface Raw {
  _writeRaw(data: string, encoding: 'latin1'): boolean;
}

/** An answer ahead of the real one, such as 103 with its links. Clients of HTTP/1.0 know none. */
export function writeInterim(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  raw: readonly (Buffer | string)[],
): void {
  if (request.httpVersion === '1.0' || response.headersSent || response.destroyed) return;
  const headers = responseHeaders(raw, { hasTrailers: false, isWithoutContent: true });
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`;
  for (let index = 0; index < headers.length; index += 2) {
    text += `${headers[index]}: ${headers[index + 1]}\r\n`;
  }
  (response as unknown as Raw)._writeRaw(`${text}\r\n`, 'latin1');
}
