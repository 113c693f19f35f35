/** People decide: what they may, once, about what they have seen, and what comes of it. */
import { Database } from '../../src/platform/database/database.js';
import { PLATFORM_TENANT } from '../../src/tenancy/tenants/platform-tenant.js';
import { grantRole } from '../../src/tenancy/users/users.store.js';
import { journalFaults, type Entry } from '../support/journal-faults.js';
import { ApprovalsRig, type ApprovingTenant } from '../support/approvals-rig.js';
import type { Member } from '../support/whole-app.js';

let rig: ApprovalsRig;
let tenant: ApprovingTenant;
let [ada, bob]: Member[] = [];

beforeAll(async () => {
  rig = await ApprovalsRig.start();
  tenant = await rig.tenant('deciders');
  [ada, bob] = [await tenant.person(), await tenant.person()];
});
afterAll(() => rig?.close());

const asked = (change: object = {}) => tenant.asked({ requireApproval: true, ...change });

const holders = (id: string) =>
  rig.app.sql('select 1 from deployment_slots where holder_deployment_id = $1', [id]);

async function legal(id: string): Promise<string[]> {
  const journal = await rig.app.sql<Entry>(
    `select seq, at, plan_number as "planNumber", step_id as "stepId", attempt, kind, data
     from journal where deployment_id = $1 order by seq`,
    [id],
  );
  return journalFaults(journal).filter((fault) => !fault.includes('finished 0 times'));
}

describe('a deployment that must be approved', () => {
  it('waits for it without a slot, and says for whom and until when', async () => {
    const id = await asked();
    const { status, waitingOn } = await tenant.deployment(id);
    expect({ status, waitingOn }).toMatchObject({
      status: 'PendingApproval',
      waitingOn: {
        kind: 'approval',
        verb: 'approve',
        who: 'those who may decide for "asked for with the deployment"',
        detail: expect.stringContaining('lacks 1 of 1 decision'),
      },
    });
    const hours = (Date.parse(waitingOn.until) - Date.parse(waitingOn.since)) / 3_600_000;
    expect(hours).toBeCloseTo(24, 2);
    expect(await holders(id)).toEqual([]);
    await tenant.deploying.post(`/deployments/${id}/cancel`, {});
    await tenant.act(id);
    expect((await tenant.deployment(id)).status).toBe('Cancelled');
    expect(await tenant.requests(id)).toMatchObject([{ status: 'cancelled' }]);
    expect(await legal(id)).toEqual([]);
  });

  it('starts with the last decision that is needed', async () => {
    const id = await asked();
    const answer = await tenant.approve(ada!, id);
    expect(answer).toMatchObject({
      status: 200,
      body: { status: 'granted', rules: [{ isMet: true, have: 1, need: 1, missing: null }] },
    });
    await tenant.act(id);
    expect(await tenant.deployment(id)).toMatchObject({ status: 'Running' });
    expect(await tenant.story(id)).toEqual([
      'requested',
      'PendingApproval',
      'given',
      'granted',
      'Pending',
      'Running',
    ]);
    expect(await legal(id)).toEqual([]);
  });

  it('is said beforehand, and left out of nothing', async () => {
    const body = {
      moduleName: 'orders',
      version: '1.0.0',
      targetEnvironment: 'QA',
      requireApproval: true,
    };
    const { body: planned } = await tenant.deploying.post('/deployments/plan', body);
    expect(planned.approvals).toMatchObject([{ name: 'asked for with the deployment', quorum: 1 }]);
    expect(planned.steps.map(({ id }: { id: string }) => id).slice(0, 3)).toEqual([
      'preflight',
      'approval',
      'slot',
    ]);
  });
});

