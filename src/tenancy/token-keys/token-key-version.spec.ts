import { ACCESS_TOKEN } from '../auth/access-tokens.js';
import {
  doesVerify,
  LEAD_MS,
  OVERLAP_MS,
  PUBLISHED_SECONDS,
  signerOf,
  stateOf,
  type TokenKeyVersion,
} from './token-key-version.js';

const NOW = Date.UTC(2026, 0, 1);
const at = (ms: number) => new Date(NOW + ms);

function version(id: string, change: Partial<TokenKeyVersion> = {}): TokenKeyVersion {
  return {
    id,
    kid: `kid-${id}`,
    signsFrom: at(0),
    verifiesUntil: null,
    revokedAt: null,
    ...change,
  };
}

describe('the versions of the key of access tokens', () => {
  const former = version('1', { verifiesUntil: at(OVERLAP_MS) });
  const current = version('2', { signsFrom: at(10) });
  const coming = version('3', { signsFrom: at(LEAD_MS) });
  const all = [coming, former, current];

  it('sign one after the other, each from its time on', () => {
    expect(signerOf(all, NOW + 9)).toBe(former);
    expect(signerOf(all, NOW + 10)).toBe(current);
    expect(signerOf(all, NOW + LEAD_MS - 1)).toBe(current);
    expect(signerOf(all, NOW + LEAD_MS)).toBe(coming);
  });

  it('do not sign when they are revoked or over', () => {
    expect(signerOf([former, version('2', { revokedAt: at(0) })], NOW + 10)).toBe(former);
    expect(signerOf([former], NOW + OVERLAP_MS)).toBeUndefined();
    expect(signerOf([], NOW)).toBeUndefined();
  });

  it('do not wait for a clock when there is nobody else', () => {
    expect(signerOf([coming, current], NOW)).toBe(current);
    const [older, newer] = [version('1'), version('2')];
    expect(signerOf([newer, older], NOW)).toBe(newer);
  });

  it('say what they do', () => {
    const states = (now: number) =>
      [former, current, coming].map((each) => stateOf(each, signerOf(all, now), now));
    expect(states(NOW + 10)).toEqual(['verifying', 'signing', 'coming']);
    expect(states(NOW + OVERLAP_MS)).toEqual(['retired', 'verifying', 'signing']);
    expect(stateOf(version('4', { revokedAt: at(0) }), current, NOW)).toBe('revoked');
  });

  it('verify before they sign, and until the last token of theirs is over', () => {
    expect(doesVerify(coming, NOW)).toBe(true);
    expect(doesVerify(former, NOW + OVERLAP_MS - 1)).toBe(true);
    expect(doesVerify(former, NOW + OVERLAP_MS)).toBe(false);
    expect(doesVerify(version('4', { revokedAt: at(0) }), NOW)).toBe(false);
    const { lifetimeSeconds, skewSeconds } = ACCESS_TOKEN;
    // Signed by a clock that is behind, and taken by one that is behind as well.
    expect(OVERLAP_MS / 1000).toBeGreaterThanOrEqual(lifetimeSeconds + 2 * skewSeconds);
    expect(LEAD_MS / 1000).toBeGreaterThanOrEqual(PUBLISHED_SECONDS + skewSeconds + 5);
  });
});
