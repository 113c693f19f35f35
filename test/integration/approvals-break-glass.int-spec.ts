/** Starting without approvals: who may, what it replaces and what it does not, and the review of it. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { BreakGlassWatch } from '../../src/deployments/approvals/break-glass/break-glass-watch.js';
import { breakGlass } from '../../src/deployments/approvals/break-glass/break-glass.settings.js';
import { Settings } from '../../src/platform/settings/settings.js';
import { Standings } from '../../src/tenancy/permissions/standings.js';
import type { DeployingTenant } from '../support/deployments-app.js';
import { eventually } from '../support/eventually.js';
import { outcomeOf, type Pending, PendingApprovals } from '../support/pending-approvals.js';
import type { Member } from '../support/whole-app.js';

let rig: PendingApprovals;
let tenant: DeployingTenant;
let ada: Member;
let grace: Member;
let about: Pending;

beforeAll(async () => {
  rig = await PendingApprovals.start();
  tenant = await rig.app.tenant('acme');
  [ada, grace] = [await rig.person(tenant), await rig.person(tenant)];
}, 60_000);
afterAll(() => rig?.close());
beforeEach(async () => {
  await set('on', 'QA');
  about = await rig.pending(tenant);
});

const reason = 'customers cannot pay';

/** The process follows what is set in less than a second. */
async function set(value: string, environment?: string): Promise<number> {
  const path = `/settings/${breakGlass.key}${environment ? `?environment=${environment}` : ''}`;
  const read = await rig.send(ada, path, { method: 'GET' });
  const headers = { 'if-match': read.headers.get('etag')! };
  const { status } = await rig.send(ada, path, { method: 'PUT', body: { value }, headers });
  const at = { tenantId: tenant.id, ...(environment ? { environment } : {}) };
  const settings = rig.app.whole.get(Settings);
  if (status === 200) {
    await eventually(() =>
      expect(settings.resolved(breakGlass, at).levels.at(-1)!.value).toBe(value),
    );
  }
  return status;
}

const use = (who: Member, { id, subjectDigest } = about, body: object = {}) =>
  rig.send(who, `/approvals/deployments/${id}/break-glass`, {
    body: { reason, subjectDigest, ...body },
  });

const review = (who: Member, { id } = about) =>
  rig.send(who, `/approvals/deployments/${id}/review`, {
    body: { verdict: 'justified', comment: 'it had to be' },
  });

const shown = async (id = about.id) => (await tenant.get(`/deployments/${id}`)).body.breakGlass;

const events = (name: string, id = about.id) =>
  rig.app.sql<{ body: Record<string, unknown> }>(
    `select body_text::jsonb as body from audit_entries where subject_id = $1 and action = $2`,
    [id, name],
  );

