import { isIPv4, isIPv6 } from 'node:net';
import type { HasAddress } from '../../kernel/networks.js';

/**
 * Whose request it is, for budgets, the audit log and the log alike: the peer of the connection, or
 * the client that a proxy of TIDEGATE_TRUSTED_PROXIES tells in X-Forwarded-For.
 */
interface Addressed {
  /**
   * Fastify's: it has walked X-Forwarded-For up to the first address that is not trusted. A connection
   * that was reset before we looked has none, whatever Fastify's type says.
   */
  readonly ip: string | undefined;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/** Nobody's address: whoever hides it shares one budget. */
const NOWHERE = '0.0.0.0';

/** In one spelling. What a proxy tells and is no address (`unknown`) is the proxy's own. */
export function clientAddressOf(request: Addressed): string {
  return (
    plainAddress(request.ip ?? '') ?? plainAddress(request.socket.remoteAddress ?? '') ?? NOWHERE
  );
}

/** What a socket's handshake knows: Fastify has not seen it. */
interface Handshaken {
  /** Of the peer. */
  readonly address: string;
  /** X-Forwarded-For. */
  readonly forwardedFor: string | undefined;
}

/** As Fastify finds it: the last hop that is none of our proxies. */
export function handshakeAddressOf(
  { address, forwardedFor }: Handshaken,
  isTrusted: HasAddress,
): string {
  const hops = forwardedFor === undefined ? [] : forwardedFor.split(',');
  let hop = address;
  while (isTrusted(plainAddress(hop) ?? NOWHERE)) {
    const before = hops.pop();
    if (before === undefined) break;
    hop = before;
  }
  return clientAddressOf({ ip: hop, socket: { remoteAddress: address } });
}

/** What is one client at most: an IPv4 address, or the /64 in which a host makes up its own. */
export function hostOf(address: string): string {
  return prefixOf(address, 4, 4);
}

/** What one holder easily has all of: an IPv4 /24, an IPv6 /48. */
export function networkOf(address: string): string {
  return prefixOf(address, 3, 3);
}

function prefixOf(address: string, bytes: number, groups: number): string {
  const plain = plainAddress(address) ?? NOWHERE;
  if (isIPv4(plain)) {
    const kept = plain.split('.').slice(0, bytes);
    return kept.length === 4 ? plain : `${kept.join('.')}.0/${bytes * 8}`;
  }
  return `${groupsOf(plain).slice(0, groups).join(':')}::/${groups * 16}`;
}

/** Some proxies append the port; an IPv4 client on an IPv6 socket is an IPv4 client. */
function plainAddress(text: string): string | null {
  const bare = text
    .trim()
    .replace(/^\[([^\]]*)\](:\d+)?$/, '$1')
    .replace(/%.*$/, '');
  const address = bare.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1');
  if (isIPv4(address)) return address;
  if (!isIPv6(address)) return null;
  const groups = groupsOf(address);
  const isMapped = groups.slice(0, 5).every((group) => group === '0') && groups[5] === 'ffff';
  if (!isMapped) return groups.join(':');
  const bytes = groups.slice(6).flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
  return bytes.join('.');
}

/** The eight groups of an IPv6 address, without leading zeros. */
function groupsOf(address: string): string[] {
  const [head = '', tail] = inHex(address).split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...gap, ...right].map((group) => Number.parseInt(group, 16).toString(16));
}

/** `::ffff:192.0.2.1` as `::ffff:c000:201`. */
function inHex(address: string): string {
  return address.replace(
    /(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/,
    (_, a: string, b: string, c, d) => {
      const pair = (high: unknown, low: unknown) => (Number(high) * 256 + Number(low)).toString(16);
      return `${pair(a, b)}:${pair(c, d)}`;
    },
  );
}
