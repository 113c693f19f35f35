/** The versions of the key that signs access tokens: two processes on one database, with their own clocks. */
import { createPrivateKey, randomBytes } from 'node:crypto';
import { jest } from '@jest/globals';
import { decodeJwt, SignJWT } from 'jose';
import { limits } from '../../src/kernel/limits.js';
import { Context } from '../../src/platform/context.js';
import { databaseUnavailable } from '../../src/platform/database/database.errors.js';
import { Sealer } from '../../src/platform/sealing/sealer.js';
import { Authenticator } from '../../src/tenancy/auth/authenticator.js';
import { PLATFORM_TENANT } from '../../src/tenancy/tenants/platform-tenant.js';
import { newTokenKey, tokenKeyOf, unsealTokenKey } from '../../src/tenancy/token-keys/token-key.js';
import { TokenKeyKeeper } from '../../src/tenancy/token-keys/token-key-keeper.js';
import { LEAD_MS, OVERLAP_MS } from '../../src/tenancy/token-keys/token-key-version.js';
import type { IdentityApp } from '../support/identity-app.js';
import {
  kidOf,
  publishedKids,
  statusOf,
  TokenKeyProcesses,
  tokenOf,
} from '../support/token-key-processes.js';

const LIST = 'platform/token-signing-keys';
const DAY_MS = 24 * 3_600_000;
/** What the statement promises; each process asks again a second earlier. */
const FOLLOWS_MS = 5_000;

let processes: TokenKeyProcesses;
let first: IdentityApp;
let second: IdentityApp;

beforeAll(async () => {
  processes = await TokenKeyProcesses.start();
  ({ first, second } = processes);
}, 60_000);
afterEach(() => jest.restoreAllMocks());
afterAll(() => processes?.close());

const advance = (ms: number) => processes.advance(ms);
const rotate = (body?: object) => processes.rotate(body);
const versions = () => processes.versions();

describe('the key of access tokens', () => {
  it('is in its first version the one of the file, so that tokens from before go on being good', async () => {
    const { kid } = tokenKeyOf(createPrivateKey(first.privateKey));
    expect(await versions()).toMatchObject([
      { kid, origin: 'file', state: 'signing', verifiesUntil: null, revokedAt: null },
    ]);
    expect(kidOf(await tokenOf(second, 'ada'))).toBe(kid);
  });

  it('is rotated by who runs the platform, and by nobody else', async () => {
    for (const [path, method] of [[LIST, 'GET'] as const, [`${LIST}/rotate`, 'POST'] as const]) {
      const body = method === 'POST' ? {} : undefined;
      expect((await first.send(path, { method, body })).status).toBe(401);
      for (const username of ['ada', 'boss']) {
        const token = await tokenOf(first, username);
        expect((await first.send(path, { method, body, token })).status).toBe(403);
      }
    }
    for (const body of [{ revokeOld: 'yes' }, { revoke: true }, { kid: 'x' }]) {
      expect(await rotate(body)).toMatchObject({
        status: 400,
        body: { code: 'validation-failed' },
      });
    }
    expect(await versions()).toHaveLength(1);
  });

  it('is rotated by nobody whose proof is old: a token left behind is not enough', async () => {
    const token = await tokenOf(first, 'root');
    advance(5 * 60_000);
    const path = `${LIST}/rotate`;
    const answer = await first.send(path, { method: 'POST', token, body: { revokeOld: true } });
    expect(answer).toMatchObject({ status: 403, body: { code: 'step-up-required' } });
    expect(await versions()).toHaveLength(1);
  });
});

