/** What becomes of decisions when the world goes on: time, people, policies, newer deployments. */
import { approvalPolicyChanged } from '../../src/deployments/approvals/policies/approval-policies.events.js';
import { Settings } from '../../src/platform/settings/settings.js';
import { removeRolesOf } from '../../src/tenancy/permissions/role-bindings.store.js';
import { ApprovalsRig, type ApprovingTenant } from '../support/approvals-rig.js';
import { NodeReports } from '../support/node-reports.js';
import type { Member } from '../support/whole-app.js';

let rig: ApprovalsRig;
let tenant: ApprovingTenant;
let ada: Member;
let bob: Member;
let count = 0;

beforeAll(async () => {
  rig = await ApprovalsRig.start();
});
afterAll(() => rig?.close());
beforeEach(async () => {
  count += 1;
  tenant = await rig.tenant(`changing-${count}`);
  ada = await tenant.person();
  bob = await tenant.person();
});

/** As the API does it, without its body's rules being of interest. */
async function tellPolicyChanged(policyId: string): Promise<void> {
  await rig.app.whole.inTenant(tenant.id, (open) =>
    open.record(
      approvalPolicyChanged(policyId, {
        change: 'changed',
        before: null,
        after: null,
        environments: ['qa'],
      }),
    ),
  );
}

async function changePolicy(policyId: string, set: string): Promise<void> {
  await rig.app.sql(`update approval_policies set ${set}, version = version + 1 where id = $1`, [
    policyId,
  ]);
  await tellPolicyChanged(policyId);
}

const dueNow = (id: string) =>
  rig.app.sql<{ due: boolean }>(
    `select wake_at <= clock_timestamp() as due from runs where id = $1`,
    [id],
  );

/** Somebody else has the slot: what is approved waits. */
async function occupied(): Promise<string> {
  const id = await tenant.deploying.deploy({ strategy: { kind: 'direct' } });
  await rig.app.pass(tenant.id, id, 'preflight');
  await tenant.act(id);
  expect(await tenant.deployment(id)).toMatchObject({ status: 'Running' });
  return id;
}

async function freed(holder: string): Promise<void> {
  await tenant.deploying.post(`/deployments/${holder}/cancel`, { leave: true });
  await tenant.act(holder);
  expect(await tenant.deployment(holder)).toMatchObject({ status: 'Cancelled' });
}

describe('time', () => {
  it('ends what nobody has decided, by the system, and not before', async () => {
    await tenant.policy({ timeoutMs: 60_000, name: 'soon' });
    const id = await tenant.asked();
    await rig.app.sql(
      `update approval_requests set deadline_at = clock_timestamp() + interval '5 seconds'
       where deployment_id = $1`,
      [id],
    );
    await tenant.act(id);
    expect(await tenant.deployment(id)).toMatchObject({ status: 'PendingApproval' });
    await rig.app.sql(
      `update approval_requests set deadline_at = clock_timestamp() where deployment_id = $1`,
      [id],
    );
    // Whoever comes too late is told so, also while the engine has not looked.
    expect(await tenant.approve(ada, id)).toMatchObject({
      status: 409,
      body: { code: 'approval-not-open', details: { approval: 'expired' } },
    });
    await tenant.act(id);
    expect(await tenant.deployment(id)).toMatchObject({
      status: 'Rejected',
      reason: expect.stringMatching(/^not approved by .*Z: "soon" lacks 1 of 1 decision$/),
    });
    const [{ actor }] = (await rig.app.sql<{ actor: string }>(
      `select actor from journal where deployment_id = $1 and kind = 'finished'`,
      [id],
    )) as [{ actor: string }];
    expect(actor).toBe('system:approvals');
  });

  it('outlives a decision whose policy says for how long it counts', async () => {
    await tenant.policy({ quorum: 2, decisionValidMs: 60_000 });
    const id = await tenant.asked();
    await tenant.approve(ada, id);
    await rig.app.sql(
      `update approval_decisions set at = at - interval '61 seconds' where deployment_id = $1`,
      [id],
    );
    expect(await tenant.approve(bob, id)).toMatchObject({ body: { rules: [{ have: 1 }] } });
    const [cleo] = [await tenant.person()];
    expect(await tenant.approve(cleo, id)).toMatchObject({ body: { status: 'granted' } });
  });
});

