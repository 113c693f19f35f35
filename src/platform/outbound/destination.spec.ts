import { DomainError } from '../../kernel/errors.js';
import { destinationOf, judge } from './destination.js';
import { OpenedDestinations } from './opened-destinations.js';

function ruleOf(text: string): unknown {
  try {
    destinationOf(text);
  } catch (error) {
    const { code, details } = error as DomainError;
    return [code, details?.['rule']];
  }
  return 'taken';
}

const refused = (rule: string) => ['outbound-url-invalid', rule];

describe('an address that is to be called', () => {
  it.each([
    ['https://issuer.example', 'issuer.example', 443],
    ['https://issuer.example:443/a?b=c', 'issuer.example', 443],
    ['https://issuer.example:8443/', 'issuer.example', 8443],
    ['https://xn--mnchen-3ya.example/.well-known/x', 'xn--mnchen-3ya.example', 443],
    ['https://192.0.2.7/', '192.0.2.7', 443],
    ['https://[2001:db8::7]:8443/', '2001:db8::7', 8443],
  ])('may be %s', (text, host, port) => {
    expect(destinationOf(text)).toMatchObject({ host, port, unusual: null });
  });

  it.each([
    ['http://issuer.example/', 80, 'scheme'],
    ['https://issuer.example:22/', 22, 'port'],
    ['http://issuer.example:8080/', 8080, 'scheme'],
  ])('is unusual as %s', (text, port, unusual) => {
    expect(destinationOf(text)).toMatchObject({ port, unusual });
  });

  it.each([
    'https://0x7f.1/',
    'https://0x7f000001/',
    'https://2130706433/',
    'https://0177.0.0.1/',
    'https://127.1/',
    'https://127.0.0.1./',
    'https://①②⑦.0.0.1/',
    'https://１２７.0.0.1/',
    'https://[0:0:0:0:0:0:0:1]/',
    'https://[::127.0.0.1]/',
    'https://issuer.example./',
    'https://Issuer.example/',
    'https://issuer%2eexample/',
    'https://issuer.example%00.evil.example/',
    'https://münchen.example/',
    'https:issuer.example/',
    'https:/issuer.example/',
    'https:\\\\issuer.example/',
    'https://issuer.example\\@evil.example/',
    'https://issuer\t.example/',
    ' https://issuer.example/',
    'https://issuer.example/\n',
    'https://issuer.example:/',
    'https://issuer.example:0443/',
    'https://',
    'https:///path',
    '//issuer.example/',
    '',
  ])('is not %j: two parsers could read two hosts', (text) => {
    expect(ruleOf(text)).toEqual(refused('form'));
  });

  it.each([
    ['file:///etc/passwd', 'scheme'],
    ['ftp://issuer.example/', 'scheme'],
    ['gopher://127.0.0.1:6379/_FLUSHALL', 'scheme'],
    ['data:,x', 'scheme'],
    ['https://user@issuer.example/', 'credentials'],
    ['https://user:password@issuer.example/', 'credentials'],
    ['https://:password@issuer.example/', 'credentials'],
    ['https://issuer.example/#x', 'fragment'],
    ['https://issuer.example/#', 'fragment'],
    [`https://issuer.example/${'a'.repeat(2_048)}`, 'length'],
  ])('is not %s', (text, rule) => {
    expect(ruleOf(text)).toEqual(refused(rule));
  });
});

describe('where a call may go', () => {
  const to = destinationOf('https://host.example/');
  const { none } = OpenedDestinations;

  it('is where every address is public', () => {
    expect(judge(to, ['8.8.8.8', '2606:4700::1'], none).isAllowed).toBe(true);
    for (const bad of ['127.0.0.1', '10.0.0.1', '::1', '::ffff:8.8.8.8', '64:ff9b::7f00:1', 'x']) {
      expect([bad, judge(to, ['8.8.8.8', bad], none).isAllowed]).toEqual([bad, false]);
      expect([bad, judge(to, [bad, '8.8.8.8'], none).isAllowed]).toEqual([bad, false]);
    }
    expect(judge(to, [], none).isAllowed).toBe(false);
    expect(judge(to, Array<string>(65).fill('8.8.8.8'), none).isAllowed).toBe(false);
  });

  it('is where the operator has opened the host or the network of every address', () => {
    const opened = OpenedDestinations.parse('host.example:443,10.20.0.0/16');
    expect(judge(to, ['10.1.1.1'], opened)).toMatchObject({ isAllowed: true, isOpened: true });
    expect(judge(to, ['169.254.169.254'], opened).isAllowed).toBe(false);
    const other = destinationOf('https://other.example/');
    const within = judge(other, ['10.20.1.1'], opened);
    expect(within).toMatchObject({ isAllowed: true, isOpened: true, isTold: false });
    const mixed = judge(other, ['10.20.1.1', '8.8.8.8'], opened);
    expect(mixed).toMatchObject({ isAllowed: true, isOpened: false });
    expect(judge(other, ['10.20.1.1', '10.21.1.1'], opened).isAllowed).toBe(false);
  });
});
