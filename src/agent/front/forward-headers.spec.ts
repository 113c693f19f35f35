import type { IncomingMessage } from 'node:http';
import { requestHeaders, responseHeaders } from './forward-headers.js';

function requestOf(raw: string[], remoteAddress: string): IncomingMessage {
  const headers: Record<string, string> = {};
  for (let index = 0; index < raw.length; index += 2) {
    headers[raw[index]!.toLowerCase()] = raw[index + 1]!;
  }
  return { rawHeaders: raw, headers, socket: { remoteAddress } } as unknown as IncomingMessage;
}

describe('the headers of the next hop', () => {
  const claimed = ['Host', 'shop', 'X-Forwarded-For', '6.6.6.6', 'X-Forwarded-Proto', 'https'];

  it('replace what a stranger claims about the client', () => {
    expect(requestHeaders(requestOf(claimed, '::ffff:192.0.2.7'), () => false)).toEqual([
      ...['Host', 'shop', 'X-Forwarded-For', '192.0.2.7', 'X-Forwarded-Proto', 'http'],
      ...['X-Forwarded-Host', 'shop'],
    ]);
  });

  it('believe a trusted proxy, and add it to the chain', () => {
    const trust = (address: string) => address === '192.0.2.7';
    expect(requestHeaders(requestOf(claimed, '192.0.2.7'), trust)).toEqual([
      ...['Host', 'shop', 'X-Forwarded-Proto', 'https'],
      ...['X-Forwarded-For', '6.6.6.6, 192.0.2.7', 'X-Forwarded-Host', 'shop'],
    ]);
  });

  it('cannot be stripped of ours by Connection', () => {
    const raw = ['Host', 'shop', 'Connection', 'x-forwarded-for, authorization, content-length'];
    const sent = ['Authorization', 'secret', 'Content-Length', '3'];
    const headers = requestHeaders(requestOf([...raw, ...sent], '192.0.2.7'), () => false);
    expect(headers).toEqual(expect.arrayContaining([...sent, 'X-Forwarded-For']));
  });

  it('keep repeated headers of an answer apart and in order', () => {
    const raw = ['Set-Cookie', 'a', 'Connection', 'close, X-Hop', 'X-Hop', '1', 'Set-Cookie', 'b'];
    const buffers = raw.map((text) => Buffer.from(text, 'latin1'));
    expect(responseHeaders(buffers)).toEqual(['Set-Cookie', 'a', 'Set-Cookie', 'b']);
  });
});