describe('people', () => {
  it('who may decide no more count no more: at the next decision', async () => {
    await tenant.policy({ quorum: 2 });
    const id = await tenant.asked();
    await tenant.approve(ada, id);
    await rig.app.whole.inTenant(tenant.id, (open) =>
      removeRolesOf(open, { kind: 'user', id: ada.userId }),
    );
    expect(await tenant.approve(bob, id)).toMatchObject({
      body: { status: 'open', rules: [{ have: 1, need: 2 }] },
    });
  });

  it('… and at the start, however long that takes after the last decision', async () => {
    const holder = await occupied();
    await tenant.policy();
    const id = await tenant.asked();
    await tenant.approve(ada, id);
    await tenant.act(id);
    expect(await tenant.deployment(id)).toMatchObject({
      status: 'Pending',
      waitingOn: { kind: 'slot' },
    });
    await rig.app.whole.inTenant(tenant.id, (open) =>
      removeRolesOf(open, { kind: 'user', id: ada.userId }),
    );
    await freed(holder);
    await tenant.act(id);
    expect(await tenant.deployment(id)).toMatchObject({ status: 'PendingApproval' });
    expect(await tenant.approve(bob, id)).toMatchObject({ body: { status: 'granted' } });
    await tenant.act(id);
    expect(await tenant.deployment(id)).toMatchObject({ status: 'Running' });
    expect(await tenant.story(id)).toEqual([
      'requested',
      'PendingApproval',
      'given',
      'granted',
      'Pending',
      'reopened',
      'PendingApproval',
      'given',
      'granted',
      'Pending',
      'Running',
    ]);
  });
});

describe('a policy that changes', () => {
  it('voids what was decided, and asks anew', async () => {
    const policy = await tenant.policy({ quorum: 2 });
    const id = await tenant.asked();
    const before = await tenant.digest(id);
    await tenant.approve(ada, id);
    await tenant.act(id);
    await changePolicy(policy, 'quorum = 3');
    expect(await dueNow(id)).toEqual([{ due: true }]);
    // Before the engine has looked, a decision on the old rules counts for nothing.
    expect(await tenant.say(bob, 'approve', id, { subjectDigest: before })).toMatchObject({
      status: 409,
      body: { code: 'approval-subject-changed' },
    });
    await tenant.act(id);
    expect(await tenant.requests(id)).toMatchObject([{ status: 'void' }, { status: 'open' }]);
    expect(await tenant.digest(id)).not.toBe(before);
    const voided = await rig.app.sql(
      `select verb, void_reason as reason from approval_decisions where deployment_id = $1`,
      [id],
    );
    expect(voided).toEqual([{ verb: 'approve', reason: 'the approval requirements have changed' }]);
    expect(await tenant.approve(bob, id)).toMatchObject({
      body: { requestNumber: 2, rules: [{ have: 1, need: 3 }] },
    });
    expect((await tenant.story(id)).slice(-3)).toEqual(['voided', 'requested', 'given']);
  });

  it('leaves alone what it does not concern', async () => {
    await tenant.policy({ quorum: 2 });
    const other = await tenant.policy({ name: 'of another module' });
    await rig.app.sql(`update approval_policies set modules = '{payments}' where id = $1`, [other]);
    const id = await tenant.asked();
    await tenant.approve(ada, id);
    await tenant.act(id);
    await changePolicy(other, 'quorum = 5');
    await tenant.act(id);
    expect(await tenant.requests(id)).toMatchObject([{ number: 1, status: 'open' }]);
    expect(await tenant.approve(bob, id)).toMatchObject({ body: { status: 'granted' } });
  });

  it('holds what waits for its slot, and lets go what nothing asks for any more', async () => {
    const holder = await occupied();
    const policy = await tenant.policy();
    const id = await tenant.asked();
    await tenant.approve(ada, id);
    await tenant.act(id);
    await changePolicy(policy, 'quorum = 2');
    await freed(holder);
    await tenant.act(id);
    expect(await tenant.deployment(id)).toMatchObject({ status: 'PendingApproval' });
    await rig.app.sql('delete from approval_policies where id = $1', [policy]);
    await tellPolicyChanged(policy);
    await tenant.act(id);
    expect(await tenant.deployment(id)).toMatchObject({ status: 'Running' });
    expect(await tenant.requests(id)).toMatchObject([{ status: 'void' }, { status: 'void' }]);
  });

  it('is met on its own, beside the others', async () => {
    await tenant.policy({
      name: 'ours',
      approvers: { roles: [], groups: [], users: [ada.userId] },
    });
    await tenant.policy({
      name: 'theirs',
      approvers: { roles: [], groups: [], users: [bob.userId] },
    });
    const id = await tenant.asked();
    expect(await tenant.approve(ada, id)).toMatchObject({
      body: { status: 'open', rules: [{ isMet: true }, { isMet: false }] },
    });
    expect(await tenant.approve(bob, id)).toMatchObject({ body: { status: 'granted' } });
  });

  it('may want to know why', async () => {
    await tenant.policy({ reasonRequired: true });
    const id = await tenant.asked();
    expect(await tenant.approve(ada, id)).toMatchObject({
      status: 422,
      body: { code: 'approval-reason-required' },
    });
    expect(await tenant.approve(ada, id, { comment: 'ticket 7' })).toMatchObject({ status: 200 });
  });

  it('that wants a passkey is not met without one', async () => {
    await tenant.policy({ passkeyRequired: true });
    const id = await tenant.asked();
    const answer = await tenant.approve(ada, id);
    expect(answer.status).toBe(403);
    expect((await tenant.requests(id))[0]).toMatchObject({ status: 'open' });
  });
});

