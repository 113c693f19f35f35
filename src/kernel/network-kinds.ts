/**
 * What kind of network an address is of, by IANA's registries of special addresses: for who may be called
 * at somebody else's word. What no list knows is `reserved`, not `public`: in IPv6 only 2000::/3 is
 * given out.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { canonicalNetwork, networksOf, type HasAddress } from './networks.js';

export type NetworkKind =
  | 'public'
  | 'private'
  | 'loopback'
  | 'shared' // behind a carrier's NAT
  | 'documentation'
  | 'benchmark'
  | 'protocol' // IETF's own assignments
  | 'unspecified'
  | 'link-local'
  | 'metadata' // of clouds, outside the link-local networks
  | 'multicast'
  | 'reserved'
  | 'mapped' // IPv4 written as IPv6
  | 'tunnel' // IPv6 that says to which IPv4 address it is sent
  | 'none'; // no address

/** The first that has it counts. */
const SPECIAL: readonly (readonly [NetworkKind, readonly string[]])[] = [
  [
    'metadata',
    ['100.100.100.200', '168.63.129.16', '192.0.0.192', 'fd00:ec2::254', 'fd20:ce::254'],
  ],
  ['unspecified', ['0.0.0.0/8', '::']],
  ['loopback', ['127.0.0.0/8', '::1']],
  ['link-local', ['169.254.0.0/16', 'fe80::/10']],
  ['private', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7', 'fec0::/10']],
  ['shared', ['100.64.0.0/10']],
  [
    'documentation',
    ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32', '3fff::/20'],
  ],
  ['benchmark', ['198.18.0.0/15', '2001:2::/48']],
  ['multicast', ['224.0.0.0/4', 'ff00::/8']],
  ['tunnel', ['192.88.99.0/24', '2001::/32', '2002::/16']],
  ['protocol', ['192.0.0.0/24', '2001::/23']],
  ['reserved', ['240.0.0.0/4']],
];

const kinds = SPECIAL.map(([kind, networks]): readonly [NetworkKind, HasAddress] => [
  kind,
  networksOf(networks),
]);
const isGivenOut = networksOf(['2000::/3']);
const isTranslated = networksOf(['64:ff9b::/96']);

/** As a resolver or a URL without brackets says it. */
export function networkKind(address: string): NetworkKind {
  const plain = plainSpelling(address);
  if (plain === null) return 'none';
  if (isIPv6(address) && isIPv4(plain)) return 'mapped';
  const judged = translatedAddress(plain);
  const [special] = kinds.find(([, has]) => has(judged)) ?? [];
  if (special !== undefined) return special;
  return isIPv4(judged) || isGivenOut(judged) ? 'public' : 'reserved';
}

/** What a NAT64 makes of it: the IPv4 address inside 64:ff9b::/96. Any other is answered as it is. */
export function translatedAddress(address: string): string {
  const plain = plainSpelling(address);
  if (plain === null || !isIPv6(plain) || !isTranslated(plain)) return address;
  const [, high = '', low = ''] = /([0-9a-f]{0,4}):([0-9a-f]{0,4})$/.exec(plain) ?? [];
  const [first, second] = [parseInt(high || '0', 16), parseInt(low || '0', 16)];
  return [first >> 8, first & 255, second >> 8, second & 255].join('.');
}

function plainSpelling(address: string): string | null {
  try {
    return address.includes('/') ? null : canonicalNetwork(address);
  } catch {
    return null;
  }
}
