/** Receipts of deployments that have really been asked for, approved, rolled out and taken back. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { MovedNode } from '../../src/kernel/receipt/receipt.js';
import { verifyReceipt } from '../../src/kernel/receipt/verify-receipt.js';
import type { NoteVerifier } from '../../src/kernel/tlog/note.js';
import { newId } from '../../src/kernel/ids.js';
import type { Role } from '../../src/kernel/permission.js';
import type { DeployingTenant } from '../support/deployments-app.js';
import type { Pending } from '../support/pending-approvals.js';
import { ReceiptsRig } from '../support/receipts-rig.js';
import type { SoftwareAuthenticator } from '../support/software-authenticator.js';
import type { Member } from '../support/whole-app.js';

let rig: ReceiptsRig;
let tenant: DeployingTenant;
let trusted: NoteVerifier[];
beforeAll(async () => {
  rig = await ReceiptsRig.start();
  tenant = await rig.app.tenant('acme');
  trusted = await rig.trusted(tenant);
  await tenant.release('orders', '2.0.0');
}, 60_000);
afterAll(() => rig?.close());

async function verified(id: string) {
  const { status, body } = await rig.receipt(tenant, id);
  expect([status, body.code, body.details]).toEqual([200, undefined, undefined]);
  const verdict = verifyReceipt(JSON.stringify(body), trusted);
  expect(verdict).toMatchObject({ is: 'verified', faults: [] });
  return { body, ...verdict };
}

describe('the receipt of a deployment', () => {
  it('says what was deployed where, by whom, and how it ended', async () => {
    const id = await rig.deploy(tenant);
    expect(await rig.settle(tenant, id)).toBe('Succeeded');
    const { body, notices } = await verified(id);
    expect(notices).toEqual([]);
    expect(body.summary).toMatchObject({
      asked: { deploymentId: id, cameBy: 'deploy', by: { kind: 'user', name: expect.any(String) } },
      deployed: {
        module: 'orders',
        version: '1.0.0',
        artifactDigest: expect.stringMatching(/^sha256:/),
        manifestDigest: expect.stringMatching(/^sha256:/),
        configuration: null,
        environment: 'QA',
        cluster: 'local',
        strategy: { kind: 'direct' },
      },
      approvals: { requests: [], decisions: [], passkeys: [] },
      waves: [{ plan: 1, role: 'forward', wave: 1, nodes: 3 }],
      end: { status: 'Succeeded' },
    });
    const [nodes] = Object.values<MovedNode[]>(body.attachments.nodes);
    const moved = nodes!.map(({ name, generation }) => [name, typeof generation]);
    expect(moved).toEqual(['node-0001', 'node-0002', 'node-0003'].map((name) => [name, 'number']));
  });

  it('of one that was taken back has both ways, and why', async () => {
    const id = await rig.deploy(tenant, { version: '2.0.0' });
    await rig.look(tenant, id);
    await rig.reports.say('failed', 'node-0001', { code: 'crash-loop', message: 'it ended' });
    await rig.look(tenant, id);
    await rig.reports.say('healthy', 'node-%');
    expect((await rig.look(tenant, id)).status).toBe('RolledBack');
    const { body } = await verified(id);
    expect(body.summary).toMatchObject({
      waves: [{ role: 'forward' }, { role: 'undo' }],
      turnedBackAt: expect.any(String),
      end: { status: 'RolledBack', reason: expect.stringContaining('crash-loop') },
    });
  });

  it('has what a gate saw, and who has opened it', async () => {
    const id = await rig.deploy(tenant, {
      version: '2.0.0',
      strategy: { kind: 'canary', wavesPercent: [100] },
      reason: 'again',
      allowRolledBack: true,
    });
    await rig.app.pass(tenant.id, id, 'w1.baseline');
    await rig.look(tenant, id);
    await rig.reports.say('healthy', 'node-%');
    expect((await rig.look(tenant, id)).gateCheck).toMatchObject({ step: 'w1.stabilization' });
    const body = { reason: 'seen enough' };
    await tenant.as('Operator', `/deployments/${id}/promote`, { method: 'POST', body });
    expect((await rig.look(tenant, id)).status).toBe('Succeeded');
    expect((await verified(id)).body.summary).toMatchObject({
      asked: { reason: 'again' },
      verbs: [{ verb: 'promote', by: { kind: 'user' } }],
      verdicts: [
        { wave: 1, outcome: 'passed', reason: 'seen enough', promotedBy: expect.any(String) },
      ],
    });
  });
});

describe('the receipt of what people had to approve', () => {
  let asking: DeployingTenant;
  let [ada, grace]: Member[] = [];
  beforeAll(async () => {
    asking = await rig.app.tenant('careful');
    [ada, grace] = [await rig.approvals.person(asking), await rig.approvals.person(asking)];
    const key = await rig.approvals.passkey(ada);
    keys.set(ada.userId, key);
    const signed = await rig.approvals.policy(asking, { name: 'signed', passkeyRequired: true });
    const approvers = JSON.stringify({ roles: [], groups: [], users: [ada.userId] });
    const sql = 'update approval_policies set approvers = $2 where id = $1';
    await rig.app.sql(sql, [signed, approvers]);
    const two = await rig.approvals.policy(asking, { name: 'two' });
    await rig.app.sql('update approval_policies set quorum = 2 where id = $1', [two]);
  });
  const keys = new Map<string, SoftwareAuthenticator>();

  /** Signed, by whom a passkey is wanted of. */
  async function approve(who: Member, { id, subjectDigest }: Pending) {
    const path = `/approvals/deployments/${id}`;
    const body = { decision: 'approve', subjectDigest };
    const key = keys.get(who.userId);
    const options = key && (await rig.approvals.send(who, `${path}/challenge`, { body })).body;
    const assertion = key && { assertion: key.get(options) };
    const said = { subjectDigest, comment: 'as discussed', ...assertion };
    const answer = await rig.approvals.send(who, `${path}/approve`, { body: said });
    expect([answer.status, answer.body.code]).toEqual([200, undefined]);
  }

  it('names each decision, the rules that it met, and the passkey with its registration', async () => {
    const pending = await rig.approvals.pending(asking, {
      requireApproval: false,
      strategy: { kind: 'direct' },
    });
    await approve(ada!, pending);
    await approve(grace!, pending);
    expect(await rig.settle(asking, pending.id)).toBe('Succeeded');
    const { body } = await rig.receipt(asking, pending.id);
    const verdict = verifyReceipt(JSON.stringify(body), await rig.trusted(asking));
    expect(verdict).toMatchObject({ is: 'verified', faults: [], notices: [] });
    const { approvals, asked } = body.summary;
    expect(asked.by).toMatchObject({ kind: 'user' });
    expect(approvals.decisions).toMatchObject([
      { decision: 'approve', by: { id: ada!.userId, name: ada!.username } },
      { decision: 'approve', by: { id: grace!.userId }, comment: 'as discussed', evidence: null },
    ]);
    expect(approvals.decisions[0]).toMatchObject({
      subjectDigest: pending.subjectDigest,
      evidence: { kind: 'passkey', digest: expect.stringMatching(/^sha256:/) },
    });
    expect(approvals.passkeys).toMatchObject([{ of: { id: ada!.userId } }]);
    const granted = approvals.requests.at(-1);
    expect(granted).toMatchObject({ event: 'approval-granted', isOverridden: false });
    const [one, other] = granted.counted;
    expect([one, other].map(({ decisions }) => decisions.length).sort()).toEqual([1, 2]);
    const roles = granted.counted.find(({ name }: { name: string }) => name === 'two').decisions;
    expect(roles).toMatchObject([{ roles: ['Admin'] }, { roles: ['Admin'] }]);
  });

  it('says nothing of where they sat, and nothing of anybody else', async () => {
    const [row] = await rig.app.sql<{ id: string }>(
      `select id from deployments where tenant_id = $1 and status = 'Succeeded'`,
      [asking.id],
    );
    const { body } = await rig.receipt(asking, row!.id);
    const text = JSON.stringify(body);
    expect(text).not.toContain('127.0.0.1');
    expect(text).not.toContain('"user-agent"');
    for (const { personal } of body.log.entries) {
      expect(Object.keys(personal).filter((pointer) => /address|Agent/i.test(pointer))).toEqual([]);
    }
  });

  it('of one that was rejected has no wave, and who has said no', async () => {
    const { id, subjectDigest } = await rig.approvals.pending(asking, { requireApproval: false });
    await rig.approvals.send(grace!, `/approvals/deployments/${id}/reject`, {
      body: { reason: 'not on a Friday' },
    });
    expect((await rig.look(asking, id)).status).toBe('Rejected');
    const { body } = await rig.receipt(asking, id);
    expect(verifyReceipt(JSON.stringify(body), await rig.trusted(asking)).is).toBe('verified');
    expect(body.summary).toMatchObject({
      deployed: { subjectDigest },
      approvals: { decisions: [{ decision: 'reject', reason: 'not on a Friday' }] },
      waves: [],
      end: { status: 'Rejected' },
    });
  });
});

