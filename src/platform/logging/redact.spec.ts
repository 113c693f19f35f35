import { cleanFields, cleanText } from './redact.js';

describe('what goes to the log', () => {
  it('has no secrets by name, at any depth', () => {
    const fields = {
      password: 'p',
      refreshToken: 'p',
      headers: { Authorization: 'p', cookie: 'p', 'set-cookie': ['p'] },
      keys: [{ privateKey: 'p', api_key: 'p' }],
    };
    expect(cleanFields(fields)).toEqual({
      password: '[redacted]',
      refreshToken: '[redacted]',
      headers: { Authorization: '[redacted]', cookie: '[redacted]', 'set-cookie': '[redacted]' },
      keys: [{ privateKey: '[redacted]', api_key: '[redacted]' }],
    });
  });

  it('keeps what only sounds like one', () => {
    const fields = { tokenId: 'abc', tokenCount: 3, isSecret: true, kid: 'k', moduleName: 'm' };
    expect(cleanFields(fields)).toEqual(fields);
    const counts = { credentialsPurged: 12, tokensPurged: 0, secretSlots: 3 };
    expect(cleanFields(counts)).toEqual(counts);
    expect(cleanFields({ totp: 123456, otp: 1, password: 1234 })).toEqual({
      totp: '[redacted]',
      otp: '[redacted]',
      password: '[redacted]',
    });
  });

  it.each([
    ['Bearer abcdef1234567890', 'Bearer [redacted]'],
    [
      'connect postgres://app:hunter2@db:5432/x failed',
      'connect postgres://app:[redacted]@db:5432/x failed',
    ],
    ['redis://:hunter2@redis', 'redis://:[redacted]@redis'],
    ['jwt eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl.', 'jwt [redacted].'],
    ['key tg_abcdefghijklmnop1234', 'key [redacted]'],
    ['signs by whsec_MfKQ9r8GKYqrTwjU/D8I+PZIo2La=', 'signs by [redacted]'],
    ['tgr_0123456789abcdef0123456789abcdef_0123', '[redacted]'],
    ['-----BEGIN PRIVATE KEY-----\nMIG\n-----END PRIVATE KEY-----', '[redacted]'],
  ])('has no secrets by looks: %s', (text, printed) => {
    expect(cleanText(text)).toBe(printed);
  });

  it('cannot forge a line or command a terminal', () => {
    expect(cleanText('a\nb\r\u001b[2J\u009b\u2028\u202e\u0000\tc')).toBe(
      'a\\nb\\u000d\\u001b[2J\\u009b\\u2028\\u202e\\u0000\tc',
    );
    expect(cleanFields({ 'k\n': 1 })).toEqual({ 'k\\n': 1 });
    expect(cleanText('\ud800').isWellFormed()).toBe(true);
  });

  it('has an end, whatever it is given', () => {
    const loop: Record<string, unknown> = { name: 'loop' };
    loop['self'] = loop;
    const printed = JSON.stringify(
      cleanFields({ loop, big: 'x'.repeat(1e6), many: Array(1e5).fill(1) }),
    );
    expect(printed.length).toBeLessThan(10_000);
    expect(cleanFields({ body: { a: 1 }, parameters: ['x'] })).toEqual({
      body: '[not logged]',
      parameters: '[not logged]',
    });
    expect(
      cleanFields({ n: 10n, d: new Date(0), b: Buffer.from('x'), f: () => 1, u: null }),
    ).toEqual({
      n: '10',
      d: '1970-01-01T00:00:00.000Z',
      b: '[1 bytes]',
      f: '[function]',
      u: null,
    });
  });

  it('shows errors with their causes', () => {
    const error = new Error('outer', { cause: new Error('password in postgres://a:hunter2@b') });
    expect(cleanFields({ error })).toMatchObject({
      error: {
        type: 'Error',
        message: 'outer',
        stack: expect.arrayContaining([expect.stringMatching(/^at /)]),
        cause: { message: 'password in postgres://a:[redacted]@b' },
      },
    });
  });
});
