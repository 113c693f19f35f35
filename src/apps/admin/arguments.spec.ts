import { readAdminArguments } from './arguments.js';

describe('the arguments of the admin command', () => {
  it('name the person and the tenant, in any order', () => {
    const words = ['recover', '--tenant', 'default', '--reset-factors', '--username', 'ada'];
    expect(readAdminArguments(words)).toEqual({
      username: 'ada',
      tenant: 'default',
      isPasswordGiven: false,
      isResettingFactors: true,
    });
    expect(readAdminArguments([...words, '--password-stdin'])).toMatchObject({
      isPasswordGiven: true,
    });
  });

  it.each([[[]], [['--help']], [['recover', '-h']]])('ask for help: %j', (words) => {
    expect(readAdminArguments(words)).toBe('help');
  });

  it.each([
    [['recover']],
    [['destroy', '--username', 'a', '--tenant', 'b']],
    [['recover', '--username', '--tenant', 'b']],
    [['recover', '--username', 'a', '--tenant', 'b', '--password', 'shown to everybody']],
  ])('are refused: %j', (words) => {
    expect(() => readAdminArguments(words)).toThrow('Usage: npm run admin');
  });
});
