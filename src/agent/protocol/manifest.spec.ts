import { manifestSchema } from './manifest.js';

const withHealth = (health: object) =>
  manifestSchema.safeParse({ schema: 1, run: { command: 'x' }, health }).success;

describe('the health of a manifest', () => {
  it('has no new defaults in its text: signatures are over it', () => {
    const { health } = manifestSchema.parse({ schema: 1, run: { command: 'x' } });
    expect(Object.keys(health).sort()).toEqual([
      'intervalMs',
      'path',
      'startTimeoutMs',
      'timeoutMs',
    ]);
  });

  it.each(['shop.example', 'localhost:8080', '[::1]:80', '10.0.0.1'])(
    'takes the host %s',
    (host) => {
      expect(withHealth({ host })).toBe(true);
    },
  );

  it.each(['', 'a b', 'a/b', 'http://a', 'a:b', 'a\r\nX: 1', 'a@b', 'a'.repeat(300)])(
    'refuses the host %j',
    (host) => {
      expect(withHealth({ host })).toBe(false);
    },
  );

  it.each([
    ['Host', { Host: 'a' }],
    ['one of a connection', { connection: 'close' }],
    ['one that frames', { 'Transfer-Encoding': 'chunked' }],
    ['a length', { 'content-length': '3' }],
    ['the same twice', { 'X-A': '1', 'x-a': '2' }],
    ['a line break', { 'X-A': '1\r\nX-B: 2' }],
    ['a name that is none', { 'X A': '1' }],
    ['twenty-one', Object.fromEntries(Array.from({ length: 21 }, (_, at) => [`X-${at}`, '1']))],
  ])('refuses headers with %s', (_, headers) => {
    expect(withHealth({ headers })).toBe(false);
  });

  it('takes twenty headers, and empty ones', () => {
    const twenty = Array.from({ length: 20 }, (_, at) => [`X-${at}`, '']);
    expect(withHealth({ headers: Object.fromEntries(twenty) })).toBe(true);
  });

  it.each([-1, 600_001, 1.5])('refuses to watch for %d ms', (stableMs) => {
    expect(withHealth({ stableMs })).toBe(false);
  });
});
