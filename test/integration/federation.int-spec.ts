/** Pipelines that are let in by a token of their own issuer: from the rule to what they may do. */
import { createPrivateKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';
import { newId } from '../../src/kernel/ids.js';
import { Context } from '../../src/platform/context.js';
import { githubJob } from '../support/ci-issuer.js';
import {
  ACCESS_TOKEN,
  FederationRig,
  JWT,
  mainRule,
  TOKEN_EXCHANGE,
} from '../support/federation-rig.js';

let rig: FederationRig;
let shop: string;
beforeAll(async () => {
  rig = await FederationRig.start();
  shop = await rig.identity('shop-release');
  await rig.identity('gitlab', { ...gitlab, modules: null, environments: null });
}, 60_000);
afterAll(() => rig?.close());

const gitlabJob = {
  aud: 'tidegate:acme:gitlab.local',
  project_id: '46573356',
  project_path: 'acme/shop',
  namespace_id: '68413579',
  ref: 'main',
  ref_type: 'branch',
  ref_protected: 'true',
  pipeline_source: 'push',
  job_id: '8222997048',
};
const gitlab = {
  name: 'gitlab',
  issuerKind: 'gitlab',
  audience: gitlabJob.aud,
  rules: [
    {
      name: 'protected',
      clauses: [
        { claim: 'project_id', oneOf: ['46573356'] },
        { claim: 'namespace_id', oneOf: ['68413579'] },
        { claim: 'ref_protected', oneOf: ['true'] },
      ],
    },
  ],
  permissions: ['deployments:create', 'deployments:read'],
};

function audit(action: string): Promise<{ actor: string; body: Record<string, unknown> }[]> {
  return rig.app.db.transaction(Context.system(rig.acme, 'test'), async ({ tx }) => {
    const rows = await tx.query<{ actor: string; body: string }>(
      'select actor, body_text as body from audit_entries where action = $1 order by id',
      [action],
    );
    return rows.map(({ actor, body }) => ({ actor, body: JSON.parse(body) }));
  });
}

describe('an exchanged token', () => {
  it('does what its identity grants, there and nowhere else', async () => {
    const { status, body, headers } = await rig.exchange(await rig.job());
    expect([status, headers['cache-control']]).toEqual([200, 'no-store']);
    expect(body).toEqual({
      access_token: expect.any(String),
      issued_token_type: ACCESS_TOKEN,
      token_type: 'Bearer',
      expires_in: 300,
      tenant: 'acme',
      identity: 'shop-release',
      rule: 'main',
      renewable_for: 0,
    });
    const token = body.access_token as string;
    const { body: me } = await rig.send(token, 'GET probe/whoami');
    expect(me).toMatchObject({
      tenantId: rig.acme,
      actor: { kind: 'workload', id: shop, name: 'ci:shop-release', personId: null },
    });
    expect(me.permissions).toContain('deployments:create');
    expect((await rig.send(token, 'POST probe/deploy/shop/production')).status).toBe(201);
    for (const elsewhere of ['shop/staging', 'bank/production'] as const) {
      const answer = await rig.send(token, `POST probe/deploy/${elsewhere}`);
      expect([answer.status, answer.body.code]).toEqual([403, 'permission-missing']);
    }
    // What is about the tenant as a whole is nothing for who has a scope, nor for any machine.
    expect((await rig.send(token, 'GET federated-identities')).body.code).toBe(
      'permission-missing',
    );
    const make = await rig.app.send('federated-identities', { method: 'POST', token, body: {} });
    expect(make.body.code).toBe('people-only');
  });

  it('says in the audit trail whose it is', async () => {
    await rig.workload({ run_id: '77' });
    const [entry] = (await audit('workload-token-issued')).slice(-1);
    expect(entry).toMatchObject({
      actor: 'ci:shop-release',
      body: {
        rule: 'main',
        isRenewal: false,
        claims: { repository: 'acme/shop', ref: 'refs/heads/main', run_id: '77' },
      },
    });
  });

  it('lives for 15 minutes at most, and never beyond the token that it was given for', async () => {
    const now = Math.floor(rig.app.clock.now() / 1000);
    const long = await rig.exchange(await rig.job({ exp: now + 3_000 }));
    expect(long.body.expires_in).toBe(900);
    const brief = (await rig.exchange(await rig.job({ exp: now + 7 }))).body;
    expect(brief.expires_in).toBeLessThanOrEqual(7);
    expect((await rig.send(brief.access_token, 'GET probe/whoami')).status).toBe(200);
    rig.app.clock.advance(8_000);
    expect((await rig.send(brief.access_token, 'GET probe/whoami')).status).toBe(401);
  });

  it('is nothing that was changed, signed by others, or of another kind', async () => {
    const token = await rig.workload();
    const key = createPrivateKey(rig.app.privateKey);
    const [claims, header] = [decodeJwt(token), decodeProtectedHeader(token)];
    const signed = (change: object, head: object = {}) =>
      new SignJWT({ ...claims, ...change })
        .setProtectedHeader({ ...header, alg: 'ES256', ...head })
        .sign(key);
    const status = async (text: string) => (await rig.send(text, 'GET probe/whoami')).status;
    expect(await status(await signed({}))).toBe(200);
    const now = Math.floor(rig.app.clock.now() / 1000);
    for (const text of [
      await signed({}, { typ: 'at+jwt' }),
      await signed({}, { kid: 'x' }),
      await signed({}, { jku: 'https://evil.example' }),
      await signed({ iss: 'https://evil.example' }),
      await signed({ aud: 'other' }),
      await signed({ exp: now + 3_000 }),
      await signed({ nbf: now + 120, exp: now + 300 }),
      await signed({ sub: newId() }),
      await signed({ sub: 'x' }),
      `${token.slice(0, -6)}AAAAAA`,
    ]) {
      expect(await status(text)).toBe(401);
    }
    // A person's token is none of a pipeline, either.
    const person = await rig.as('boss');
    const asPipeline = await new SignJWT(decodeJwt(person))
      .setProtectedHeader({ alg: 'ES256', typ: 'ci+jwt', kid: header.kid! })
      .sign(key);
    expect(await status(asPipeline)).toBe(401);
  });

  it('has no more than its identity has by now', async () => {
    const id = await rig.identity('shrinking', { audience: 'tidegate:acme:shrinking' });
    const token = await rig.workload({ aud: 'tidegate:acme:shrinking' });
    expect((await rig.send(token, 'POST probe/deploy/shop/production')).status).toBe(201);
    expect((await rig.replace(id, { permissions: ['deployments:read'] })).status).toBe(200);
    rig.app.clock.advance(4_100);
    const answer = await rig.send(token, 'POST probe/deploy/shop/production');
    expect([answer.status, answer.body.code]).toEqual([403, 'permission-missing']);
  });

  it('is cut within five seconds when its identity is disabled, or deleted', async () => {
    const aud = 'tidegate:acme:cut';
    const id = await rig.identity('to-be-cut', { audience: aud });
    const token = await rig.workload({ aud });
    const status = async () => (await rig.send(token, 'GET probe/whoami')).status;
    expect(await status()).toBe(200);
    const disabled = await rig.call('boss', `POST federated-identities/${id}/disable`);
    expect(disabled.body.disabledAt).toEqual(expect.any(String));
    rig.app.clock.advance(4_100);
    expect(await status()).toBe(401);
    const refused = await rig.exchange(await rig.job({ aud }));
    expect([refused.status, refused.body.details]).toEqual([403, { reason: 'disabled' }]);
    await rig.call('boss', `POST federated-identities/${id}/enable`);
    rig.app.clock.advance(4_100);
    expect(await status()).toBe(200);
    expect((await rig.call('boss', `DELETE federated-identities/${id}`)).status).toBe(204);
    rig.app.clock.advance(4_100);
    expect(await status()).toBe(401);
    expect((await rig.exchange(await rig.job({ aud }))).body.details).toEqual({
      reason: 'audience',
    });
  });
});

describe('a request for a token', () => {
  it('may be a form, as clients of RFC 8693 send it', async () => {
    const form = new URLSearchParams({
      grant_type: TOKEN_EXCHANGE,
      subject_token: await rig.job(),
      subject_token_type: JWT,
    });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const post = (body: string) =>
      rig.app.send('authentication/token', { method: 'POST', headers, body });
    expect((await post(form.toString())).body.token_type).toBe('Bearer');
    expect((await post(`${form.toString()}&tenant=a&tenant=b`)).status).toBe(400);
  });

  it('of another sort is refused in the words of OAuth and in ours', async () => {
    const token = await rig.job();
    const wrong = await rig.exchange(token, { grant_type: 'password' });
    expect([wrong.status, wrong.body.code, wrong.body.error]).toEqual([
      400,
      'grant-type-unsupported',
      'unsupported_grant_type',
    ]);
    for (const more of [
      { subject_token_type: 'urn:ietf:params:oauth:token-type:saml2' },
      { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' },
    ]) {
      expect((await rig.exchange(token, more)).body.code).toBe('grant-type-unsupported');
    }
    const unknown = await rig.exchange(token, { scope: 'everything' });
    expect([unknown.status, unknown.body.error]).toEqual([400, 'invalid_request']);
  });

  it('may name the tenant and the identity; else the oldest that lets it in is taken', async () => {
    const audience = 'https://deploy.acme.example';
    for (const name of ['elder', 'younger']) await rig.identity(name, { audience });
    const ask = async (more: object) =>
      (await rig.exchange(await rig.job({ aud: audience }), { tenant: 'acme', ...more })).body;
    expect((await ask({})).identity).toBe('elder');
    expect((await ask({ identity: 'younger' })).identity).toBe('younger');
    expect((await ask({ identity: 'nobody' })).details).toEqual({ reason: 'issuer' });
  });
});

describe('a federated identity', () => {
  const body = (name: string, more: object = {}) => ({
    name,
    issuerKind: 'github',
    rules: [mainRule],
    permissions: 'operate',
    ...more,
  });
  const create = (who: string, name: string, more: object = {}) =>
    rig.call(who, 'POST federated-identities', body(name, more));

  it('has the issuer and an audience of its own unless others are named', async () => {
    const { status, body: made } = await create('boss', 'usual');
    expect(status).toBe(201);
    expect(made).toMatchObject({
      issuer: 'https://token.actions.githubusercontent.com',
      audience: 'tidegate:acme:github',
      createdBy: 'boss',
      modules: null,
      disabledAt: null,
    });
    expect(made.permissions).not.toContain('deployments:create');
    const read = await rig.call('boss', `GET federated-identities/${made.id}`);
    expect(read.body).toEqual(made);
    expect((await audit('federated-identity-created')).at(-1)).toMatchObject({
      actor: 'boss',
      body: { name: 'usual', rules: [mainRule] },
    });
  });

  it('shares its audience with no other issuer, and takes none of another tenant', async () => {
    const codeOf = async (audience: string) =>
      (await create('boss', 'other-issuer', { audience })).body.code as string;
    expect(await codeOf('tidegate:acme:ci')).toBe('audience-taken');
    expect(await codeOf('tidegate:globex:github')).toBe('audience-reserved');
    expect(await codeOf('tidegate:acme-evil')).toBe('audience-reserved');
    expect(await codeOf('with a space')).toBe('validation-failed');
    expect((await create('boss', 'usual')).body.code).toBe('federated-identity-taken');
  });

  it('is refused with rules that more would meet than is meant, and says why', async () => {
    const rules = [{ name: 'all', clauses: [{ claim: 'sub', oneOf: ['repo:acme/*'] }] }];
    const { status, body: problem } = await create('boss', 'loose', { rules });
    expect([status, problem.code]).toEqual([422, 'federated-rules-invalid']);
    expect(problem.details.faults).toEqual(
      expect.arrayContaining([expect.stringContaining('repository_id is missing')]),
    );
  });

  it('gives no more than its maker has, and never what is about people and roles', async () => {
    const custom = ['federated-identities:manage', 'deployments:read', 'deployments:cancel'];
    await rig.customRole('trustee', custom);
    const codes = async (more: object) => (await create('trustee', 'by-trustee', more)).body.code;
    expect(await codes({ permissions: 'deploy' })).toBe('federated-grants-too-wide');
    expect(await codes({ permissions: ['deployments:create'] })).toBe('federated-grants-too-wide');
    const made = await create('trustee', 'by-trustee', { permissions: ['deployments:cancel'] });
    expect(made.status).toBe(201);
    for (const permission of [
      'roles:manage',
      'users:manage',
      'access-keys:create',
      'tenants:manage',
    ]) {
      const refused = await create('boss', 'too-much', { permissions: [permission] });
      expect([permission, refused.status]).toEqual([permission, 400]);
    }
    // Nor can somebody switch on again what they could not have made.
    const id = await rig.identity('wide', { audience: 'tidegate:acme:wide' });
    await rig.call('trustee', `POST federated-identities/${id}/disable`);
    const again = await rig.call('trustee', `POST federated-identities/${id}/enable`);
    expect(again.body.code).toBe('federated-grants-too-wide');
  });

  it('is replaced by who has seen it as it is and has what it grants', async () => {
    const aud = 'tidegate:acme:replaced';
    const id = await rig.identity('replaced', { audience: aud });
    const path = `federated-identities/${id}`;
    const before = await rig.call('boss', `GET ${path}`);
    expect(before.headers.etag).toBe('"1"');
    const rules = [{ ...mainRule, name: 'tags' }];
    const changed = await rig.replace(id, { rules, description: 'tags', environments: null });
    expect([changed.status, changed.headers.etag]).toEqual([200, '"2"']);
    expect(changed.body).toEqual({
      ...before.body,
      rules,
      description: 'tags',
      environments: null,
      version: 2,
    });
    expect((await audit('federated-identity-replaced')).at(-1)).toMatchObject({
      actor: 'boss',
      body: { name: 'replaced', rules, environments: null },
    });
    const { name, issuer, audience, ...rest } = changed.body;
    expect([name, issuer, audience]).toEqual(['replaced', rig.issuer.url, aud]);
    const { permissions, modules } = rest;
    const body = { rules, permissions, modules, environments: null };
    const put = async (headers: Record<string, string>, more: object = {}) => {
      const answer = await rig.call('boss', `PUT ${path}`, { ...body, ...more }, headers);
      return [answer.status, answer.body.code];
    };
    expect(await put({})).toEqual([428, 'if-match-required']);
    expect(await put({ 'if-match': '"1"' })).toEqual([412, 'version-mismatch']);
    const now = { 'if-match': '"2"' };
    expect(await put(now, { audience: 'other' })).toEqual([400, 'validation-failed']);
    const loose = [{ name: 'all', clauses: [{ claim: 'ref', oneOf: ['refs/heads/*'] }] }];
    expect(await put(now, { rules: loose })).toEqual([422, 'federated-rules-invalid']);
    const wide = await rig.replace(id, {}, 'trustee');
    expect(wide.body.code).toBe('federated-grants-too-wide');
  });

  it('cuts off, with other rules, what the former ones have let in, and nothing with the same', async () => {
    const aud = 'tidegate:acme:re-ruled';
    const id = await rig.identity('re-ruled', { audience: aud });
    const token = await rig.workload({ aud });
    const status = async () => {
      rig.app.clock.advance(4_100);
      return (await rig.send(token, 'GET probe/whoami')).status;
    };
    expect((await rig.replace(id, { description: 'the same' })).status).toBe(200);
    expect(await status()).toBe(200);
    const clauses = mainRule.clauses.map((clause) =>
      clause.claim === 'ref' ? { ...clause, oneOf: ['refs/heads/release'] } : clause,
    );
    expect((await rig.replace(id, { rules: [{ ...mainRule, clauses }] })).status).toBe(200);
    expect(await status()).toBe(401);
    expect((await rig.exchange(await rig.job({ aud }))).body.code).toBe('federated-rules-unmet');
  });

  it('is nobody’s business without the permission, or in another tenant', async () => {
    expect((await rig.call('viewer', 'GET federated-identities')).body.code).toBe(
      'permission-missing',
    );
    expect((await rig.call('rival', 'GET federated-identities')).body.items).toEqual([]);
    const token = await rig.job();
    for (const name of ['GET', 'POST disable', 'POST enable', 'DELETE', 'POST test'] as const) {
      const [method, verb = ''] = name.split(' ') as ['GET' | 'POST' | 'DELETE', string?];
      const [theirs, random] = await Promise.all(
        [shop, newId()].map((id) =>
          rig.call(
            'rival',
            `${method} federated-identities/${id}${verb && `/${verb}`}`,
            verb === 'test' ? { token } : undefined,
          ),
        ),
      );
      expect([name, theirs!.status, theirs!.body.detail]).toEqual([name, 404, random!.body.detail]);
    }
  });
});

describe('a test of a token', () => {
  const test = (token: string) =>
    rig.call('viewer-of-federation', `POST federated-identities/${shop}/test`, { token });
  beforeAll(() => rig.customRole('viewer-of-federation', ['federated-identities:manage']));

  it('explains each check and each clause, and uses nothing up', async () => {
    const token = await rig.job();
    for (let turn = 0; turn < 2; turn += 1) {
      const { status, body } = await test(token);
      expect([status, body.isAccepted]).toEqual([200, true]);
      expect(body.checks.every(({ isPassed }: { isPassed: boolean }) => isPassed)).toBe(true);
    }
    expect((await rig.exchange(token)).status).toBe(200);
  });

  it('says all that is wrong at once', async () => {
    const now = Math.floor(rig.app.clock.now() / 1000);
    const { body } = await test(
      await rig.job({
        aud: 'x',
        exp: now - 100,
        iat: now - 200,
        jti: undefined,
        ref: 'refs/heads/topic',
      }),
    );
    const failed = body.checks.filter(({ isPassed }: { isPassed: boolean }) => !isPassed);
    expect(failed.map(({ check }: { check: string }) => check)).toEqual([
      'audience',
      'times',
      'token-id',
    ]);
    expect(body.rules[0].clauses).toContainEqual({
      claim: 'ref',
      isMet: false,
      isByDefault: false,
      expected: ['refs/heads/main', 'refs/tags/v*'],
      received: 'refs/heads/topic',
    });
    expect(body.rules[0].clauses).toContainEqual(
      expect.objectContaining({ claim: 'event_name', isMet: true, isByDefault: true }),
    );
    expect(body.claims).toMatchObject({ repository: githubJob.repository });
    const foreign = await test(await rig.job({ iss: 'https://elsewhere.example' }));
    expect(foreign.body.checks.slice(0, 2)).toMatchObject([
      { isPassed: false },
      { isPassed: false },
    ]);
  });
});

describe('whoever lets pipelines in', () => {
  it('has shown within five minutes that it is they', async () => {
    const token = await rig.as('boss');
    rig.app.clock.advance(301_000);
    const names = ['federated-identities', `federated-identities/${shop}/disable`];
    for (const path of names) {
      const answer = await rig.app.send(path, { method: 'POST', token, body: {} });
      expect([path, answer.status, answer.body.code]).toEqual([path, 403, 'step-up-required']);
    }
  });
});

describe('a renewal', () => {
  const renew = (token: string) => rig.exchange(token, { subject_token_type: ACCESS_TOKEN });

  it('goes on where a runner gives one token for the whole job, until that is over', async () => {
    const now = Math.floor(rig.app.clock.now() / 1000);
    const first = (await rig.exchange(await rig.issuer.token({ ...gitlabJob, exp: now + 1_500 })))
      .body;
    expect([first.expires_in, first.renewable_for]).toEqual([900, 1_500]);
    rig.app.clock.advance(840_000);
    const second = (await renew(first.access_token)).body;
    expect(second).toMatchObject({ expires_in: 660, identity: 'gitlab', rule: 'protected' });
    expect((await rig.send(second.access_token, 'POST probe/deploy/bank/production')).status).toBe(
      201,
    );
    // Each once: a stolen one and its owner get into each other's way.
    expect((await renew(first.access_token)).body.details).toEqual({ reason: 'used' });
    rig.app.clock.advance(661_000);
    expect((await renew(second.access_token)).body.details).toEqual({ reason: 'over' });
    expect((await rig.send(second.access_token, 'GET probe/whoami')).status).toBe(401);
  });

  it('is not for runners that give a new token each time, nor for anything else', async () => {
    expect((await renew(await rig.workload())).body.details).toEqual({ reason: 'over' });
    expect((await renew(await rig.as('boss'))).body.details).toEqual({ reason: 'over' });
    expect((await renew(await rig.job())).body.details).toEqual({ reason: 'over' });
    expect((await renew('x')).status).toBe(403);
  });

  it('of a merge request’s pipeline does not begin', async () => {
    const answer = await rig.exchange(
      await rig.issuer.token({ ...gitlabJob, pipeline_source: 'merge_request_event' }),
    );
    expect(answer.body.details.clauses).toEqual(['pipeline_source']);
  });
});