describe('a deployment that is started without its approvals', () => {
  it('goes on, says so wherever it is shown, and alarms in the same transaction', async () => {
    const used = await use(ada);
    expect(outcomeOf(used)).toEqual([200, 'ok']);
    expect(used.body).toMatchObject({ usedBy: ada.username, reason, verdict: null });
    await rig.app.act(tenant.id, about.id);
    expect(await rig.statusOf(tenant, about.id)).not.toBe('PendingApproval');
    expect(await shown()).toMatchObject({ by: ada.username, reason, isReviewed: false });
    const { items } = (await tenant.get('/deployments?limit=200')).body;
    const listed = items.find((one: { id: string }) => one.id === about.id);
    expect(listed.breakGlass).toMatchObject({ isReviewed: false });
    expect(await events('break-glass-used')).toEqual([
      { body: expect.objectContaining({ by: ada.username, reason, module: 'orders' }) },
    ]);
  });

  it('needs the setting, which nobody below may turn on where it says never', async () => {
    await set('off', 'QA');
    expect(outcomeOf(await use(ada))).toEqual([403, 'break-glass-off']);
    expect(await rig.statusOf(tenant, about.id)).toBe('PendingApproval');
    expect(await set('never')).toBe(200);
    expect(await set('on', 'QA')).toBe(409);
    expect(outcomeOf(await use(ada))).toEqual([403, 'break-glass-off']);
    expect(await set('off')).toBe(200);
    expect(await set('on', 'QA')).toBe(200);
    expect(outcomeOf(await use(ada))).toEqual([200, 'ok']);
  });

  it('is off where nobody has said anything', async () => {
    const globex = await rig.app.tenant('globex');
    const admin = await rig.person(globex);
    const there = await rig.pending(globex);
    expect(outcomeOf(await use(admin, there))).toEqual([403, 'break-glass-off']);
  });

  it('is for people with the permission and a fresh proof, never for keys or other tenants', async () => {
    const deployer = await rig.person(tenant, 'Deployer');
    expect(outcomeOf(await use(deployer))).toEqual([403, 'permission-missing']);
    const made = await rig.send(ada, '/access-keys', {
      body: { name: `key-${about.id.slice(-8)}`, permissions: ['approvals:break-glass'] },
    });
    const key = { ...ada, token: made.body.secret as string };
    expect((await use(key)).status).toBe(403);
    const globex = await rig.app.whole.tenant(`other-${about.id.slice(-8)}`);
    const stranger = await rig.app.whole.member(globex, 'Admin');
    expect(outcomeOf(await use(stranger))).toEqual([404, 'deployment-not-found']);
    const { sid } = decodeJwt(grace.token);
    const provedAt = (ms: number) =>
      rig.app.sql(
        `update credentials set data = jsonb_set(data, '{signIn,provedAt}', to_jsonb($2::bigint))
         where hash = $1`,
        [sid, ms],
      );
    await provedAt(0);
    rig.app.whole.get(Standings).forget({ ...grace, sessionId: sid as string });
    expect(outcomeOf(await use(grace))).toEqual([403, 'step-up-required']);
    await provedAt(Date.now());
    expect(await rig.statusOf(tenant, about.id)).toBe('PendingApproval');
  });

  it('is never for a platform admin who acts in the tenant', async () => {
    const operator = await rig.operator();
    const answer = await rig.send(operator, `/approvals/deployments/${about.id}/break-glass`, {
      body: { reason, subjectDigest: about.subjectDigest },
      headers: { 'x-tenant': 'acme', 'x-act-as-reason': 'an emergency' },
    });
    expect(outcomeOf(answer)).toEqual([403, 'approval-needs-person']);
    expect(await rig.statusOf(tenant, about.id)).toBe('PendingApproval');
  });

  it('is about what they have looked at, with a reason', async () => {
    const other = { ...about, subjectDigest: `sha256:${'0'.repeat(64)}` };
    expect(outcomeOf(await use(ada, other))).toEqual([409, 'approval-subject-changed']);
    expect((await use(ada, about, { reason: ' ' })).status).toBe(400);
    expect(await shown()).toBeNull();
  });

  it('happens once: asked again it is the same, of somebody else it is too late', async () => {
    const [first, again] = [await use(ada), await use(ada)];
    expect(again.body).toEqual(first.body);
    expect(await events('break-glass-used')).toHaveLength(1);
    await rig.app.act(tenant.id, about.id);
    expect(outcomeOf(await use(grace))).toEqual([409, 'approval-not-open']);
  });

  it('counts for its request alone: another subject asks people again', async () => {
    await use(ada);
    await rig.policy(tenant, { name: `late-${about.id.slice(-8)}` });
    await rig.app.act(tenant.id, about.id);
    await rig.app.act(tenant.id, about.id);
    await rig.withoutPolicies(tenant);
    expect(await rig.statusOf(tenant, about.id)).toBe('PendingApproval');
    expect((await rig.request(tenant, about.id)).number).toBe(2);
  });
});

