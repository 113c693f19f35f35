import fc from 'fast-check';
import { networkKind, translatedAddress, type NetworkKind } from './network-kinds.js';

/** By hand, beside what the source has: first and last address of each special network. */
const V4: readonly (readonly [string, string, NetworkKind])[] = [
  ['0.0.0.0', '0.255.255.255', 'unspecified'],
  ['10.0.0.0', '10.255.255.255', 'private'],
  ['100.64.0.0', '100.100.100.199', 'shared'],
  ['100.100.100.200', '100.100.100.200', 'metadata'],
  ['100.100.100.201', '100.127.255.255', 'shared'],
  ['127.0.0.0', '127.255.255.255', 'loopback'],
  ['168.63.129.16', '168.63.129.16', 'metadata'],
  ['169.254.0.0', '169.254.255.255', 'link-local'],
  ['172.16.0.0', '172.31.255.255', 'private'],
  ['192.0.0.0', '192.0.0.191', 'protocol'],
  ['192.0.0.192', '192.0.0.192', 'metadata'],
  ['192.0.0.193', '192.0.0.255', 'protocol'],
  ['192.0.2.0', '192.0.2.255', 'documentation'],
  ['192.88.99.0', '192.88.99.255', 'tunnel'],
  ['192.168.0.0', '192.168.255.255', 'private'],
  ['198.18.0.0', '198.19.255.255', 'benchmark'],
  ['198.51.100.0', '198.51.100.255', 'documentation'],
  ['203.0.113.0', '203.0.113.255', 'documentation'],
  ['224.0.0.0', '239.255.255.255', 'multicast'],
  ['240.0.0.0', '255.255.255.255', 'reserved'],
];

const numberOf = (dotted: string) =>
  dotted.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
const dottedOf = (value: number) =>
  [24, 16, 8, 0].map((bits) => Math.floor(value / 2 ** bits) % 256).join('.');
const kindOfNumber = (value: number): NetworkKind =>
  V4.find(([first, last]) => numberOf(first) <= value && value <= numberOf(last))?.[2] ?? 'public';
const hexOf = (value: number) =>
  `${Math.floor(value / 65_536).toString(16)}:${(value % 65_536).toString(16)}`;

/** Any address, and those where one network ends and the next begins. */
const anyV4 = fc.oneof(
  fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  fc
    .constantFrom(...V4.flatMap(([first, last]) => [numberOf(first), numberOf(last)]))
    .chain((edge) => fc.integer({ min: -2, max: 2 }).map((by) => edge + by))
    .filter((value) => value >= 0 && value < 2 ** 32),
);

describe('the kind of a network', () => {
  it('is that of the registry for every IPv4 address', () => {
    fc.assert(
      fc.property(anyV4, (value) => {
        expect(networkKind(dottedOf(value))).toBe(kindOfNumber(value));
      }),
      { numRuns: 2_000 },
    );
  });

  it('is never public for an IPv4 address that is written as IPv6, in any spelling', () => {
    fc.assert(
      fc.property(anyV4, (value) => {
        const dotted = dottedOf(value);
        const spellings = [
          `::ffff:${dotted}`,
          `::FFFF:${hexOf(value)}`,
          `0:0:0:0:0:ffff:${dotted}`,
        ];
        expect(spellings.map(networkKind)).toEqual(['mapped', 'mapped', 'mapped']);
        const tunnels = [`2002:${hexOf(value)}::1`, `2001:0:${hexOf(value)}::1`];
        expect(tunnels.map(networkKind)).toEqual(['tunnel', 'tunnel']);
        expect(networkKind(`::${dotted}`)).not.toBe('public');
        expect(networkKind(`64:ff9b:1::${dotted}`)).toBe('reserved');
      }),
    );
  });

  it('is that of the IPv4 address for one that is translated to it', () => {
    fc.assert(
      fc.property(anyV4, (value) => {
        for (const address of [`64:ff9b::${dottedOf(value)}`, `64:FF9B:0:0:0:0:${hexOf(value)}`]) {
          expect(translatedAddress(address)).toBe(dottedOf(value));
          expect(networkKind(address)).toBe(kindOfNumber(value));
        }
      }),
    );
  });

  it('is public in IPv6 only within what has been given out', () => {
    const groups = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(groups, (parts) => {
        const address = parts.map((part) => part.toString(16)).join(':');
        const isGivenOut = parts[0]! >= 0x2000 && parts[0]! <= 0x3fff;
        if (!isGivenOut) expect(networkKind(address)).not.toBe('public');
      }),
      { numRuns: 1_000 },
    );
  });

  it.each<[string, NetworkKind]>([
    ['2606:4700::1111', 'public'],
    ['2a00:1450:4001::8a', 'public'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['fe80::1', 'link-local'],
    ['febf::1', 'link-local'],
    ['fc00::1', 'private'],
    ['fd12:3456::1', 'private'],
    ['fd00:ec2::254', 'metadata'],
    ['fec0::1', 'private'],
    ['ff02::1', 'multicast'],
    ['2001:db8::1', 'documentation'],
    ['3fff:fff::1', 'documentation'],
    ['2001:2::1', 'benchmark'],
    ['2001:20::1', 'protocol'],
    ['100::1', 'reserved'],
    ['4000::1', 'reserved'],
    ['fe80::1%eth0', 'none'],
    ['', 'none'],
    ['localhost', 'none'],
    ['127.1', 'none'],
    ['010.0.0.1', 'none'],
    ['8.8.8.8/32', 'none'],
  ])('of %j is %s', (address, kind) => {
    expect(networkKind(address)).toBe(kind);
  });
});