describe('a decision', () => {
  it('is refused while a freeze names approvals, and then waits for nothing but the rest', async () => {
    const id = await asked();
    const window = {
      kind: 'once',
      from: new Date(Date.now() - 60_000).toISOString(),
      to: new Date(Date.now() + 3_600_000).toISOString(),
    };
    const body = { name: 'no approvals', reason: 'a test', verbs: ['approve'], window };
    const made = await tenant.deploying.as('Admin', '/freezes', { method: 'POST', body });
    expect(await tenant.approve(ada!, id)).toMatchObject({ status: 409, body: { code: 'frozen' } });
    await tenant.deploying.as('Admin', `/freezes/${made.body.id}`, { method: 'DELETE' });
    expect(await tenant.approve(ada!, id)).toMatchObject({ status: 200 });
  });

  it('counts once, however often it is sent', async () => {
    const id = await asked();
    const first = await tenant.approve(ada!, id);
    const again = await tenant.approve(ada!, id);
    expect(again).toEqual(first);
    const rows = await rig.app.sql('select 1 from approval_decisions where deployment_id = $1', [
      id,
    ]);
    expect(rows).toHaveLength(1);
  });

  it('is about what was looked at', async () => {
    const id = await asked();
    const other = `sha256:${'0'.repeat(64)}`;
    const answer = await tenant.say(ada!, 'approve', id, { subjectDigest: other });
    expect(answer).toMatchObject({
      status: 409,
      body: {
        code: 'approval-subject-changed',
        details: { subjectDigest: await tenant.digest(id) },
      },
    });
    expect(await tenant.story(id)).toEqual(['requested', 'PendingApproval']);
  });

  it('of two opposite ones at the same moment is one', async () => {
    for (let round = 0; round < 5; round += 1) {
      const id = await asked();
      const [yes, no] = await Promise.all([
        tenant.approve(ada!, id),
        tenant.say(bob!, 'reject', id, { reason: 'not now' }),
      ]);
      const [won, lost] = yes.status === 200 ? [yes, no] : [no, yes];
      expect(won.status).toBe(200);
      expect(lost).toMatchObject({
        status: 409,
        body: { code: 'approval-not-open', details: { approval: won.body.status } },
      });
      await tenant.act(id);
      const { status } = await tenant.deployment(id);
      const isRejected = won.body.status === 'rejected';
      expect(isRejected ? ['Rejected'] : ['Running', 'Pending']).toContain(status);
    }
  });

  it('against it ends it with the reason, and trying again asks again', async () => {
    const id = await asked();
    const reason = 'not on a Friday';
    const first = await tenant.say(bob!, 'reject', id, { reason });
    expect(first).toMatchObject({ status: 200, body: { status: 'rejected' } });
    expect(await tenant.say(bob!, 'reject', id, { reason })).toMatchObject({ status: 200 });
    await tenant.act(id);
    expect(await tenant.deployment(id)).toMatchObject({ status: 'Rejected', reason });
    const [end] = await rig.app.sql<{ actor: string }>(
      `select actor from journal where deployment_id = $1 and kind = 'finished'`,
      [id],
    );
    expect(end!.actor).toBe(bob!.username);
    expect(await legal(id)).toEqual([]);
    const retried = await tenant.deploying.post(`/deployments/${id}/retry`, {});
    await rig.app.pass(tenant.id, retried.body.id, 'preflight');
    await tenant.act(retried.body.id);
    expect(await tenant.deployment(retried.body.id)).toMatchObject({ status: 'PendingApproval' });
  });

  it('may be withdrawn while it is not enough, and commented at any time', async () => {
    await tenant.policy({ quorum: 2, name: 'two of us' });
    const id = await tenant.asked();
    expect(await tenant.say(ada!, 'withdraw', id)).toMatchObject({
      status: 409,
      body: { code: 'nothing-to-withdraw' },
    });
    await tenant.approve(ada!, id);
    await tenant.say(ada!, 'comment', id, { comment: 'wait' });
    expect(await tenant.say(ada!, 'withdraw', id)).toMatchObject({
      status: 200,
      body: { status: 'open', rules: [{ have: 0, need: 2 }] },
    });
    expect(await tenant.approve(bob!, id)).toMatchObject({ body: { status: 'open' } });
    expect(await tenant.approve(ada!, id)).toMatchObject({ body: { status: 'granted' } });
    expect(await tenant.say(ada!, 'withdraw', id)).toMatchObject({
      status: 409,
      body: { code: 'approval-not-open' },
    });
    const withdrawn = await rig.app.sql(
      'select 1 from audit_entries where subject_id = $1 and action = $2',
      [id, 'approval-withdrawn'],
    );
    expect(withdrawn).toHaveLength(1);
    expect(await tenant.story(id)).toEqual([
      'requested',
      'PendingApproval',
      'given',
      'commented',
      'withdrawn',
      'given',
      'given',
      'granted',
    ]);
    await rig.app.sql('delete from approval_policies');
  });
});