describe('a receipt is given', () => {
  const refusal = async (id: string, role: Role = 'Viewer', of = tenant) => {
    const { status, body, headers } = await of.as(role, `/deployments/${id}/receipt`);
    return [status, body.code, headers.get('retry-after')];
  };

  it('when the deployment has ended and its entries are sealed, and says until when to wait', async () => {
    const id = await rig.deploy(tenant, { moduleName: 'orders', version: '2.0.0' });
    expect(await refusal(id)).toEqual([409, 'receipt-not-yet', '10']);
    expect(await rig.settle(tenant, id)).toBe('Succeeded');
    expect(await refusal(id)).toEqual([409, 'receipt-unsealed', '1']);
    await rig.seal();
    expect((await tenant.as('Viewer', `/deployments/${id}/receipt`)).status).toBe(200);
  });

  it('to whoever may read the deployment, and to nobody of another tenant', async () => {
    const [row] = await rig.app.sql<{ id: string }>(
      `select id from deployments where tenant_id = $1 and status = 'RolledBack'`,
      [tenant.id],
    );
    const { id } = row!;
    const stranger = await rig.app.tenant('globex', 0);
    expect(await refusal(id, 'Admin', stranger)).toEqual([404, 'deployment-not-found', null]);
    expect(await refusal(newId())).toEqual([404, 'deployment-not-found', null]);
    const anonymous = await fetch(`${rig.app.whole.url}/api/v1/deployments/${id}/receipt`);
    expect(anonymous.status).toBe(401);
  });

  it('for none that is older than receipts', async () => {
    const id = newId();
    const [row] = await rig.app.sql<{ like: string }>(
      `select id as like from deployments where tenant_id = $1 and status = 'Succeeded' limit 1`,
      [tenant.id],
    );
    await rig.app.sql(
      `insert into deployments select (jsonb_populate_record(d, jsonb_build_object('id', $2::text))).*
       from deployments d where id = $1`,
      [row!.like, id],
    );
    expect(await refusal(id)).toEqual([409, 'receipt-unavailable', null]);
  });

  it('only as the log has it: nothing is signed that the rows say otherwise', async () => {
    const id = await rig.deploy(tenant, { version: '1.0.0' });
    expect(await rig.settle(tenant, id)).toBe('Succeeded');
    await rig.seal();
    await rig.app.sql(
      `update journal set data = '{"generations":[1,2,3]}' where deployment_id = $1
       and step_id = 'w1.move' and kind = 'step-succeeded'`,
      [id],
    );
    const { status, body } = await tenant.get(`/deployments/${id}/receipt`);
    expect([status, body.code]).toEqual([409, 'receipt-contradicted']);
    expect(body.details).toEqual({ faults: ['attachment'] });
  });
});