describe('what stands whatever somebody takes upon themselves', () => {
  const frozen = async (verbs: string[]) => {
    const made = await rig.send(ada, '/freezes', {
      body: {
        name: `freeze ${about.id}`,
        reason: 'the end of the year',
        window: {
          kind: 'once',
          from: new Date(Date.now() - 60_000).toISOString(),
          to: new Date(Date.now() + 3_600_000).toISOString(),
        },
        environments: ['QA'],
        verbs,
      },
    });
    expect(made.status).toBe(201);
    return async () => {
      const path = `/freezes/${made.body.id}`;
      const read = await rig.send(ada, path, { method: 'GET' });
      const headers = { 'if-match': read.headers.get('etag')! };
      expect((await rig.send(ada, path, { method: 'DELETE', headers })).status).toBe(204);
    };
  };

  it('is a freeze of approvals, which refuses it', async () => {
    const thaw = await frozen(['approve']);
    const refused = await use(ada);
    await thaw();
    expect([refused.status, refused.body.code]).toEqual([409, 'frozen']);
    expect(await shown()).toBeNull();
  });

  it('is a freeze of starts, for which it waits as one that was approved', async () => {
    const thaw = await frozen(['start']);
    expect((await use(ada)).status).toBe(200);
    await rig.app.act(tenant.id, about.id);
    const { body } = await tenant.get(`/deployments/${about.id}`);
    await thaw();
    expect([body.status, body.waitingOn.kind]).toEqual(['Pending', 'freeze']);
  });
});

describe('the review', () => {
  beforeEach(async () => {
    await use(ada);
  });

  it('is of another person who may decide, once, and takes the mark away', async () => {
    expect(outcomeOf(await review(ada))).toEqual([403, 'break-glass-own-review']);
    const viewer = await rig.person(tenant, 'Viewer');
    expect(outcomeOf(await review(viewer))).toEqual([403, 'permission-missing']);
    const reviewed = await review(grace);
    expect(reviewed.body).toMatchObject({ verdict: 'justified', reviewedBy: grace.username });
    expect(await shown()).toMatchObject({ isReviewed: true, verdict: 'justified' });
    expect(outcomeOf(await review(grace))).toEqual([409, 'break-glass-reviewed']);
    expect(await events('break-glass-reviewed')).toHaveLength(1);
  });

  it('is not of whoever asked for the deployment', async () => {
    const asker = await rig.person(tenant);
    const { body } = await rig.send(asker, '/deployments', {
      body: {
        moduleName: 'orders',
        version: '1.0.0',
        targetEnvironment: 'QA',
        requireApproval: true,
      },
    });
    await rig.app.pass(tenant.id, body.id, 'preflight');
    await rig.app.act(tenant.id, body.id);
    const own = await rig.request(tenant, body.id);
    expect(outcomeOf(await use(ada, own))).toEqual([200, 'ok']);
    expect(outcomeOf(await review(asker, own))).toEqual([403, 'break-glass-own-review']);
  });

  it('of what was never started so is not there', async () => {
    const other = await rig.pending(tenant);
    expect(outcomeOf(await review(grace, other))).toEqual([404, 'break-glass-not-found']);
  });

  it('is listed while it is open', async () => {
    const open = async () =>
      (await rig.send(grace, '/break-glass?open=true&limit=200', { method: 'GET' })).body.items.map(
        ({ deploymentId }: { deploymentId: string }) => deploymentId,
      );
    expect(await open()).toContain(about.id);
    await review(grace);
    expect(await open()).not.toContain(about.id);
  });

  it('alarms once when its time is over, over all processes, and may still come', async () => {
    const watch = rig.app.whole.get(BreakGlassWatch);
    await watch.look();
    expect(await events('break-glass-overdue')).toEqual([]);
    await rig.app.sql(
      `update break_glass set review_due_at = now() - interval '1 second' where deployment_id = $1`,
      [about.id],
    );
    await Promise.all([watch.look(), watch.look()]);
    await watch.look();
    expect(await events('break-glass-overdue')).toHaveLength(1);
    expect(await shown()).toMatchObject({ isOverdue: true, isReviewed: false });
    expect((await review(grace)).status).toBe(200);
    expect(await shown()).toMatchObject({ isOverdue: false, isReviewed: true });
  });

  it('that has come in time never alarms', async () => {
    await review(grace);
    await rig.app.sql(
      `update break_glass set review_due_at = now() - interval '1 second' where deployment_id = $1`,
      [about.id],
    );
    await rig.app.whole.get(BreakGlassWatch).look();
    expect(await events('break-glass-overdue')).toEqual([]);
  });
});
