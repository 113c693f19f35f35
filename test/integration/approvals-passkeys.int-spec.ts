/** Decisions that a passkey signs: what counts, and all that must not be taken for it. */
import { createHash, createPublicKey, verify } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { DeployingTenant } from '../support/deployments-app.js';
import { outcomeOf, type Pending, PendingApprovals } from '../support/pending-approvals.js';
import type { Lies, SoftwareAuthenticator } from '../support/software-authenticator.js';
import type { Member } from '../support/whole-app.js';

let rig: PendingApprovals;
let tenant: DeployingTenant;
let ada: Member;
let key: SoftwareAuthenticator;
let grace: Member;
let keyOfGrace: SoftwareAuthenticator;

beforeAll(async () => {
  rig = await PendingApprovals.start();
  tenant = await rig.app.tenant('acme');
  [ada, grace] = [await rig.person(tenant), await rig.person(tenant)];
  [key, keyOfGrace] = [await rig.passkey(ada), await rig.passkey(grace)];
  await rig.policy(tenant, { passkeyRequired: true });
  await tenant.release('stock', '1.0.0');
}, 60_000);
afterAll(() => rig?.close());

const refused = [403, 'approval-signature-refused'];
let about: Pending;
beforeEach(async () => {
  await rig.app.sql('delete from approval_challenges');
  about = await rig.pending(tenant, { requireApproval: false });
});

const challenge = (who: Member, { id, subjectDigest } = about, decision = 'approve') =>
  rig.send(who, `/approvals/deployments/${id}/challenge`, { body: { decision, subjectDigest } });

const optionsOf = async (who: Member, at = about, decision = 'approve') => {
  const asked = await challenge(who, at, decision);
  expect(outcomeOf(asked)).toEqual([200, 'ok']);
  return asked.body as { challenge: string; rpId: string };
};

const signed = async (lies: Lies = {}, at = about, decision = 'approve') =>
  key.get(await optionsOf(ada, at, decision), lies);

const approve = (who: Member, assertion?: unknown, { id, subjectDigest } = about) =>
  rig.send(who, `/approvals/deployments/${id}/approve`, {
    body: { subjectDigest, ...(assertion === undefined ? {} : { assertion }) },
  });

const counts = async (): Promise<boolean> => {
  const [row] = await rig.app.sql<{ count: number }>(
    `select count(*)::int as count from approval_decisions where deployment_id = $1`,
    [about.id],
  );
  return row!.count > 0;
};

