import { describe, expect, it } from '@jest/globals';
import { accountKey, accountKeyColumn, username } from './account-name.js';

describe('an account name', () => {
  it('is the same in any case and in look-alike code points', () => {
    expect(accountKey('Ada')).toBe(accountKey('ａｄａ'));
    expect(accountKey(' ADA@Example.ORG ')).toBe('ada@example.org');
  });

  it('is an e-mail address when it has an @, and a username never has one', () => {
    expect(accountKeyColumn('ada')).toBe('username_key');
    expect(accountKeyColumn('ada@example.org')).toBe('email_key');
    expect(username.safeParse('ada@example.org').success).toBe(false);
  });

  it.each(['', '.ada', 'a b', 'x'.repeat(64), 'ada\n', 'ädа'])('refuses %j', (name) => {
    expect(username.safeParse(name).success).toBe(false);
  });
});
