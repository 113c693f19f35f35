import { readCommonPasswords } from './common-passwords.js';
import { passwordFault } from './password-rules.js';

const common = await readCommonPasswords();
const faultOf = (password: string, ...names: string[]) =>
  passwordFault(password, { common, names });

describe('a password', () => {
  it.each([
    ['too-short', 'elevenchars'],
    // Counted as people count, and after look-alike code points have become one.
    ['too-short', '🌊🌊🌊🌊🌊🌊'],
    ['too-long', 'x1'.repeat(600)],
    ['common', 'PASSWORD1234'],
    ['common', 'ｐａｓｓｗｏｒｄ１２３４'],
    ['repeated', 'xyzzxyzzxyzzxyz'],
    ['repeated', '123412341234123'],
    ['own-name', 'Tidegate-2026!!'],
  ] as const)('has the fault %s: %s', (fault, password) => {
    expect(faultOf(password)).toBe(fault);
  });

  it('is not made of the name or the address of its person', () => {
    for (const password of ['ada.lovelace', 'ADA.LOVELACE-1815', 'ada@example.org']) {
      expect(faultOf(password, 'ada.lovelace', 'ada@example.org')).toBe('own-name');
    }
    expect(faultOf('ada.lovelace')).toBeNull();
  });

  it.each([
    'five boats on a green lake',
    'nodigitsnocapitals',
    '            x',
    'пять лодок на озере',
  ])('is good without rules of composition: %j', (password) =>
    expect(faultOf(password, 'ada')).toBeNull(),
  );

  it('may have 1024 characters, none of which is cut', () => {
    const long = Array.from({ length: 256 }, (_, at) => String(at).padStart(4, '.')).join('');
    expect(faultOf(long)).toBeNull();
    expect(faultOf(`${long}.`)).toBe('too-long');
  });
});

describe('the list of common passwords', () => {
  it('has twenty thousand, in the form in which passwords are compared', () => {
    expect(common.size).toBe(20_000);
    for (const each of common) expect(each).toBe(each.normalize('NFKC').toLowerCase());
  });
});
