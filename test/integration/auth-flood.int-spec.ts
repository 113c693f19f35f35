import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type IdentityApp, identityApp, passwordOf } from '../support/identity-app.js';

let rig: IdentityApp;

beforeAll(async () => {
  rig = await identityApp();
  await rig.tenant('acme');
  await rig.user('ada', { acme: ['Viewer'] });
}, 60_000);

afterAll(() => rig.close());

describe('200 logins at once', () => {
  it('do not hold up anybody else, and are refused beyond what can wait', async () => {
    const token = (await rig.login('ada')).body.accessToken as string;
    let open = 200;
    const flood = Array.from({ length: 200 }, (_, index) =>
      rig.login(`nobody-${index}`, 'wrong').finally(() => (open -= 1)),
    );
    // Until the refused ones are gone and only hashing is left.
    while (open > 60) await new Promise((resolve) => setImmediate(resolve));
    const [me] = await Promise.all([
      rig.send('authentication/me', { token }),
      // Needs a thread of the pool that hashing uses, too.
      readFile(new URL(import.meta.url)),
    ]);
    expect(me.status).toBe(200);
    expect(open).toBeGreaterThan(30);
    const answers = await Promise.all(flood);
    const busy = answers.filter(({ status }) => status === 503);
    // 64 have a place; whoever comes when the first of them are done gets theirs.
    expect(busy.length).toBeGreaterThan(100);
    expect(busy.length).toBeLessThanOrEqual(136);
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(200 - busy.length);
    for (const answer of busy) {
      expect(answer.body.code).toBe('login-busy');
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    }
    expect((await rig.login('ada')).status).toBe(200);
  }, 30_000);

  it('from one address cost another address a turn or two', async () => {
    let open = 64;
    const flood = Array.from({ length: 64 }, (_, index) =>
      rig.login(`stranger-${index}`, 'wrong').finally(() => (open -= 1)),
    );
    const body = { username: 'ada', password: passwordOf('ada') };
    const answer = await rig.send('authentication/login', {
      method: 'POST',
      address: '192.0.2.44',
      body,
    });
    expect(answer.status).toBe(200);
    // First come, first served, nearly all of them would be over by now.
    expect(open).toBeGreaterThan(32);
    await Promise.all(flood);
  }, 30_000);
});