describe('who may decide', () => {
  const codeOf = async (who: Pick<Member, 'token'>, id: string) => {
    const { status, body } = await tenant.approve(who, id);
    return [status, body.code];
  };

  it('is who the rule names, and not who asked', async () => {
    const admin = await tenant.person();
    const sent = await fetch(`${rig.app.whole.url}/api/v1/deployments`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${admin.token}` },
      body: JSON.stringify({
        moduleName: 'orders',
        version: '1.0.0',
        targetEnvironment: 'QA',
        requireApproval: true,
      }),
    });
    const { id } = (await sent.json()) as { id: string };
    await rig.app.pass(tenant.id, id, 'preflight');
    await tenant.act(id);
    const barred = await tenant.approve(admin, id);
    expect(barred).toMatchObject({
      status: 403,
      body: {
        code: 'approval-barred',
        detail: expect.stringContaining('"asked for with the deployment" keeps you from deciding'),
        details: { bars: ['requester'] },
      },
    });
    expect(await codeOf(await tenant.person('Deployer'), id)).toEqual([403, 'permission-missing']);
    await tenant.deploying.post(`/deployments/${id}/cancel`, {});
    await tenant.policy({ approvers: { roles: [], groups: [], users: [ada!.userId] } });
    const other = await asked();
    // Bob could for the request's own rule, and decides nothing for the policy's.
    expect(await tenant.approve(bob!, other)).toMatchObject({
      body: { status: 'open', rules: [{ isMet: false }, { isMet: true }] },
    });
    expect(await tenant.approve(ada!, other)).toMatchObject({ body: { status: 'granted' } });
    const last = await tenant.asked();
    expect(await codeOf(bob!, last)).toEqual([403, 'not-an-approver']);
    await rig.app.sql('delete from approval_policies');
  });

  it('is no key, whatever it holds, nor its maker where a key has asked', async () => {
    const maker = await tenant.person();
    const made = await fetch(`${rig.app.whole.url}/api/v1/access-keys`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${maker.token}` },
      body: JSON.stringify({
        name: 'decider',
        permissions: 'admin',
      }),
    });
    const { secret: key } = (await made.json()) as { secret: string };
    const sent = await fetch(`${rig.app.whole.url}/api/v1/deployments`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify({
        moduleName: 'orders',
        version: '1.0.0',
        targetEnvironment: 'QA',
        requireApproval: true,
      }),
    });
    const { id } = (await sent.json()) as { id: string };
    await rig.app.pass(tenant.id, id, 'preflight');
    await tenant.act(id);
    expect(await codeOf({ token: key }, id)).toEqual([403, 'approval-needs-person']);
    expect(await codeOf(maker, id)).toEqual([403, 'approval-barred']);
    expect(await codeOf(ada!, id)).toEqual([200, undefined]);
  });

  it('is nobody from the platform who acts there; who is of both decides at home', async () => {
    const id = await asked();
    const operator = await rig.app.whole.member(PLATFORM_TENANT.id, 'PlatformAdmin');
    const acting = await fetch(`${rig.app.whole.url}/api/v1/approvals/deployments/${id}/approve`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${operator.token}`,
        'x-tenant': 'deciders',
        'x-act-as-reason': 'they are asleep',
      },
      body: JSON.stringify({ subjectDigest: await tenant.digest(id) }),
    });
    expect([acting.status, ((await acting.json()) as { code: string }).code]).toEqual([
      403,
      'approval-needs-person',
    ]);
    await rig.app.whole.get(Database).system((tx) =>
      grantRole(tx, {
        tenantId: PLATFORM_TENANT.id,
        userId: ada!.userId,
        role: 'PlatformAdmin',
      }),
    );
    expect(await codeOf(ada!, id)).toEqual([200, undefined]);
  });

  it('is said when it is asked for, if it is nobody', async () => {
    const small = await rig.tenant('alone');
    const before = await rig.app.rows();
    const answer = await small.deploying.post('/deployments', {
      moduleName: 'orders',
      version: '1.0.0',
      targetEnvironment: 'QA',
      requireApproval: true,
    });
    expect(answer).toMatchObject({
      status: 409,
      body: {
        code: 'approval-impossible',
        details: { rule: 'asked for with the deployment', could: 0, quorum: 1 },
        detail: expect.stringMatching(/Invite somebody .* or change the policy/),
      },
    });
    expect(await rig.app.rows()).toMatchObject({ deployments: before.deployments });
  });

  it('may be anybody of the tenant while it is suspended, to say no', async () => {
    const id = await asked();
    const operator = await rig.app.whole.member(PLATFORM_TENANT.id, 'PlatformAdmin');
    const path = `${rig.app.whole.url}/api/v1/tenants/${tenant.id}/suspend`;
    await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${operator.token}` },
      body: JSON.stringify({ reason: 'unpaid' }),
    });
    // Who has signed in before may be known for some seconds as they were.
    const late = await tenant.person();
    const subjectDigest = `sha256:${'0'.repeat(64)}`;
    expect(await tenant.say(late, 'approve', id, { subjectDigest })).toMatchObject({
      status: 403,
      body: { code: 'tenant-suspended' },
    });
    expect(await tenant.say(late, 'reject', id, { reason: 'unpaid' })).toMatchObject({
      status: 200,
    });
  });
});