describe('a decision that a policy wants signed', () => {
  it('counts with the passkey, and starts the deployment', async () => {
    expect(outcomeOf(await approve(ada, await signed()))).toEqual([200, 'ok']);
    await rig.app.act(tenant.id, about.id);
    expect(await rig.statusOf(tenant, about.id)).not.toBe('PendingApproval');
  });

  it('is refused without, and told how', async () => {
    const answer = await approve(ada);
    expect(outcomeOf(answer)).toEqual([403, 'approval-passkey-required']);
    expect(answer.body.detail).toMatch(/browser/);
    expect(await counts()).toBe(false);
  });

  it('is stored so that node:crypto alone can verify it, without this server', async () => {
    await approve(ada, await signed());
    const path = `/approvals/deployments/${about.id}/evidence`;
    const { body } = await rig.send(grace, path, { method: 'GET' });
    expect(body.items).toHaveLength(1);
    const { evidence, personId } = body.items[0];
    const bytes = (text: string) => Buffer.from(text, 'base64url');
    const client = bytes(evidence.clientDataJSON);
    const publicKey = createPublicKey({
      key: bytes(evidence.publicKey),
      format: 'der',
      type: 'spki',
    });
    const hash = createHash('sha256').update(client).digest();
    const data = Buffer.concat([bytes(evidence.authenticatorData), hash]);
    expect(verify('sha256', data, publicKey, bytes(evidence.signature))).toBe(true);
    const what = createHash('sha256').update(evidence.signed).digest('base64url');
    expect(JSON.parse(client.toString()).challenge).toBe(what);
    expect(JSON.parse(evidence.signed)).toMatchObject({
      tenantId: tenant.id,
      deploymentId: about.id,
      subjectDigest: about.subjectDigest,
      decision: 'approve',
      personId: ada.userId,
      policies: [{ version: 1 }],
    });
    expect(personId).toBe(ada.userId);
  });

  it('is refused when the request is retried: the same subject is another deployment', async () => {
    const assertion = await signed();
    const first = about;
    await rig.send(ada, `/approvals/deployments/${first.id}/reject`, { body: { reason: 'no' } });
    await rig.app.act(tenant.id, first.id);
    about = await rig.pending(tenant, { requireApproval: false });
    expect(about.subjectDigest).toBe(first.subjectDigest);
    expect(outcomeOf(await approve(ada, assertion))).toEqual(refused);
    expect(await counts()).toBe(false);
  });

  it('is refused on another deployment that waits', async () => {
    const other = await rig.pending(tenant, { requireApproval: false, moduleName: 'stock' });
    expect(outcomeOf(await approve(ada, await signed({}, other)))).toEqual(refused);
    expect(await counts()).toBe(false);
  });

  it('is refused when it was a rejection that was signed', async () => {
    expect(outcomeOf(await approve(ada, await signed({}, about, 'reject')))).toEqual(refused);
  });

  it('is refused for what another person has signed, and for the passkey of another', async () => {
    expect(outcomeOf(await approve(grace, await signed()))).toEqual(refused);
    const foreign = keyOfGrace.get(await optionsOf(ada));
    expect(outcomeOf(await approve(ada, foreign))).toEqual(refused);
    expect(await counts()).toBe(false);
  });

  it('is refused after five minutes', async () => {
    const assertion = await signed();
    await rig.app.sql(
      `update approval_challenges set expires_at = now() - interval '1 second' where deployment_id = $1`,
      [about.id],
    );
    expect(outcomeOf(await approve(ada, assertion))).toEqual(refused);
  });

  it('is refused when it was answered before, and its decision withdrawn', async () => {
    const quorum = (of: number) =>
      rig.app.sql(
        `update approval_policies set quorum = $2, version = version + 1 where tenant_id = $1`,
        [tenant.id, of],
      );
    await quorum(2);
    about = await rig.pending(tenant, { requireApproval: false });
    const assertion = await signed();
    expect(outcomeOf(await approve(ada, assertion))).toEqual([200, 'ok']);
    const path = `/approvals/deployments/${about.id}/withdraw`;
    expect(outcomeOf(await rig.send(ada, path, { body: {} }))).toEqual([200, 'ok']);
    expect(outcomeOf(await approve(ada, assertion))).toEqual(refused);
    expect(outcomeOf(await approve(ada, await signed()))).toEqual([200, 'ok']);
    await quorum(1);
  });

  it('is refused in another tenant, whose member the same person is', async () => {
    const globex = await rig.app.tenant('globex');
    await rig.policy(globex, { passkeyRequired: true });
    const assertion = await signed();
    const adaThere = await rig.alsoIn({ tenant: globex, slug: 'globex' }, ada, key);
    const there = await rig.pending(globex, { requireApproval: false });
    expect((await approve(ada, assertion, there)).status).toBe(404);
    expect(outcomeOf(await approve(adaThere, assertion, there))).toEqual(refused);
    const own = key.get(await optionsOf(adaThere, there));
    expect(outcomeOf(await approve(adaThere, own, there))).toEqual([200, 'ok']);
  });

  it.each<[string, Lies]>([
    ['another site', { origin: 'https://tidegate.example.net' }],
    ['a subdomain', { origin: 'https://evil.tidegate.example.com' }],
    ['another relying party', { rpId: 'example.com' }],
    ['nobody verified', { isVerified: false }],
    ['an enrolment', { type: 'webauthn.create' }],
    ['a challenge that nobody made', { challenge: 'A'.repeat(43) }],
  ])('is refused for %s', async (_what, lies) => {
    expect(outcomeOf(await approve(ada, await signed(lies)))).toEqual(refused);
    expect(await counts()).toBe(false);
  });

  it('is refused from a copy, whose counter is behind', async () => {
    expect(outcomeOf(await approve(ada, await signed({ counter: 1 })))).toEqual(refused);
    expect(await counts()).toBe(false);
  });

  it.each([['text'], [{}], [{ id: 'x' }], [{ response: {} }]])('is no %j', async (assertion) => {
    const { status } = await approve(ada, assertion);
    expect([403, 422, 400]).toContain(status);
    expect(await counts()).toBe(false);
  });

  it('is refused with what was signed to sign in, and signs nobody in', async () => {
    const signIn = await fetch(`${rig.app.whole.url}/api/v1/authentication/passkey/options`, {
      method: 'POST',
    });
    const forSignIn = key.get((await signIn.json()) as never);
    expect(outcomeOf(await approve(ada, forSignIn))).toEqual(refused);
    const response = await fetch(`${rig.app.whole.url}/api/v1/authentication/passkey`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ passkey: await signed() }),
    });
    expect(response.status).toBe(401);
  });

  it('is refused once the policy has changed: what was signed names its version', async () => {
    const assertion = await signed();
    await rig.app.sql(`update approval_policies set version = version + 1 where tenant_id = $1`, [
      tenant.id,
    ]);
    expect(outcomeOf(await approve(ada, assertion))).toEqual([409, 'approval-subject-changed']);
    expect(await counts()).toBe(false);
  });

  it('counts once when it is sent twice at once', async () => {
    const assertion = await signed();
    const both = await Promise.all([approve(ada, assertion), approve(ada, assertion)]);
    expect(both.map(({ status }) => status)).toContain(200);
    const [row] = await rig.app.sql<{ count: number }>(
      `select count(*)::int as count from approval_decisions where deployment_id = $1`,
      [about.id],
    );
    expect(row!.count).toBe(1);
  });
});