describe('a rotation', () => {
  it('reaches every process within 5 s, and ends the old one after an overlap', async () => {
    const old = await tokenOf(first, 'ada');
    const [oldKid] = await publishedKids(second);
    const { status, body } = await rotate();
    expect([status, body.state, body.origin]).toEqual([201, 'coming', 'command']);
    const kid = body.kid as string;

    advance(FOLLOWS_MS);
    for (const app of [first, second]) {
      expect(await publishedKids(app)).toEqual([kid, oldKid]);
      // Nobody signs with what somebody may not know yet.
      expect(kidOf(await tokenOf(app, 'ada'))).toBe(oldKid);
    }
    expect(await rotate()).toMatchObject({
      status: 409,
      body: { code: 'token-key-rotation-under-way', details: { signsFrom: body.signsFrom } },
    });

    advance(LEAD_MS - FOLLOWS_MS);
    const young = await tokenOf(second, 'ada');
    expect(kidOf(young)).toBe(kid);
    for (const app of [first, second]) {
      expect([await statusOf(app, young), await statusOf(app, old)]).toEqual([200, 200]);
    }
    // Longer than any token lives.
    advance(OVERLAP_MS - 1_000);
    const last = await processes.signedWith(first.privateKey, young);
    for (const app of [first, second]) expect(await statusOf(app, last)).toBe(200);
    advance(1_000);
    for (const app of [first, second]) {
      expect(await statusOf(app, last)).toBe(401);
      expect(await publishedKids(app)).toEqual([kid]);
      expect(await statusOf(app, await tokenOf(app, 'ada'))).toBe(200);
    }
    expect((await versions()).map(({ state }) => state)).toEqual(['signing', 'retired']);
  });

  it('reaches a process whose clock is behind, or ahead', async () => {
    const late = await processes.start();
    late.clock.advance(-30_000);
    const { body } = await rotate();
    advance(LEAD_MS);
    const token = await tokenOf(first, 'ada');
    expect(kidOf(token)).toBe(body.kid);
    expect(await statusOf(late, token)).toBe(200);
    const lagging = await tokenOf(late, 'ada');
    expect(kidOf(lagging)).not.toBe(body.kid);
    expect(await statusOf(first, lagging)).toBe(200);
    late.clock.advance(30_000);
    advance(OVERLAP_MS);
  });

  it('with revokeOld cuts every process and every socket within 5 s; refresh tokens go on', async () => {
    const { body: signedIn } = await first.login('ada');
    const old = signedIn.accessToken as string;
    const socket = await second.app.get(Authenticator).followToken(old, '127.0.0.1');
    for (const app of [first, second]) expect(await statusOf(app, old)).toBe(200);
    const before = await versions();
    const { body } = await rotate({ revokeOld: true });
    expect(body.state).toBe('signing');
    expect(await statusOf(first, old)).toBe(401);

    // The other process has not asked yet, and meets a key that it does not know.
    const young = await tokenOf(first, 'ada');
    expect(kidOf(young)).toBe(body.kid);
    second.clock.advance(-1);
    expect(await statusOf(second, young)).toBe(200);
    second.clock.advance(1);

    advance(FOLLOWS_MS - 1_000);
    for (const app of [first, second]) {
      expect(await statusOf(app, old)).toBe(401);
      expect(await statusOf(app, young)).toBe(200);
      expect(await publishedKids(app)).toEqual([body.kid]);
    }
    await expect(socket.again()).rejects.toMatchObject({ code: 'unauthenticated' });
    const refreshed = await second.send('authentication/refresh', {
      method: 'POST',
      body: { refreshToken: signedIn.refreshToken },
    });
    expect(kidOf(refreshed.body.accessToken)).toBe(body.kid);
    const gone = (await versions()).filter(({ state }) => state === 'revoked');
    expect(gone.map(({ kid }) => kid)).toEqual(
      before.filter(({ state }) => state === 'signing').map(({ kid }) => kid),
    );
    expect(gone.every(({ revokedAt }) => revokedAt !== null)).toBe(true);
  });

  it('with revokeOld is cut although nobody brings an unknown key, after 4 s and not before', async () => {
    const old = await tokenOf(second, 'ada');
    await rotate({ revokeOld: true });
    expect(await statusOf(second, old)).toBe(200);
    advance(4_000);
    expect(await statusOf(second, old)).toBe(401);
  });

  it('is in the audit trail with who did it, and so is each key that was revoked', async () => {
    const { body } = await rotate({ revokeOld: true });
    const entries = await processes.rows<Record<'action' | 'actor' | 'subject_id', string>>(
      `select action, actor, subject_id from audit_entries where tenant_id = $1
         and action like 'token-signing-key-%' order by at desc limit 2`,
      [PLATFORM_TENANT.id],
    );
    expect(entries.map(({ action }) => action).sort()).toEqual([
      'token-signing-key-made',
      'token-signing-key-revoked',
    ]);
    expect(entries.every(({ actor }) => actor.includes('root'))).toBe(true);
    expect(entries.find(({ action }) => action.endsWith('made'))?.subject_id).toBe(body.kid);
  });

  it('is done at most so often a day, and a stolen key may be revoked all the same', async () => {
    jest.replaceProperty(limits, 'tokenKeysPerDay', 1 as never);
    expect(await rotate()).toMatchObject({ status: 429, body: { code: 'token-keys-too-many' } });
    expect((await rotate({ revokeOld: true })).status).toBe(201);
    jest.replaceProperty(limits, 'tokenKeyRevocationsPerDay', 1 as never);
    expect((await rotate({ revokeOld: true })).status).toBe(429);
  });
});

