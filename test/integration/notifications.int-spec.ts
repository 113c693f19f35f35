/** Who hears of what: from the journal and the events, by subscriptions and without asking, each once. */
import { type Answer, type DeployingTenant } from '../support/deployments-app.js';
import { eventually } from '../support/eventually.js';
import { addressOf, MessageRig } from '../support/message-rig.js';
import { scopedMember } from '../support/scoped-member.js';
import type { Member } from '../support/whole-app.js';

let rig: MessageRig;
let tenant: DeployingTenant;
let admin: Member, deployer: Member, viewer: Member;
let channelId: string;
let tenants = 0;

beforeAll(async () => {
  rig = await MessageRig.start();
});
afterAll(() => rig?.close());

beforeEach(async () => {
  tenants += 1;
  tenant = await rig.app.tenant(`acme-${tenants}`);
  const { whole } = rig.app;
  admin = await rig.withAddress(await whole.member(tenant.id, 'Admin'));
  deployer = await rig.withAddress(await whole.member(tenant.id, 'Deployer'));
  viewer = await rig.withAddress(await whole.member(tenant.id, 'Viewer'));
  channelId = await rig.channel(tenant.id);
});

async function send(by: Member, path: string, method = 'GET', body?: unknown): Promise<Answer> {
  const response = await fetch(`${rig.app.whole.url}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${by.token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const { status, headers } = response;
  return { status, headers, body: text === '' ? null : JSON.parse(text) };
}

/** Its id. */
async function subscribe(by: Member, body: object): Promise<string> {
  const answer = await send(by, '/subscriptions', 'POST', body);
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
  return answer.body.id as string;
}

async function askedBy(by: Member, change: object = {}): Promise<string> {
  const request = { moduleName: 'orders', version: '1.0.0', targetEnvironment: 'QA' };
  const body = { ...request, requireApproval: true, ...change };
  const answer = await send(by, '/deployments', 'POST', body);
  if (answer.status !== 202) throw new Error(JSON.stringify(answer.body));
  await rig.app.pass(tenant.id, answer.body.id, 'preflight');
  await rig.app.act(tenant.id, answer.body.id);
  return answer.body.id as string;
}

async function decide(by: Member, id: string, verb: 'approve' | 'reject'): Promise<void> {
  const [row] = await rig.app.sql<{ digest: string }>(
    `select subject_digest as digest from approval_requests
     where tenant_id = $1 and deployment_id = $2 order by number desc limit 1`,
    [tenant.id, id],
  );
  const body = verb === 'approve' ? { subjectDigest: row!.digest } : { reason: 'not on a Friday' };
  const answer = await send(by, `/approvals/deployments/${id}/${verb}`, 'POST', body);
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
}

/** As if the engine had written it. */
async function ends(id: string, status: string, previousStatus = 'Running'): Promise<void> {
  await rig.app.sql(
    `with d as (update deployments set journal_seq = journal_seq + 1
       where tenant_id = $1 and id = $2 returning journal_seq as seq),
     j as (insert into journal (tenant_id, deployment_id, seq, at, plan_number, kind, actor, data)
       select $1, $2, seq, clock_timestamp(), 0, 'status-changed', 'system:engine', $3 from d)
     insert into outbox (consumer, tenant_id, stream_id, up_to_seq)
     select 'notifications', $1, $2, seq from d
     on conflict (consumer, tenant_id, stream_kind, stream_id)
     do update set up_to_seq = excluded.up_to_seq`,
    [tenant.id, id, JSON.stringify({ status, previousStatus, reason: 'errors rose' })],
  );
}

describe('whoever may decide', () => {
  it('is asked by mail, with a link to the page of the decision; nobody else is', async () => {
    const id = await askedBy(deployer);
    await rig.relay();
    const mails = await rig.mails();
    const own = mails.filter(({ to }) => to === addressOf(admin.username));
    expect(own.map(({ subject }) => subject)).toEqual(['Approval asked for: orders 1.0.0 in QA']);
    expect(own[0]!.text).toContain(`https://tidegate.example/deployments/${id}/approval`);
    expect(own[0]!.text).toContain(`Asked for by: ${deployer.username}`);
    expect(own[0]!.html).toContain('<a href="https://tidegate.example/deployments/');
    expect(await rig.mailsTo(deployer)).toEqual([]);
    expect(await rig.mailsTo(viewer)).toEqual([]);
  });

  it('is not asked when they are barred, not even by a subscription of their own', async () => {
    await subscribe(admin, { events: ['approvals'] });
    const other = await rig.withAddress(await rig.app.whole.member(tenant.id, 'Admin'));
    await askedBy(admin);
    await rig.relay();
    expect(await rig.mailsTo(other)).toHaveLength(1);
    expect(await rig.mailsTo(admin)).toEqual([]);
  });

  it('is not asked where their role does not count', async () => {
    const elsewhere = { role: 'Admin', modules: ['billing'] } as const;
    const scoped = await scopedMember(rig.app.whole, tenant.id, elsewhere);
    await rig.withAddress(scoped);
    await askedBy(deployer);
    await rig.relay();
    expect(await rig.mailsTo(scoped)).toEqual([]);
    expect(await rig.mailsTo(admin)).toHaveLength(1);
  });

  it('can turn it off, for themselves', async () => {
    const off = { approvals: false, outcomes: true, alarms: true };
    expect((await send(admin, '/subscriptions/own-notices', 'PUT', off)).body).toEqual(off);
    const other = await rig.withAddress(await rig.app.whole.member(tenant.id, 'Admin'));
    await askedBy(deployer);
    await rig.relay();
    expect(await rig.mailsTo(admin)).toEqual([]);
    expect(await rig.mailsTo(other)).toHaveLength(1);
    const on = { approvals: true, outcomes: true, alarms: true };
    expect((await send(admin, '/subscriptions/own-notices', 'PUT', on)).body).toEqual(on);
    expect((await send(admin, '/subscriptions/own-notices')).body).toEqual(on);
  });

  it('is not asked about what is decided before they could be', async () => {
    const id = await askedBy(deployer);
    await decide(admin, id, 'reject');
    await rig.relay();
    expect(await rig.mailsTo(admin)).toEqual([]);
  });
});