describe('a challenge', () => {
  it('names the passkeys of the person, and lives for five minutes', async () => {
    const options = (await challenge(ada)).body;
    expect(options).toMatchObject({
      rpId: 'tidegate.example.com',
      userVerification: 'required',
      timeout: 300_000,
      allowCredentials: [{ id: key.id.toString('base64url') }],
    });
    expect(Buffer.from(options.challenge, 'base64url')).toHaveLength(32);
  });

  it('is nothing for machines, for other subjects, without a passkey, or for what is over', async () => {
    const made = await rig.send(ada, '/access-keys', {
      body: { name: `key-${about.id.slice(-8)}`, permissions: ['approvals:decide'] },
    });
    expect(made.status).toBe(201);
    const machine = { ...ada, token: made.body.secret as string };
    expect(outcomeOf(await challenge(machine))).toEqual([403, 'approval-needs-person']);
    const other = { ...about, subjectDigest: `sha256:${'0'.repeat(64)}` };
    expect(outcomeOf(await challenge(ada, other))).toEqual([409, 'approval-subject-changed']);
    const bare = await rig.person(tenant);
    expect(outcomeOf(await challenge(bare))).toEqual([409, 'approval-no-passkey']);
    const viewer = await rig.person(tenant, 'Viewer');
    expect(outcomeOf(await challenge(viewer))).toEqual([403, 'permission-missing']);
    await rig.send(ada, `/approvals/deployments/${about.id}/reject`, { body: { reason: 'no' } });
    await rig.app.act(tenant.id, about.id);
    expect(outcomeOf(await challenge(ada))).toEqual([409, 'approval-not-open']);
  });

  it('is one of twenty that a person may leave unanswered', async () => {
    const dora = await rig.person(tenant);
    await rig.passkey(dora);
    for (let n = 0; n < 20; n += 1) expect((await challenge(dora)).status).toBe(200);
    expect(outcomeOf(await challenge(dora))).toEqual([429, 'approval-challenge-limit']);
    expect((await challenge(grace)).status).toBe(200);
  });
});