describe('statement 8', () => {
  it('an unknown kid makes a process ask at most once in three seconds, however many come', async () => {
    advance(FOLLOWS_MS);
    const good = await tokenOf(second, 'ada');
    const strangers = () =>
      Promise.all(
        Array.from({ length: 100 }, async () => {
          const kid = randomBytes(32).toString('base64url');
          const token = await new SignJWT(decodeJwt(good))
            .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid })
            .sign(newTokenKey().privateKey);
          return statusOf(second, token);
        }),
      );
    expect(await statusOf(second, good)).toBe(200);
    const system = jest.spyOn(second.db, 'system');
    // Others of the process ask the same role for what is theirs.
    const asked = () =>
      system.mock.calls.filter(([work]) => String(work).includes('tokenKeysInUse')).length;
    expect(new Set(await strangers())).toEqual(new Set([401]));
    expect(asked()).toBe(1);
    await strangers();
    expect(asked()).toBe(1);
    advance(3_000);
    await strangers();
    expect(asked()).toBe(2);
  });

  it.each([
    '',
    '__proto__',
    'constructor',
    '../signing-key.pem',
    "' or 1=1 --",
    'https://a.example/k',
  ])('a kid is looked up in a map alone: %j', async (kid) => {
    const like = await tokenOf(first, 'ada');
    const token = await new SignJWT(decodeJwt(like))
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid })
      .sign(createPrivateKey(first.privateKey));
    expect(await statusOf(first, token)).toBe(401);
  });

  it('a process that cannot ask lets nobody in', async () => {
    const token = await tokenOf(second, 'ada');
    advance(4_000);
    jest.spyOn(second.db, 'system').mockRejectedValue(databaseUnavailable('Away.', null));
    expect(await statusOf(second, token)).toBe(503);
    jest.restoreAllMocks();
    expect(await statusOf(second, token)).toBe(200);
  });
});

describe('the schedule', () => {
  it('makes the next version after so many days, once for all processes', async () => {
    expect((await rotate({ revokeOld: true })).status).toBe(201);
    const [newest] = await versions();
    const turn = () =>
      Promise.all([first, second].map(({ app }) => app.get(TokenKeyKeeper).turn()));
    advance(30 * DAY_MS - 1_000);
    await turn();
    expect((await versions())[0]).toEqual(newest);
    advance(1_000);
    await turn();
    const [made, before] = await versions();
    expect(made).toMatchObject({ origin: 'schedule', state: 'coming' });
    expect(before).toMatchObject({ kid: newest!.kid, state: 'signing' });
    const old = await tokenOf(first, 'ada');
    advance(LEAD_MS);
    expect(kidOf(await tokenOf(second, 'ada'))).toBe(made!.kid);
    expect(await statusOf(second, old)).toBe(200);
  });

  it('is off with 0 days', async () => {
    const app = await processes.start({ TIDEGATE_TOKEN_KEY_ROTATION_DAYS: '0' });
    const count = (await versions()).length;
    advance(400 * DAY_MS);
    await app.app.get(TokenKeyKeeper).turn();
    const after = await versions();
    expect(after.length).toBeLessThanOrEqual(count);
    expect(after[0]).toMatchObject({ origin: 'schedule', state: 'signing' });
    // The history is a year long, but for what the file had: it may still have it.
    expect(after.at(-1)).toMatchObject({ origin: 'file' });
    await first.app.get(TokenKeyKeeper).turn();
    advance(LEAD_MS + OVERLAP_MS);
  });
});

