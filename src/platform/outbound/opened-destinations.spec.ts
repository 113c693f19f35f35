import { OpenedDestinations } from './opened-destinations.js';

describe('what an operator opens', () => {
  it('is hosts with or without a port, networks and addresses', () => {
    const opened = OpenedDestinations.parse(
      'GitLab.internal:8443, keycloak, 10.20.0.0/16,192.168.1.7, 10.9.9.9:3000,[fd12::7]:8443,fd34::/32',
    );
    expect(opened.opensHost('gitlab.internal', 8443)).toBe(true);
    expect(opened.opensHost('gitlab.internal', 443)).toBe(false);
    expect(opened.opensHost('x.gitlab.internal', 8443)).toBe(false);
    expect(opened.opensHost('keycloak', 80)).toBe(true);
    expect(opened.opensHost('10.9.9.9', 3000)).toBe(true);
    expect(opened.opensHost('fd12::7', 8443)).toBe(true);
    expect(opened.opensAddress('10.20.255.1')).toBe(true);
    expect(opened.opensAddress('64:ff9b::10.20.255.1')).toBe(true);
    expect(opened.opensAddress('10.21.0.1')).toBe(false);
    expect(opened.opensAddress('192.168.1.7')).toBe(true);
    expect(opened.opensAddress('10.9.9.9')).toBe(false);
    expect(opened.opensAddress('fd34::1')).toBe(true);
    expect(JSON.stringify(opened)).toContain('gitlab.internal:8443');
  });

  it('never includes what is this host, its neighbours or a cloud’s keys', () => {
    const opened = OpenedDestinations.parse('100.64.0.0/10,192.0.0.0/24,fc00::/7,127.0.0.0/8');
    expect(opened.opensAddress('100.64.0.1')).toBe(true);
    for (const address of ['100.100.100.200', '192.0.0.192', 'fd00:ec2::254', '::ffff:127.0.0.1']) {
      expect([address, opened.opensAddress(address)]).toEqual([address, false]);
    }
  });

  it.each([
    '',
    'a,,b',
    'https://gitlab.internal',
    'gitlab.internal/path',
    'gitlab.internal:0',
    'gitlab.internal:65536',
    'gitlab.internal.',
    '*.internal',
    'user@host',
    '0x7f.1',
    '2130706433',
    '10.0.0.0/33',
    '0.0.0.0/0',
    '::/0',
    '169.254.169.254',
    '169.254.0.0/16',
    '169.254.169.254:80',
    '[fe80::1]:443',
    '::ffff:10.0.0.1',
    Array.from({ length: 257 }, (_none, at) => `host-${at}`).join(','),
  ])('is not %j', (text) => {
    expect(() => OpenedDestinations.parse(text)).toThrow(RangeError);
  });
});
