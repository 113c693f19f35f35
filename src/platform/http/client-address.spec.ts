import { describe, expect, it } from '@jest/globals';
import { clientAddressOf, hostOf, networkOf } from './client-address.js';

const from = (ip: string, remoteAddress?: string) =>
  clientAddressOf({ ip, socket: { remoteAddress } });

describe('the address of a client', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:c000:207', '192.0.2.7'],
    ['192.0.2.7:50412', '192.0.2.7'],
    ['[2001:db8::1]:50412', '2001:db8:0:0:0:0:0:1'],
    ['2001:0DB8:0:0::0001', '2001:db8:0:0:0:0:0:1'],
    ['fe80::1%eth0', 'fe80:0:0:0:0:0:0:1'],
    ['::1', '0:0:0:0:0:0:0:1'],
    ['::', '0:0:0:0:0:0:0:0'],
    ['64:ff9b::192.0.2.7', '64:ff9b:0:0:0:0:c000:207'],
  ])('%s is %s, however it is spelt', (given, expected) => {
    expect(from(given, '10.0.0.1')).toBe(expected);
  });

  it.each(['unknown', '_hidden', '', '999.1.1.1', '1.2.3', 'a'.repeat(5000), '::1::', '-'])(
    'is that of the proxy when the proxy tells no address but %j',
    (given) => {
      expect(from(given, '::ffff:10.0.0.1')).toBe('10.0.0.1');
    },
  );

  it('is one for all whose connection has none', () => {
    expect(from('', undefined)).toBe('0.0.0.0');
  });
});

describe('the host and the network of an address', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7', '192.0.2.0/24'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64', '2001:db8:1::/48'],
    ['2001:db8::1', '2001:db8:0:0::/64', '2001:db8:0::/48'],
    ['no address', '0.0.0.0', '0.0.0.0/24'],
  ])('of %s are %s and %s', (address, host, network) => {
    expect([hostOf(address), networkOf(address)]).toEqual([host, network]);
  });
});