describe('the table', () => {
  it('cannot be read or written by the role of the application', async () => {
    const ctx = Context.system(PLATFORM_TENANT.id, 'test');
    for (const sql of [
      'select kid from token_signing_keys',
      'delete from token_signing_keys',
      'update token_signing_keys set revoked_at = null',
    ]) {
      await expect(first.db.transaction(ctx, (open) => open.tx.query(sql))).rejects.toThrow(
        'permission denied',
      );
    }
  });

  it('makes nobody a signer who can write it but has no sealing key', async () => {
    const token = await tokenOf(first, 'ada');
    const own = newTokenKey();
    const forged = await processes.signedWith(
      own.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      token,
    );
    const insert = `insert into token_signing_keys
        (id, kid, origin, sealed_private_key, created_at, signs_from)
      values (gen_random_uuid(), $1, 'command', $2, to_timestamp(0), to_timestamp(0))`;
    const [row] = await processes.rows<{ sealed: string }>(
      'select sealed_private_key as sealed from token_signing_keys where sealed_private_key is not null',
    );
    const der = own.privateKey.export({ type: 'pkcs8', format: 'der' });
    for (const sealed of [der.toString('base64'), row!.sealed, null]) {
      await processes.rows(insert, [own.kid, sealed]);
      advance(4_000);
      expect(await statusOf(first, forged)).toBe(401);
      expect(await publishedKids(first)).not.toContain(own.kid);
      await processes.rows('delete from token_signing_keys where kid = $1', [own.kid]);
    }
    expect(await statusOf(first, token)).toBe(200);
  });

  it('forgets private halves that nothing verifies with any more, and nobody else ever sees one', async () => {
    const all = await processes.rows<{ kid: string; sealed: string }>(
      'select kid, sealed_private_key as sealed from token_signing_keys where sealed_private_key is not null',
    );
    const sealer = first.app.get(Sealer);
    const secrets = all.flatMap(({ kid, sealed }) => {
      const { privateKey } = unsealTokenKeyOrNone(sealer, kid, sealed);
      return privateKey ? [String(privateKey.export({ format: 'jwk' }).d)] : [];
    });
    expect(secrets).not.toHaveLength(0);
    const fileSecret = String(createPrivateKey(first.privateKey).export({ format: 'jwk' }).d);
    const audit = await processes.rows<{ text: string }>(
      'select body_text as text from audit_entries',
    );
    const seen = [
      ...processes.said,
      ...audit.map(({ text }) => text),
      JSON.stringify((await first.send('/.well-known/jwks.json')).body),
      JSON.stringify(all),
    ].join('\n');
    for (const secret of [...secrets, fileSecret]) expect(seen).not.toContain(secret);
    expect(processes.said.join('')).not.toMatch(/"d":|tgs1\.|PRIVATE KEY/);

    await first.app.get(TokenKeyKeeper).turn();
    const kept = await processes.rows<{ ended: boolean }>(
      `select (revoked_at is not null or verifies_until <= $1) as ended from token_signing_keys
       where sealed_private_key is not null`,
      [new Date(first.clock.now())],
    );
    expect(kept.some(({ ended }) => ended)).toBe(false);
    expect(kept).not.toHaveLength(0);
  });
});

it('published keys may be kept for less time than passes before a new one signs', async () => {
  const { headers } = await first.send('/.well-known/jwks.json');
  const [, seconds] = /^public, max-age=(\d+)$/.exec(String(headers['cache-control'])) ?? [];
  expect(Number(seconds) * 1000).toBeLessThan(LEAD_MS - FOLLOWS_MS);
});

function unsealTokenKeyOrNone(sealer: Sealer, kid: string, sealed: string) {
  try {
    return unsealTokenKey(sealer, kid, sealed);
  } catch {
    return { privateKey: null };
  }
}