describe('a newer deployment to the same target', () => {
  it('takes the place of one that waits for people', async () => {
    await tenant.policy();
    const older = await tenant.asked();
    const newer = await tenant.asked();
    expect(await tenant.approve(ada, older)).toMatchObject({
      status: 409,
      body: { details: { approval: 'replaced' } },
    });
    await tenant.act(older);
    expect(await tenant.deployment(older)).toMatchObject({
      status: 'Rejected',
      reason: `replaced by the newer deployment ${newer}`,
    });
    expect(await tenant.deployment(newer)).toMatchObject({ status: 'PendingApproval' });
  });

  it('… also of one whose people were not asked yet', async () => {
    await tenant.policy();
    const older = await tenant.deploying.deploy({ strategy: { kind: 'direct' } });
    const newer = await tenant.asked();
    await rig.app.pass(tenant.id, older, 'preflight');
    await tenant.act(older);
    expect(await tenant.deployment(older)).toMatchObject({
      status: 'Rejected',
      reason: `replaced by the newer deployment ${newer}`,
    });
  });

  it('… but of none that has been approved, and where the environment says no', async () => {
    await tenant.policy();
    const first = await tenant.asked();
    await tenant.approve(ada, first);
    await tenant.asked();
    await tenant.act(first);
    expect(await tenant.deployment(first)).toMatchObject({ status: 'Running' });
    const settings = rig.app.whole.get(Settings);
    const before = settings.valueOf.bind(settings);
    settings.valueOf = ((setting: { key: string }, place: never) =>
      setting.key === 'approvals.newer-replaces-pending'
        ? false
        : before(setting as never, place)) as typeof settings.valueOf;
    try {
      const second = await tenant.asked();
      await tenant.asked();
      await tenant.act(second);
      expect(await tenant.deployment(second)).toMatchObject({ status: 'PendingApproval' });
    } finally {
      settings.valueOf = before;
    }
  });

  it('makes of the older one something that must be wanted', async () => {
    const reports = new NodeReports(rig.app);
    await tenant.deploying.release('orders', '2.0.0');
    const newest = await tenant.deploying.deploy({
      version: '2.0.0',
      strategy: { kind: 'direct' },
    });
    await rig.app.pass(tenant.id, newest, 'preflight');
    await tenant.act(newest);
    await reports.say('healthy', 'node-%');
    await rig.app.sql('update runs set wake_at = clock_timestamp() where id = $1', [newest]);
    await tenant.act(newest);
    expect(await tenant.deployment(newest)).toMatchObject({ status: 'Succeeded' });
    await tenant.policy();
    const id = await tenant.asked({ version: '1.0.0' });
    expect(await tenant.approve(ada, id)).toMatchObject({
      status: 409,
      body: { code: 'approval-downgrade', details: { running: '2.0.0', wanted: '1.0.0' } },
    });
    expect(await tenant.approve(ada, id, { acknowledgeDowngrade: true })).toMatchObject({
      status: 200,
    });
  });

  it('that goes back waits for nobody', async () => {
    const reports = new NodeReports(rig.app);
    const done = await tenant.deploying.deploy({ strategy: { kind: 'direct' } });
    await rig.app.pass(tenant.id, done, 'preflight');
    await tenant.act(done);
    await reports.say('healthy', 'node-%');
    await rig.app.sql('update runs set wake_at = clock_timestamp() where id = $1', [done]);
    await tenant.act(done);
    await tenant.policy();
    const { body } = await tenant.deploying.post(`/deployments/${done}/rollback`, { to: done });
    const { body: plans } = await tenant.deploying.get(`/deployments/${body.id}/plan`);
    expect(plans.plans[0].steps.map(({ kind }: { kind: string }) => kind)).not.toContain(
      'approval',
    );
  });
});