describe('whoever has asked for a deployment', () => {
  it('hears that it is approved, and how it ends', async () => {
    const id = await askedBy(deployer);
    await decide(admin, id, 'approve');
    await ends(id, 'Succeeded');
    await rig.relay();
    expect((await rig.mailsTo(deployer)).sort()).toEqual([
      'Approved, and starting: orders 1.0.0 in QA',
      'Succeeded: orders 1.0.0 in QA',
    ]);
  });

  it('hears once that it is rejected, and why', async () => {
    const id = await askedBy(deployer);
    await decide(admin, id, 'reject');
    await ends(id, 'Rejected', 'PendingApproval');
    await rig.relay();
    expect(await rig.mailsTo(deployer)).toEqual(['Rejected: orders 1.0.0 in QA']);
    const mails = await rig.mails();
    const own = mails.filter(({ to }) => to === addressOf(deployer.username));
    expect(own[0]!.text).toContain('Reason: not on a Friday');
  });

  it('hears nothing of what nobody had to approve', async () => {
    const id = await tenant.deploy();
    await ends(id, 'Succeeded');
    await rig.relay();
    expect(await rig.mails()).not.toContainEqual(
      expect.objectContaining({ to: addressOf(deployer.username) }),
    );
  });
});

it('costs nothing to accept a deployment: only changes of its status are noted', async () => {
  const noted = (id: string) =>
    rig.app.sql<{ stream_kind: string }>('select stream_kind from outbox where stream_id = $1', [
      id,
    ]);
  const id = await tenant.deploy();
  expect(await noted(id)).toEqual([]);
  await rig.app.pass(tenant.id, id, 'preflight');
  await rig.app.act(tenant.id, id);
  await eventually(async () => expect(await noted(id)).toEqual([{ stream_kind: 'journal' }]));
});

it('a rollback that failed alarms every Admin of the tenant, and nobody else', async () => {
  const id = await tenant.deploy();
  await ends(id, 'RollbackFailed', 'RollingBack');
  await rig.relay();
  expect(await rig.mailsTo(admin)).toEqual(['Rollback failed: orders 1.0.0 in QA']);
  expect(await rig.mailsTo(viewer)).toEqual([]);
});

