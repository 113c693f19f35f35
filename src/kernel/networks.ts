/**
 * Networks in one spelling, above all of proxies whose word about a client is believed: an IPv4 address is
 * never written as IPv6, for that is how a peer's address is looked up.
 */
import { BlockList, isIP, isIPv6 } from 'node:net';
import { z } from 'zod';
import { limits } from './limits.js';
import { text } from './text.js';

/** The longest IPv6 network in full. */
const NETWORK_CHARACTERS = 49;
/** Of the address when an IPv4 address is mapped into IPv6. */
const MAPPED_BITS = 96;

export const trustedProxies = z
  .array(
    text(NETWORK_CHARACTERS).superRefine((value, context) => {
      try {
        canonicalNetwork(value);
      } catch (error) {
        context.addIssue({ code: 'custom', message: (error as RangeError).message });
      }
    }),
  )
  .max(limits.trustedProxies);

/** `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`. Throws RangeError with a sentence that names it. */
export function canonicalNetwork(network: string): string {
  const [address = '', bits, more] = network.split('/');
  const version = address.includes('%') ? 0 : isIP(address);
  const widest = version === 4 ? 32 : 128;
  const isLength = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= widest);
  if (version === 0 || more !== undefined || !isLength) {
    throw new RangeError(
      `"${network}" is no address and no network like 10.0.0.0/8 or 2001:db8::/32`,
    );
  }
  const plain = plainAddress(version === 6 ? new URL(`http://[${address}]`).hostname : address);
  const isMapped = version === 6 && isIP(plain) === 4;
  const length = bits === undefined ? undefined : Number(bits) - (isMapped ? MAPPED_BITS : 0);
  if (length !== undefined && length <= 0) {
    throw new RangeError(
      `"${network}" would believe every client what it says of itself; name the proxies' networks`,
    );
  }
  return length === undefined ? plain : `${plain}/${length}`;
}

export type HasAddress = (address: string) => boolean;

/** Whether an address is in one of these. Throws RangeError for what is not a network. */
export function networksOf(networks: readonly string[]): HasAddress {
  if (networks.length === 0) return () => false;
  const list = new BlockList();
  for (const network of networks.map(canonicalNetwork)) {
    const [address = '', bits] = network.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    list.addSubnet(address, Number(bits ?? (family === 'ipv6' ? 128 : 32)), family);
  }
  return (address) => {
    const version = isIP(address);
    return version !== 0 && list.check(address, version === 6 ? 'ipv6' : 'ipv4');
  };
}

/** As a socket or a URL says it, without brackets and zone; an IPv4 address never as IPv6. */
export function plainAddress(address: string): string {
  const [bare = ''] = address.replace(/^\[|\]$/g, '').split('%');
  const [, dotted] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare) ?? [];
  if (dotted !== undefined) return dotted;
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(bare) ?? [];
  if (high === undefined || low === undefined) return bare;
  const [first, second] = [parseInt(high, 16), parseInt(low, 16)];
  return [first >> 8, first & 255, second >> 8, second & 255].join('.');
}
