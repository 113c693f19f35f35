import { maskOf } from './mask.js';

const PEM = '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\nabcd\n-----END PRIVATE KEY-----';

const mask = maskOf(
  {
    DB_PASSWORD: 'hunter2!/x',
    API_TOKEN: 'a"quoted\\thing',
    SESSION_SECRET: 'line-one\nline-two',
    AUTH_ENABLED: 'true',
    PASS_COUNT: '3',
    SECRET_SHORT: 'abc',
    DATABASE_URL: 'postgres://app:p%40ss-word@db:5432/shop',
    COLOUR: 'bluebell',
  },
  ['the-nodes-own-key'],
);

it.each([
  ['connecting with hunter2!/x now', 'connecting with [masked] now'],
  ['?password=hunter2!%2Fx&a=1', '?password=[masked]&a=1'],
  [`b64 ${Buffer.from('hunter2!/x').toString('base64')}`, 'b64 [masked]'],
  ['{"t":"a\\"quoted\\\\thing"}', '{"t":"[masked]"}'],
  ['first line-one', 'first [masked]'],
  ['then line-two', 'then [masked]'],
  ['at postgres://app:p%40ss-word@db:5432/shop', 'at postgres://app:[masked]@db:5432/shop'],
  ['decoded p@ss-word', 'decoded [masked]'],
  ['redis://:other-pass@cache', 'redis://:[masked]@cache'],
  ['read the-nodes-own-key', 'read [masked]'],
  ['authorization: Bearer abcdefgh12345', 'authorization: Bearer [masked]'],
  ['jwt eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl', 'jwt [masked]'],
  ['my_secret: "unknown-to-us"', 'my_secret: "[masked]"'],
  [`key ${PEM} end`, 'key [masked] end'],
  ['key tgk_abcdefghijklmnop1234', 'key [redacted]'],
])('takes the secret out of "%s"', (text, masked) => {
  expect(mask(text)).toBe(masked);
});

it.each([
  'it is true that bluebell has 3 of abc',
  'no secret here',
  'https://example.com:8080/a@b',
])('leaves "%s" as it is', (text) => {
  expect(mask(text)).toBe(text);
});

it('takes time in proportion to the text', () => {
  const text = `${'password='.repeat(10_000)}${'a://b:'.repeat(10_000)}${'-----BEGIN PRIVATE KEY-----'.repeat(3000)}`;
  const before = process.cpuUsage();
  mask(text);
  expect(process.cpuUsage(before).user).toBeLessThan(2_000_000);
});