describe('a subscription', () => {
  it('of the tenant brings what it names to its channel, in order', async () => {
    const all = await subscribe(admin, { owner: 'tenant', events: ['deployments'], channelId });
    const elsewhere = { owner: 'tenant', events: ['deployments'], channelId };
    const staging = await subscribe(admin, { ...elsewhere, environments: ['Staging'] });
    const billing = await subscribe(admin, { ...elsewhere, modules: ['billing'] });
    const id = await tenant.deploy();
    for (const status of ['Running', 'Paused', 'Running', 'RollingBack', 'RolledBack']) {
      await ends(id, status, status === 'Running' ? 'Paused' : 'Running');
    }
    await rig.relay();
    expect(await rig.namesTo(tenant.id, all)).toEqual([
      'deployment-resumed',
      'deployment-paused',
      'deployment-resumed',
      'deployment-rollback-started',
      'deployment-rolled-back',
    ]);
    expect(await rig.namesTo(tenant.id, staging)).toEqual([]);
    expect(await rig.namesTo(tenant.id, billing)).toEqual([]);
    const [first] = await rig.waiting(tenant.id);
    expect(first!.message).toMatchObject({
      title: 'Resumed: orders 1.0.0 in QA',
      link: `https://tidegate.example/deployments/${id}`,
      event: { tenant: `acme-${tenants}`, subject: { kind: 'deployment', id } },
    });
  });

  it('tells an event once, however often it is delivered', async () => {
    const all = await subscribe(admin, { owner: 'tenant', events: ['approvals'], channelId });
    const id = await askedBy(deployer);
    await rig.relay();
    const range = { tenantId: tenant.id, stream: 'events', streamId: id } as const;
    const { signal } = new AbortController();
    await rig.consumer.deliver({ ...range, afterSeq: 0, upToSeq: 1, signal });
    await rig.consumer.deliver({ ...range, afterSeq: 0, upToSeq: 1, signal });
    expect(await rig.namesTo(tenant.id, all)).toEqual(['approval-requested']);
    expect(await rig.mailsTo(admin)).toHaveLength(1);
  });

  it('of a group brings what its roles let it read, at that moment', async () => {
    const { body: group } = await send(admin, '/groups', 'POST', { name: 'Billing' });
    const subject = { kind: 'group', id: group.id };
    const role = { role: 'Viewer', modules: ['billing'] };
    await send(admin, '/role-bindings', 'POST', { ...role, subject });
    const rules = { owner: 'group', groupId: group.id, events: ['deployments'], channelId };
    const narrow = await subscribe(admin, rules);
    const id = await tenant.deploy();
    await ends(id, 'Succeeded');
    await rig.relay();
    expect(await rig.namesTo(tenant.id, narrow)).toEqual([]);
    await send(admin, '/role-bindings', 'POST', { ...role, modules: ['orders'], subject });
    await ends(id, 'Failed');
    await rig.relay();
    expect(await rig.namesTo(tenant.id, narrow)).toEqual(['deployment-failed']);
  });

  it('of a person ends with what they may read, and with them', async () => {
    const reader = await scopedMember(rig.app.whole, tenant.id, { role: 'Viewer' });
    await rig.withAddress(reader);
    await subscribe(reader, { events: ['deployments'] });
    const narrow = { role: 'Viewer', modules: ['billing'] } as const;
    const other = await scopedMember(rig.app.whole, tenant.id, narrow);
    await rig.withAddress(other);
    await subscribe(other, { events: ['deployments'] });
    const id = await tenant.deploy();
    await ends(id, 'Running');
    await rig.relay();
    expect(await rig.mailsTo(reader)).toHaveLength(1);
    expect(await rig.mailsTo(other)).toEqual([]);
    await rig.app.sql('update users set disabled_at = now() where id = $1', [reader.userId]);
    await ends(id, 'Succeeded');
    await rig.relay();
    expect(await rig.mailsTo(reader)).toHaveLength(1);
    await rig.app.sql('update users set disabled_at = null where id = $1', [reader.userId]);
    await rig.app.sql('delete from role_bindings where subject_id = $1', [reader.userId]);
    await ends(id, 'Failed');
    await rig.relay();
    expect(await rig.mailsTo(reader)).toHaveLength(1);
  });

  it('says nothing of another tenant', async () => {
    const all = await subscribe(admin, { owner: 'tenant', events: ['deployments'], channelId });
    const mine = tenant;
    tenant = await rig.app.tenant(`other-${tenants}`);
    await ends(await tenant.deploy(), 'Succeeded');
    await rig.relay();
    expect(await rig.namesTo(mine.id, all)).toEqual([]);
    expect(await rig.waiting(tenant.id)).toEqual([]);
  });
});

it('nothing that a mail leads to decides by being read', async () => {
  const id = await askedBy(deployer);
  await rig.relay();
  const links = (await rig.mails()).flatMap(({ text }) => text.match(/https:\S+/g) ?? []);
  const paths = links.map((link) => new URL(link).pathname).filter((path) => path.includes(id));
  expect(paths).toContain(`/deployments/${id}/approval`);
  const decisions = ['approve', 'reject', 'withdraw', 'comment'].map(
    (verb) => `/api/v1/approvals/deployments/${id}/${verb}`,
  );
  for (const path of [...paths, ...decisions]) {
    for (const method of ['GET', 'HEAD']) {
      const headers = { authorization: `Bearer ${admin.token}` };
      const answer = await fetch(rig.app.whole.url + path, { method, headers });
      expect([404, 405]).toContain(answer.status);
    }
  }
  const rows = await rig.app.sql(
    `select r.status, count(d.id)::int as decisions from approval_requests r
     left join approval_decisions d on d.deployment_id = r.deployment_id
     where r.deployment_id = $1 group by r.status`,
    [id],
  );
  expect(rows).toEqual([{ status: 'open', decisions: 0 }]);
});

it('a person without an address, or whom a limit leaves out, is in nobody’s way', async () => {
  const silent = await rig.app.whole.member(tenant.id, 'Admin');
  await rig.app.sql(
    `insert into mail_outbox (tenant_id, id, kind, recipient, sealed, good_until)
     select $1, gen_random_uuid(), 'notification', 'x', 'x', now() + interval '1 day'
     from generate_series(1, 1000)`,
    [tenant.id],
  );
  const all = await subscribe(admin, { owner: 'tenant', events: ['alarms'], channelId });
  await ends(await tenant.deploy(), 'RollbackFailed', 'RollingBack');
  await rig.relay();
  await rig.app.sql(`delete from mail_outbox where sealed = 'x'`);
  expect(await rig.namesTo(tenant.id, all)).toEqual(['deployment-rollback-failed']);
  expect(await rig.mailsTo(admin)).toEqual([]);
  expect(await rig.mailsTo(silent)).toEqual([]);
});
