import { parseFrontArguments } from './front-main.js';

describe('the arguments of a front', () => {
  it('have the loopback host by default and know a first start from a succession', () => {
    expect(parseFrontArguments(['--state-dir', '/s'])).toEqual({
      stateDir: '/s',
      host: '127.0.0.1',
      trustedProxies: [],
      inherited: undefined,
    });
    expect(parseFrontArguments(['--state-dir', '/s', '--inherit=']).inherited).toEqual([]);
    expect(parseFrontArguments(['--state-dir', '/s', '--inherit=80:3,81:4']).inherited).toEqual([
      { port: 80, fd: 3 },
      { port: 81, fd: 4 },
    ]);
  });

  it.each([
    ['no state folder', [], /--state-dir <folder> is missing/],
    ['an unknown option', ['--state-dir', '/s', '--what'], /--what/],
    ['a bad pair', ['--state-dir', '/s', '--inherit=80'], /port:descriptor/],
    ['a bad network', ['--state-dir', '/s', '--trusted-proxy', '10.0.0.0/99'], /10\.0\.0\.0\/99/],
  ])('are refused with a reason: %s', (_, argv, reason) => {
    expect(() => parseFrontArguments(argv)).toThrow(reason);
  });
});
