import { BlockList, isIPv6 } from 'node:net';
import type { Trust } from './forward-headers.js';

/** Whose X-Forwarded-* headers are believed. Throws RangeError for what is not a network. */
export function trustOf(networks: readonly string[]): Trust {
  if (networks.length === 0) return () => false;
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    try {
      list.addSubnet(address, Number(prefix ?? (family === 'ipv6' ? 128 : 32)), family);
    } catch (error) {
      throw new RangeError(`"${network}" is not a network like 10.0.0.0/8`, { cause: error });
    }
  }
  return (address) => list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
