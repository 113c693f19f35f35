/** What is shown at POST /authentication/token and must not be let in, against a real issuer. */
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exportJWK, SignJWT } from 'jose';
import { Context } from '../../src/platform/context.js';
import { CiIssuer, githubJob } from '../support/ci-issuer.js';
import { FederationRig, mainRule } from '../support/federation-rig.js';

let rig: FederationRig;
beforeAll(async () => {
  rig = await FederationRig.start();
  await rig.identity('shop-release');
}, 60_000);
afterAll(() => rig?.close());

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

async function refused(token: string, status: number, reason: string, more: object = {}) {
  const { body, status: got } = await rig.exchange(token, more);
  expect([got, body.details?.reason ?? body.code]).toEqual([status, reason]);
  // As clients of RFC 8693 look for it.
  expect(body).toMatchObject({ error: 'invalid_request', error_description: body.detail });
  return body;
}

describe('a token', () => {
  it('that meets a rule is exchanged', async () => {
    expect((await rig.exchange(await rig.job())).status).toBe(200);
  });

  it('for another audience is refused', async () => {
    await refused(await rig.job({ aud: 'tidegate:acme:other' }), 403, 'audience');
    await refused(await rig.job({ aud: 'https://github.com/acme' }), 403, 'audience', {
      tenant: 'acme',
    });
    await refused(await rig.job({ aud: 'https://github.com/acme' }), 403, 'tenant');
    const several = await rig.job({ aud: ['tidegate:acme:ci', 'sts.amazonaws.com'] });
    await refused(several, 400, 'subject-token-malformed');
  });

  it('of another issuer with the same claims is refused', async () => {
    const other = await CiIssuer.start(rig.app.clock);
    try {
      await refused(await other.token(githubJob), 403, 'issuer');
      expect(other.asked).toEqual({ discovery: 0, keys: 0 });
      // It says that it is the one that is trusted.
      const forged = await other.token({ ...githubJob, iss: rig.issuer.url });
      await refused(forged, 403, 'signature');
      const { kid } = rig.issuer.key;
      const sameKid = await other.token({ ...githubJob, iss: rig.issuer.url }, { kid });
      await refused(sameKid, 403, 'signature');
    } finally {
      await other.close();
    }
  });

  it('of a tenant that does not trust its issuer, or of none, is refused alike', async () => {
    const [globex, nobody] = [
      await rig.exchange(await rig.job({ aud: 'tidegate:globex:ci' })),
      await rig.exchange(await rig.job({ aud: 'tidegate:nobody:ci' })),
    ];
    expect([globex.status, globex.body.detail]).toEqual([nobody.status, nobody.body.detail]);
    expect(globex.body.details).toEqual({ reason: 'issuer' });
  });

  it('that is over, not good yet, or lives too long is refused', async () => {
    const now = Math.floor(rig.app.clock.now() / 1000);
    await refused(await rig.job({ iat: now - 400, nbf: now - 400, exp: now - 61 }), 403, 'times');
    await refused(await rig.job({ nbf: now + 61 }), 403, 'times');
    await refused(await rig.job({ iat: now + 61, exp: now + 300 }), 403, 'times');
    await refused(await rig.job({ exp: now + 3_700 }), 403, 'times');
    await refused(await rig.job({ exp: undefined }), 400, 'subject-token-malformed');
    await refused(await rig.job({ iat: undefined }), 400, 'subject-token-malformed');
    // Within what clocks differ by, but there is nothing left to give.
    await refused(await rig.job({ iat: now - 300, nbf: now - 300, exp: now - 1 }), 403, 'times');
    expect((await rig.exchange(await rig.job({ nbf: now + 50, iat: now + 50 }))).status).toBe(200);
  });

  it('that is not signed, or by something that we hand out, is refused', async () => {
    const claims = encoded(rig.issuer.claims(githubJob));
    const { kid, jwk } = rig.issuer.key;
    await refused(`${encoded({ alg: 'none', kid })}.${claims}.`, 400, 'subject-token-malformed');
    await refused(`${encoded({ alg: 'none', kid })}.${claims}.AA`, 400, 'subject-token-malformed');
    // The public key as the secret of an HMAC.
    const head = encoded({ alg: 'HS256', kid, typ: 'JWT' });
    const secret = JSON.stringify(jwk);
    const mac = createHmac('sha256', secret).update(`${head}.${claims}`).digest('base64url');
    await refused(`${head}.${claims}.${mac}`, 400, 'subject-token-malformed');
    const [good, body] = (await rig.job()).split('.') as [string, string];
    const other = encoded(rig.issuer.claims({ ...githubJob, ref: 'refs/tags/v1' }));
    const signature = (await rig.job()).split('.')[2]!;
    await refused(`${good}.${other}.${signature}`, 403, 'signature');
    await refused(`${good}.${body}.${'A'.repeat(342)}`, 403, 'signature');
  });

  it('that brings or points to a key of its own is refused', async () => {
    const own = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const jwk = await exportJWK(own.publicKey);
    const bring = async (header: Record<string, unknown>) =>
      new SignJWT(rig.issuer.claims(githubJob))
        .setProtectedHeader({ alg: 'ES256', kid: 'own', ...header })
        .sign(own.privateKey);
    for (const header of [
      { jwk },
      { jku: 'https://evil.example/keys' },
      { x5u: 'https://evil.example/cert' },
      { x5c: ['MIIB'] },
      { b64: true, crit: ['b64'] },
    ]) {
      await refused(await bring(header), 400, 'subject-token-malformed');
    }
    await refused(await bring({}), 403, 'signature');
    // An algorithm of another family than the key that is named.
    const { kid } = rig.issuer.key;
    await refused(await bring({ kid }), 403, 'signature');
  });

  it('with a claim twice, without an id, too long or no token at all is refused', async () => {
    const text = JSON.stringify(rig.issuer.claims(githubJob));
    const doubled = text.replace('{', '{"repository_id":"666",');
    const [head, , signature] = (await rig.job()).split('.') as [string, string, string];
    const twice = `${head}.${Buffer.from(doubled).toString('base64url')}.${signature}`;
    await refused(twice, 400, 'subject-token-malformed');
    await refused(await rig.job({ jti: undefined }), 403, 'token-id');
    await refused(await rig.job({ jti: '' }), 403, 'token-id');
    await refused(await rig.job({ jti: 'x'.repeat(257) }), 403, 'token-id');
    for (const token of ['x', 'a.b', 'a.b.c', 'a.b.c.d', `${head}.${signature}.x`, ' a.b.c']) {
      await refused(token, 400, 'subject-token-malformed');
    }
    const long = await rig.job({ groups: 'x'.repeat(10_000) });
    await refused(long, 400, 'validation-failed');
    const wide = await rig.job({ groups: Array.from({ length: 500 }, () => 1) });
    await refused(wide, 400, 'subject-token-malformed');
  });

  it('is good once, however often and at once it is shown', async () => {
    const token = await rig.job();
    const answers = await Promise.all(Array.from({ length: 6 }, () => rig.exchange(token)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 403, 403, 403, 403, 403]);
    await refused(token, 403, 'used');
    // The same id in another text.
    const jti = '5f0c';
    expect((await rig.exchange(await rig.job({ jti }))).status).toBe(200);
    await refused(await rig.job({ jti, run_id: '2' }), 403, 'used');
  });
});

