import type { IncomingMessage } from 'node:http';
import { frontLimits } from './front-limits.js';

/**
 * What Node's parser lets pass although two servers could read it in two ways (request smuggling).
 * Returns the sentence for the client's 400, or undefined when the request may go on.
 */
export function refusalOf(request: IncomingMessage): string | undefined {
  const { rawHeaders, httpVersion } = request;
  if (rawHeaders.length > 2 * frontLimits.requestHeaders) {
    return `More than ${frontLimits.requestHeaders} headers; send fewer.`;
  }
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return 'Use HTTP/1.1.';
  // Absolute-form is in the usual form by now; asterisk-form is for the server itself, not for a module.
  if (request.url?.charCodeAt(0) !== 47) {
    return 'The request target must be a path that starts with "/".';
  }
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
    else if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') {
      if (httpVersion === '1.0') return 'Transfer-Encoding needs HTTP/1.1.';
      if (rawHeaders[index + 1]!.toLowerCase() !== 'chunked') {
        return 'The only supported Transfer-Encoding is "chunked", alone.';
      }
    }
  }
  return hosts > 1 ? 'Send one Host header.' : undefined;
}

/** True when a message body follows, by the framing headers and not by the method. */
export function hasBody(request: IncomingMessage): boolean {
  const { headers } = request;
  if (headers['transfer-encoding'] !== undefined) return true;
  const length = headers['content-length'];
  return length !== undefined && Number(length) > 0;
}

/** It waits for `100 Continue` before it sends its body. Any other expectation has got a 417. */
export function asksFirst({ headers, httpVersion }: IncomingMessage): boolean {
  return httpVersion === '1.1' && headers.expect?.toLowerCase() === '100-continue';
}

/** The headers that undici writes by itself, where it is not asked. */
export function framingOf(request: IncomingMessage): string[] {
  const { headers } = request;
  const isChunked = headers['transfer-encoding'] !== undefined;
  const framing = isChunked ? ['Transfer-Encoding', 'chunked'] : [];
  if (isChunked && headers.trailer !== undefined) framing.push('Trailer', headers.trailer);
  if (asksFirst(request)) framing.push('Expect', '100-continue');
  return framing;
}
