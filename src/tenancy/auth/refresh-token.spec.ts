import { describe, expect, it } from '@jest/globals';
import {
  judgeSecret,
  newHandle,
  newSecret,
  parseRefreshToken,
  refreshTokenText,
  sealFor,
  secretDigest,
  sessionIdOf,
  unsealWith,
} from './refresh-token.js';

describe('a refresh token', () => {
  it('can be written and read', () => {
    const token = { handle: newHandle(), secret: newSecret() };
    expect(parseRefreshToken(refreshTokenText(token))).toEqual(token);
  });

  it.each(['', 'tgr__', 'tgr_AB_CD', `tgr_${'a'.repeat(32)}_${'a'.repeat(63)}`])(
    'is not %j',
    (text) => {
      expect(parseRefreshToken(text)).toBeNull();
      expect(
        parseRefreshToken(`${refreshTokenText({ handle: newHandle(), secret: newSecret() })} `),
      ).toBeNull();
    },
  );

  it('finds its session without the session telling the handle', () => {
    const handle = newHandle();
    expect(sessionIdOf(handle)).toMatch(/^[0-9a-f]{64}$/);
    expect(sessionIdOf(handle)).not.toContain(handle);
  });

  it('is current, the one before, or copied', () => {
    const [first, second, third] = [newSecret(), newSecret(), newSecret()];
    const state = {
      currentDigest: secretDigest(third),
      previousDigest: secretDigest(second),
      sealedCurrent: null,
      rotatedAt: 0,
    };
    expect(judgeSecret(state, third)).toBe('current');
    expect(judgeSecret(state, second)).toBe('previous');
    expect(judgeSecret(state, first)).toBe('reused');
    expect(judgeSecret({ ...state, previousDigest: null }, second)).toBe('reused');
  });

  it('opens what was sealed for it, and nothing else does', () => {
    const [secret, successor, other] = [newSecret(), newSecret(), newSecret()];
    const sealed = sealFor(secret, successor);
    expect(sealed).not.toContain(successor);
    expect(unsealWith(secret, sealed)).toBe(successor);
    expect(() => unsealWith(other, sealed)).toThrow();
  });
});
