/** What becomes of exchanges when issuers change their keys, do not answer, or stand where they must not. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { exportJWK, SignJWT } from 'jose';
import { CiIssuer, githubJob } from '../support/ci-issuer.js';
import { FederationRig } from '../support/federation-rig.js';

let rig: FederationRig;
beforeAll(async () => {
  rig = await FederationRig.start();
}, 60_000);
afterAll(() => rig?.close());

/** Each test has an issuer of its own, of which nothing is remembered. */
let issuer: CiIssuer;
let audience: string;
let count = 0;
beforeEach(async () => {
  issuer = await CiIssuer.start(rig.app.clock);
  count += 1;
  audience = `tidegate:acme:issuer-${count}`;
  await rig.plant(`issuer-${count}`, { issuer: issuer.url, audience });
});
afterEach(() => issuer.close());

async function exchange(): Promise<[status: number, reason: unknown]> {
  const { status, body } = await rig.exchange(await issuer.token({ ...githubJob, aud: audience }));
  return [status, body.details?.reason ?? body.code];
}

/** Before the others: whoever is signed in is so by the machine's clock as well. */
describe('an issuer', () => {
  const body = (url: string) => ({
    name: 'other',
    issuerKind: 'generic',
    issuer: url,
    rules: [{ name: 'main', clauses: [{ claim: 'sub', oneOf: ['job'] }] }],
    permissions: 'deploy',
  });
  const create = (url: string) => rig.call('boss', 'POST federated-identities', body(url));

  it('whose discovery document names another is refused when it is named', async () => {
    expect((await exchange())[0]).toBe(200);
    issuer.discovery = { issuer: 'https://token.actions.githubusercontent.com' };
    const made = await create(issuer.url);
    expect([made.status, made.body.code]).toEqual([422, 'issuer-invalid']);
    const lookalike = await create(`${issuer.url}/`);
    expect([lookalike.status, lookalike.body.code]).toEqual([422, 'issuer-invalid']);
  });

  it('that is no address, or not spelled as tokens have it, is refused', async () => {
    for (const url of [
      'gitlab.example.com',
      'file:///etc/passwd',
      'https://user:secret@gitlab.example.com',
      'https://gitlab.example.com/?x=1',
      'https://GITLAB.example.com',
      'https://gitlab.example.com:443',
    ]) {
      const { status, body: problem } = await create(url);
      expect([url, status, problem.code]).toEqual([url, 422, 'issuer-invalid']);
    }
    const none = await rig.call('boss', 'POST federated-identities', {
      ...body('x'),
      issuer: undefined,
    });
    expect(none.body.code).toBe('issuer-invalid');
  });

  it('inside the network is not called unless the operator has opened it', async () => {
    const closed = await FederationRig.start('');
    try {
      const make = (url: string) => closed.call('boss', 'POST federated-identities', body(url));
      for (const url of [
        closed.issuer.url,
        'https://127.0.0.1',
        'https://10.0.0.1',
        'http://169.254.169.254',
        'https://[::1]',
      ]) {
        const { status, body: problem } = await make(url);
        expect([url, status, problem.code]).toEqual([
          url,
          422,
          expect.stringMatching(/^outbound-(refused|url-invalid)$/),
        ]);
      }
      // One that stands in the database, since it was public when it was named.
      await closed.plant('old');
      const answer = await closed.exchange(await closed.job());
      expect(answer.status).toBe(422);
      expect(answer.body.code).toMatch(/^outbound-(refused|url-invalid)$/);
      expect(closed.issuer.asked).toEqual({ discovery: 0, keys: 0 });
    } finally {
      await closed.close();
    }
  }, 60_000);
});

describe('the keys of an issuer', () => {
  it('are asked for once and remembered as long as it says, within bounds', async () => {
    issuer.cacheControl = 'public, max-age=7200';
    for (let turn = 0; turn < 3; turn += 1) expect((await exchange())[0]).toBe(200);
    expect(issuer.asked).toEqual({ discovery: 1, keys: 1 });
    rig.app.clock.advance(59 * 60_000);
    await exchange();
    expect(issuer.asked.keys).toBe(1);
    // Not two hours, whatever it says.
    rig.app.clock.advance(2 * 60_000);
    await exchange();
    expect(issuer.asked.keys).toBe(2);
    issuer.cacheControl = 'no-store';
    rig.app.clock.advance(61 * 60_000);
    await exchange();
    await exchange();
    expect(issuer.asked.keys).toBe(3);
  });

  it('are asked for again when a token names an unknown one, at most every 30 s', async () => {
    await exchange();
    await issuer.rotate('ES256');
    expect(await exchange()).toEqual([403, 'signature']);
    expect(issuer.asked.keys).toBe(1);
    rig.app.clock.advance(30_000);
    expect((await exchange())[0]).toBe(200);
    expect(issuer.asked.keys).toBe(2);
    for (let turn = 0; turn < 5; turn += 1) {
      await rig.exchange(await issuer.token({ aud: audience }, { kid: `made-up-${turn}` }));
    }
    expect(issuer.asked.keys).toBe(2);
  });

  it('that it has withdrawn are good no longer than it was remembered', async () => {
    await exchange();
    const old = issuer.key;
    await issuer.rotate('ES256', true);
    rig.app.clock.advance(11 * 60_000);
    expect((await exchange())[0]).toBe(200);
    const late = await new SignJWT(issuer.claims({ ...githubJob, aud: audience }))
      .setProtectedHeader({ alg: old.alg, kid: old.kid })
      .sign(old.privateKey);
    expect((await rig.exchange(late)).body.details).toEqual({ reason: 'signature' });
  });

  it('go on being good for a day when it does not answer, and then not', async () => {
    await exchange();
    issuer.isDown = true;
    rig.app.clock.advance(23 * 3_600_000);
    expect((await exchange())[0]).toBe(200);
    rig.app.clock.advance(2 * 3_600_000);
    const answer = await rig.exchange(await issuer.token({ aud: audience }));
    expect([answer.status, answer.body.code]).toEqual([503, 'issuer-unavailable']);
    expect(answer.body.error).toBe('temporarily_unavailable');
    expect(answer.headers['retry-after']).toBe('30');
    issuer.isDown = false;
    rig.app.clock.advance(30_000);
    expect((await exchange())[0]).toBe(200);
  });

  it('are none that are too weak, secret, or for encryption', async () => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const { key } = issuer;
    const jwk = key.jwk as Record<string, unknown>;
    const strong = { ...jwk };
    for (const change of [
      { ...(await exportJWK(weak.publicKey)) },
      { use: 'enc' },
      { alg: 'PS256' },
      { kty: 'oct', k: randomBytes(32).toString('base64url'), n: undefined },
    ]) {
      Object.assign(jwk, strong, change);
      rig.app.clock.advance(11 * 60_000);
      expect(await exchange()).toEqual([403, 'signature']);
    }
    Object.assign(jwk, strong);
    rig.app.clock.advance(11 * 60_000);
    expect((await exchange())[0]).toBe(200);
  });
});
