import type { IncomingMessage } from 'node:http';
import { networksOf } from '../../kernel/networks.js';
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
      'Host',
      'shop',
      'X-Forwarded-For',
      '192.0.2.7',
      'X-Forwarded-Proto',
      'http',
      'X-Forwarded-Host',
      'shop',
      'X-Real-IP',
      '192.0.2.7',
    ]);
  });

  it('believe a trusted proxy, and add it to the chain', () => {
    const trust = (address: string) => address === '192.0.2.7';
    expect(requestHeaders(requestOf(claimed, '192.0.2.7'), trust)).toEqual([
      'Host',
      'shop',
      'X-Forwarded-Proto',
      'https',
      'X-Forwarded-For',
      '6.6.6.6, 192.0.2.7',
      'X-Forwarded-Host',
      'shop',
      'X-Real-IP',
      '6.6.6.6',
    ]);
  });

  const told = (raw: string[], peer: string, networks: string[]) => {
    const sent = requestHeaders(requestOf(raw, peer), networksOf(networks));
    const headers: Record<string, string> = {};
    for (let index = 0; index < sent.length; index += 2) {
      const name = sent[index]!.toLowerCase();
      expect(headers).not.toHaveProperty([name]);
      headers[name] = sent[index + 1]!;
    }
    return headers;
  };
  const proxies = ['10.0.0.0/8', '2001:db8::/32'];

  it('leave nothing of what a stranger says in any of the forms', () => {
    const lies = [
      'Forwarded',
      'for=6.6.6.6',
      'X-Real-IP',
      '6.6.6.6',
      'x-forwarded',
      '6.6.6.6',
      'X_Forwarded_For',
      '6.6.6.6',
      'X-Forwarded_For',
      '6.6.6.6',
      'x_real_ip',
      '6.6.6.6',
      'X_FORWARDED_PROTO',
      'https',
      'X-Forwarded-Port',
      '443',
      'X-Forwarded-Prefix',
      '/6.6.6.6',
    ];
    expect(told(['Host', 'shop', ...lies], '::ffff:192.0.2.7', proxies)).toEqual({
      host: 'shop',
      'x-forwarded-host': 'shop',
      'x-forwarded-proto': 'http',
      'x-forwarded-for': '192.0.2.7',
      'x-real-ip': '192.0.2.7',
    });
  });

  it('let what a trusted proxy says pass, and extend it', () => {
    const said = [
      'Host',
      'shop',
      'X-Forwarded-For',
      '203.0.113.9',
      'X-Forwarded-For',
      '10.0.0.1',
      'X-Forwarded-Proto',
      'https',
      'X-Forwarded-Port',
      '443',
      'X-Forwarded-Host',
      'shop.eu',
      'Forwarded',
      'for=203.0.113.9;proto=https',
      'X-Real-IP',
      '203.0.113.9',
    ];
    expect(told(said, '::ffff:10.0.0.2', proxies)).toEqual({
      host: 'shop',
      'x-forwarded-for': '203.0.113.9, 10.0.0.1, 10.0.0.2',
      'x-forwarded-proto': 'https',
      'x-forwarded-port': '443',
      'x-forwarded-host': 'shop.eu',
      'x-real-ip': '203.0.113.9',
      forwarded: 'for=203.0.113.9;proto=https, for=10.0.0.2;host="shop";proto=http',
    });
    const ipv6 = told(['Host', 'a', 'Forwarded', 'for=_x'], '2001:db8::7', proxies);
    expect(ipv6.forwarded).toBe('for=_x, for="[2001:db8::7]";host="a";proto=http');
    expect(ipv6['x-forwarded-for']).toBe('2001:db8::7');
  });

  it('name the client that no trusted proxy is, and never one that a client has made up', () => {
    const chain = (value: string) =>
      told(['Host', 'a', 'X-Forwarded-For', value], '10.0.0.2', proxies)['x-real-ip'];
    expect(chain('6.6.6.6, 203.0.113.9, 10.0.0.1')).toBe('203.0.113.9');
    expect(chain('10.0.0.7, 10.0.0.1')).toBe('10.0.0.2');
    expect(chain('203.0.113.9, nonsense')).toBe('10.0.0.2');
    expect(chain('')).toBe('10.0.0.2');
  });

  it('pass on nothing in disguise, which a proxy may have taken from its client', () => {
    const headers = told(['Host', 'a', 'X_Forwarded_For', '6.6.6.6'], '10.0.0.2', proxies);
    expect(headers).not.toHaveProperty('x_forwarded_for');
  });

  it('are made for a peer that is gone already, or has an address of a link', () => {
    expect(told(['Host', 'a'], undefined as never, proxies)['x-forwarded-for']).toBe('unknown');
    expect(told(['Host', 'a'], 'fe80::1%eth0', ['fe80::/10'])['x-forwarded-for']).toBe('fe80::1');
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
