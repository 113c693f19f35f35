import { limits } from './limits.js';
import { canonicalNetwork, networksOf, plainAddress, trustedProxies } from './networks.js';

describe('networks', () => {
  it.each([
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['192.0.2.7', '192.0.2.7'],
    ['2001:DB8:0:0::/32', '2001:db8::/32'],
    ['::ffff:10.0.0.0/104', '10.0.0.0/8'],
    ['::ffff:a00:1', '10.0.0.1'],
    ['0:0:0:0:0:ffff:192.0.2.7/128', '192.0.2.7/32'],
  ])('have one spelling: %s', (given, canonical) => {
    expect(canonicalNetwork(given)).toBe(canonical);
  });

  it.each([
    '',
    'proxy',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0/8',
    '010.0.0.1',
    '2001:db8::/129',
    'fe80::1%eth0',
    '10.0.0.0/8,10.1.0.0/16',
    '*',
    'true',
  ])('are refused by name: %j', (given) => {
    expect(() => canonicalNetwork(given)).toThrow(`"${given}" is no address and no network`);
  });

  it.each(['0.0.0.0/0', '::/0', '::ffff:0.0.0.0/96', '::ffff:10.0.0.0/64', '10.0.0.0/00'])(
    'of everybody are refused: %s',
    (given) => {
      expect(() => canonicalNetwork(given)).toThrow(/would believe every client/);
    },
  );

  it('hold the addresses of either family, however a socket writes them', () => {
    const has = networksOf(['10.0.0.0/8', '2001:db8::/32', '::ffff:192.0.2.0/120', 'fe80::/10']);
    const given = ['10.1.2.3', '::ffff:10.1.2.3', '2001:db8::1', '192.0.2.9', 'fe80::1%eth0'];
    expect(given.map((each) => has(plainAddress(each)))).toEqual([true, true, true, true, true]);
    const others = ['11.0.0.1', '2001:db9::1', '192.0.3.1', 'unknown', '', '10.0.0.0/8'];
    expect(others.filter((each) => has(plainAddress(each)))).toEqual([]);
    expect(networksOf([])('10.0.0.1')).toBe(false);
  });

  it('are so many at most', () => {
    const many = Array.from({ length: limits.trustedProxies + 1 }, (_, at) => `10.0.0.${at}`);
    expect(trustedProxies.safeParse(many).success).toBe(false);
    expect(trustedProxies.safeParse(many.slice(1)).success).toBe(true);
    expect(trustedProxies.safeParse(['10.0.0.0/99']).error?.issues[0]?.message).toMatch(
      /"10\.0\.0\.0\/99" is no address/,
    );
  });
});
