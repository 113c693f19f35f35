import { createHmac } from 'node:crypto';
import {
  headersOf,
  isSignedBy,
  isTimely,
  newGateSecret,
  signatureOf,
  timestampOf,
  TOLERANCE_MS,
} from './gate-signature.js';

const secret = newGateSecret();
const message = { id: 'msg_1', timestamp: '1796000000', body: '{"a":1}' };

describe('the signature of a gate', () => {
  it('is what any program makes of the same three texts', () => {
    const mac = createHmac('sha256', secret).update('msg_1.1796000000.{"a":1}').digest('base64');
    expect(signatureOf(message, secret)).toBe(`v1,${mac}`);
    expect(headersOf(message, secret)).toEqual({
      'webhook-id': 'msg_1',
      'webhook-timestamp': '1796000000',
      'webhook-signature': `v1,${mac}`,
    });
    expect(isSignedBy(secret, message, `v1,${mac}`)).toBe(true);
    expect(isSignedBy(secret, message, `v2,AAAA v1,AAAA v1,${mac}`)).toBe(true);
  });

  it.each([
    ['another body', { ...message, body: '{"a":2}' }],
    ['another time', { ...message, timestamp: '1796000001' }],
    ['another id', { ...message, id: 'msg_2' }],
  ])('is not that of %s', (_what, other) => {
    expect(isSignedBy(secret, other, signatureOf(message, secret))).toBe(false);
  });

  it('is not that of another secret, cut off, empty, or of another scheme', () => {
    const good = signatureOf(message, secret);
    expect(isSignedBy(newGateSecret(), message, good)).toBe(false);
    for (const bad of ['', 'v1,', good.slice(0, -2), good.slice(3), `v1a,${good.slice(3)}`]) {
      expect([bad, isSignedBy(secret, message, bad)]).toEqual([bad, false]);
    }
  });

  it('is looked at five times and no more', () => {
    const many = [...Array<string>(5).fill('v1,AAAA'), signatureOf(message, secret)].join(' ');
    expect(isSignedBy(secret, message, many)).toBe(false);
  });

  it('is good for five minutes before and after', () => {
    const now = 1_796_000_000_000;
    const at = (ms: number) => isTimely({ ...message, timestamp: timestampOf(now + ms) }, now);
    expect([at(0), at(TOLERANCE_MS), at(-TOLERANCE_MS)]).toEqual([true, true, true]);
    expect([at(TOLERANCE_MS + 1_000), at(-TOLERANCE_MS - 1_000)]).toEqual([false, false]);
    for (const timestamp of ['', 'now', '1796000000.5', '-1796000000', '1e9', '17960000000000']) {
      expect(isTimely({ ...message, timestamp }, now)).toBe(false);
    }
  });
});