describe('a job', () => {
  async function unmet(claims: Record<string, unknown>, ...clauses: string[]) {
    const { status, body } = await rig.exchange(await rig.job(claims));
    expect([status, body.code, body.details?.clauses]).toEqual([
      403,
      'federated-rules-unmet',
      clauses,
    ]);
    return body;
  }

  it('of a repository that has only the name of the right one is refused', async () => {
    const body = await unmet(
      {
        repository_id: '900000001',
        sub: 'repo:acme@9919/shop@900000001:ref:refs/heads/main',
      },
      'repository_id',
    );
    // It hears what its own token says, and not what was wanted.
    expect(body.details.claims).toMatchObject({
      repository: 'acme/shop',
      repository_id: '900000001',
    });
    expect(JSON.stringify(body)).not.toContain('718293104');
    await unmet({ repository_owner_id: '666', sub: undefined }, 'repository_owner_id');
  });

  it('of a pull request is refused, from a fork or not', async () => {
    await unmet({ event_name: 'pull_request_target' }, 'event_name');
    const fork = { event_name: 'pull_request', ref: 'refs/pull/7/merge', head_ref: 'main' };
    await unmet({ ...fork, base_ref: 'main' }, 'ref', 'event_name');
    const own = { repository: 'eve/shop', repository_id: '77', repository_owner_id: '66' };
    await unmet({ ...own, sub: undefined }, 'repository_id', 'repository_owner_id');
  });

  it('of another branch, or with a claim that is none, is refused', async () => {
    await unmet({ ref: 'refs/heads/main2' }, 'ref');
    await unmet({ ref: ['refs/heads/main'] }, 'ref');
    await unmet({ ref: undefined }, 'ref');
    await unmet({ repository_id: { id: '718293104' }, sub: undefined }, 'repository_id');
  });

  it('whose subject contradicts its claims is refused; one without ids says nothing', async () => {
    await refused(
      await rig.job({ sub: 'repo:acme@9919/shop@666:ref:refs/heads/main' }),
      403,
      'subject',
    );
    await refused(
      await rig.job({ sub: 'repo:acme@666/shop@718293104:environment:x' }),
      403,
      'subject',
    );
    for (const sub of ['repo:acme/shop:ref:refs/heads/main', 'repository_id:666', undefined]) {
      expect((await rig.exchange(await rig.job({ sub }))).status).toBe(200);
    }
  });

  it('of a reusable workflow is told apart from the one that calls it', async () => {
    const wanted = 'acme/ci/.github/workflows/deploy.yml@refs/tags/v*';
    const clauses = [...mainRule.clauses, { claim: 'job_workflow_ref', oneOf: [wanted] }];
    await rig.identity('by-workflow', {
      audience: 'tidegate:acme:workflow',
      rules: [{ name: 'deploy', clauses }],
    });
    const aud = 'tidegate:acme:workflow';
    expect((await rig.exchange(await rig.job({ aud }))).status).toBe(200);
    const swapped = {
      aud,
      workflow_ref: githubJob.job_workflow_ref,
      job_workflow_ref: githubJob.workflow_ref,
    };
    await unmet(swapped, 'job_workflow_ref');
  });
});

describe('refused exchanges', () => {
  it('are in the audit trail, each reason once a minute, with how many more there were', async () => {
    const entries = () =>
      rig.app.db.transaction(Context.system(rig.acme, 'test'), async ({ tx }) => {
        const rows = await tx.query<{ body: string }>(
          `select body_text as body from audit_entries where action = 'workload-token-refused'
             and result = 'denied' and subject_id = $1 order by id`,
          [rig.issuer.url],
        );
        return rows.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
      });
    rig.app.clock.advance(61_000);
    const before = (await entries()).length;
    for (let count = 0; count < 5; count += 1) {
      await rig.exchange(await rig.job({ ref: 'refs/heads/topic' }));
    }
    expect(await entries()).toHaveLength(before + 1);
    rig.app.clock.advance(61_000);
    await rig.exchange(await rig.job({ ref: 'refs/heads/topic' }));
    expect((await entries()).at(-1)).toMatchObject({
      reason: 'federated-rules-unmet',
      clauses: ['ref'],
      claims: { ref: 'refs/heads/topic', repository: 'acme/shop' },
      untold: 4,
    });
  });
});
