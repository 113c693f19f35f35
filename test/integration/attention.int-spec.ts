/** What needs a person, over all environments: what is told of it, to whom, and who may unblock it. */
import { newId } from '../../src/kernel/ids.js';
import type { Answer, DeployingTenant } from '../support/deployments-app.js';
import { NodeReports } from '../support/node-reports.js';
import { type Pending, PendingApprovals } from '../support/pending-approvals.js';
import { scopedMember } from '../support/scoped-member.js';
import { usedBreakGlass } from '../support/used-break-glass.js';
import type { Member } from '../support/whole-app.js';

let rig: PendingApprovals;
let tenant: DeployingTenant;
let ada: Member;
let viewer: Member;
let reports: NodeReports;
let asked: Pending;
const ids: Record<string, string> = {};

beforeAll(async () => {
  rig = await PendingApprovals.start();
  tenant = await rig.app.tenant('acme');
  reports = new NodeReports(rig.app);
  [ada, viewer] = [await rig.person(tenant), await rig.person(tenant, 'Viewer')];
  for (const module of ['billing', 'stock', 'mail', 'search', 'cart', 'web']) {
    await tenant.release(module, '1.0.0');
  }
  await tenant.nodes('Staging', 2);
  await tenant.nodes('Production', 1);
  ids.gate = await stoppedAtGate();
  ids.hook = await stoppedAtHook();
  asked = await rig.pending(tenant, { moduleName: 'stock' });
  await paused();
  await frozen();
  await rows();
}, 60_000);
afterAll(() => rig?.close());

const send = (who: Member, path: string): Promise<Answer> => rig.send(who, path, { method: 'GET' });
const attention = async (query = '', who = ada) => {
  const answer = await send(who, `/attention?${query}`);
  expect(answer.status).toBe(200);
  return answer.body;
};
const item = async (kind: string, who = ada) =>
  (await attention(`kind=${kind}`, who)).items.find(
    ({ subject }: { subject: { id: string } }) =>
      ids[kind] === undefined || subject.id === ids[kind],
  );
const sql = <Row>(text: string, parameters: unknown[]) => rig.app.sql<Row>(text, parameters);

async function act(id: string): Promise<Answer['body']> {
  await sql('update runs set wake_at = clock_timestamp() where id = $1', [id]);
  await rig.app.act(tenant.id, id);
  return (await tenant.get(`/deployments/${id}`)).body;
}

async function begun(change: object): Promise<string> {
  const id = await tenant.deploy(change);
  await rig.app.pass(tenant.id, id, 'preflight');
  await rig.app.act(tenant.id, id);
  return id;
}

async function stoppedAtGate(): Promise<string> {
  const strategy = { kind: 'canary', wavesPercent: [100] };
  const id = await begun({ strategy, gate: {} });
  await reports.say('healthy', 'node-%');
  expect(await act(id)).toMatchObject({ waitingOn: { kind: 'gate' } });
  const verdict = { verdict: 'inconclusive', reason: 'too few requests', needsPerson: true };
  await sql(`update runs set gate = gate::jsonb || $2::jsonb where id = $1`, [
    id,
    JSON.stringify(verdict),
  ]);
  expect(await act(id)).toMatchObject({ status: 'Paused' });
  return id;
}

async function stoppedAtHook(): Promise<string> {
  const id = await begun({ moduleName: 'billing', strategy: { kind: 'direct' } });
  await reports.say('healthy', 'node-%');
  await reports.say('outcome-unknown', 'node-0002', { code: 'x', message: 'It was cut off.' });
  expect(await act(id)).toMatchObject({ status: 'Paused' });
  await sql(
    `update observed_modules o set state = 'healthy' from modules m
     where m.id = o.module_id and m.name = 'orders' and o.tenant_id = $1`,
    [tenant.id],
  );
  return id;
}

async function paused(): Promise<void> {
  ids.paused = await begun({ moduleName: 'mail', strategy: { kind: 'direct' } });
  await tenant.post(`/deployments/${ids.paused}/pause`, {});
  expect(await act(ids.paused)).toMatchObject({ status: 'Paused' });
}

async function frozen(): Promise<void> {
  ids.freeze = await tenant.deploy({ moduleName: 'search' });
  const window = {
    kind: 'once',
    from: new Date(Date.now() - 60_000).toISOString(),
    to: new Date(Date.now() + 3_600_000).toISOString(),
  };
  const body = {
    name: 'fair',
    reason: 'a fair',
    modules: ['search'],
    verbs: ['start'],
    window,
  };
  const made = await rig.send(ada, '/freezes', { body });
  expect(made.status).toBe(201);
  await rig.app.pass(tenant.id, ids.freeze, 'preflight');
  expect(await act(ids.freeze)).toMatchObject({ waitingOn: { kind: 'freeze' } });
}

/** What would take a rollout each. */
async function rows(): Promise<void> {
  const failed = await tenant.deploy({ moduleName: 'cart' });
  ids['rollback-failed'] = failed;
  const glass = await tenant.deploy({ moduleName: 'web', targetEnvironment: 'Staging' });
  ids['break-glass'] = glass;
  for (const [id, status] of [
    [failed, 'RollbackFailed'],
    [glass, 'Succeeded'],
  ]) {
    await sql(
      `update deployments set status = $2, reason = 'two nodes', finished_at = now() where id = $1`,
      [id, status],
    );
  }
  await usedBreakGlass(rig.app, { tenantId: tenant.id, deploymentId: glass });
  ids.hold = newId();
  await sql(
    `insert into target_holds (tenant_id, id, cluster_id, module_id, deployment_id, rollback_id, placed_by)
     select tenant_id, $2, cluster_id, module_id, id, id, 'ada' from deployments where id = $1`,
    [failed, ids.hold],
  );
  await rig.send(ada, '/kill-switch', { method: 'PUT', body: { isOn: true, reason: 'a fire' } });
  const nodes = await sql<{ id: string }>(
    `select n.id from nodes n join clusters c on c.id = n.cluster_id
     join environments e on e.id = c.environment_id
     where n.tenant_id = $1 and e.name in ('Staging', 'Production') order by e.name desc, n.name`,
    [tenant.id],
  );
  ['node-lost', 'node-unhealthy', 'node-suspect'].forEach((kind, at) => {
    ids[kind] = nodes[at]!.id;
  });
  const change = (set: string, id: string) =>
    sql(`update node_presence set ${set} where node_id = $1`, [id]);
  await change(`last_report_at = now() - interval '1 minute'`, ids['node-lost']!);
  await change(`health = 'Unhealthy'`, ids['node-unhealthy']!);
  await change(
    `suspicion = 'duplicated', suspected_at = now(), suspicion_message = 'two of them'`,
    ids['node-suspect']!,
  );
}

it('has every kind once, with who can unblock it, and how', async () => {
  const { items, nextCursor } = await attention('limit=200');
  expect(nextCursor).toBeNull();
  const told = Object.fromEntries(
    items.map(({ kind, verbs }: { kind: string; verbs: { verb: string }[] }) => [
      kind,
      verbs.map(({ verb }) => verb),
    ]),
  );
  expect(told).toEqual({
    approval: ['approve', 'reject'],
    gate: ['resume', 'cancel'],
    hook: ['resume', 'cancel'],
    paused: ['resume', 'cancel'],
    'rollback-failed': ['rollback', 'retry'],
    freeze: ['override-freeze', 'cancel'],
    'kill-switch': ['kill-switch off'],
    hold: ['release'],
    'break-glass': ['review'],
    'node-lost': ['cordon', 'revoke'],
    'node-unhealthy': ['cordon'],
    'node-suspect': ['revoke'],
  });
  expect(items).toHaveLength(12);
  expect(await item('gate')).toMatchObject({
    id: `gate:${ids.gate}`,
    subject: { kind: 'deployment', id: ids.gate },
    detail: 'inconclusive: too few requests',
    environment: 'QA',
    cluster: 'local',
    module: 'orders',
    version: '1.0.0',
    who: 'someone who may operate deployments',
    may: true,
  });
  const { verbs, until } = await item('hook');
  expect(Date.parse(until)).toBeGreaterThan(Date.now() + 23 * 3_600_000);
  expect(verbs[0]).toEqual({
    verb: 'resume',
    method: 'POST',
    path: `/api/v1/deployments/${ids.hook}/resume`,
    command: `tidegate deployments resume ${ids.hook} --outcome <done|retry> --reason <words>`,
    permission: 'deployments:resume',
    may: true,
    why: null,
  });
  expect(await item('node-lost')).toMatchObject({ node: 'node-0001', environment: 'Staging' });
});

it('is gone when it is unblocked', async () => {
  const answer = await rig.send(ada, `/holds/${ids.hold}`, {
    method: 'DELETE',
    body: { reason: 'mended' },
  });
  expect(answer.status).toBe(204);
  expect(await item('hold')).toBeUndefined();
  // Something has succeeded there since.
  await sql(
    `insert into deployments (tenant_id, id, environment_id, cluster_id, module_id, release_id, strategy,
       status, spec_text, subject_digest, requested_by)
     select tenant_id, $2, environment_id, cluster_id, module_id, release_id, strategy, 'Succeeded',
       spec_text, subject_digest, requested_by from deployments where id = $1`,
    [ids['rollback-failed'], newId()],
  );
  expect(await item('rollback-failed')).toBeUndefined();
});

it('says whether the caller may, and why not', async () => {
  expect((await item('approval')).verbs[0]).toMatchObject({ may: true, why: null });
  const refused = (await item('approval', viewer)).verbs[0];
  expect(refused.may).toBe(false);
  expect(refused.why).toMatch(/permission "approvals:decide" for module "stock" in "QA"/);
  // They have approved: a second time they would be refused.
  await rig.send(ada, `/approvals/deployments/${asked.id}/approve`, {
    body: { subjectDigest: 'sha256:' + '0'.repeat(64) },
  });
  expect((await item('approval')).may).toBe(true);
  const { items } = await attention('mine=true', viewer);
  expect(items).toEqual([]);
  const mine = (await attention('mine=true')).items as { may: boolean }[];
  expect(mine.length).toBeGreaterThan(5);
  expect(mine.every(({ may }) => may)).toBe(true);
});

it('bars from a review, and from deciding, whoever the rules bar', async () => {
  await sql(`update break_glass set person_id = $2 where deployment_id = $1`, [
    ids['break-glass'],
    ada.userId,
  ]);
  const grace = await rig.person(tenant);
  expect((await item('break-glass')).verbs[0]).toMatchObject({
    may: false,
    why: 'It is your own work: somebody else reviews it.',
  });
  expect((await item('break-glass', grace)).may).toBe(true);
  await sql(`update approval_requests set requested_by_person = $2 where deployment_id = $1`, [
    asked.id,
    ada.userId,
  ]);
  expect((await item('approval')).may).toBe(false);
  expect((await item('approval', grace)).may).toBe(true);
});

it('tells of the platform’s switch that nobody here can turn', async () => {
  await sql(`update platform_switch set is_on = true, reason = 'all stop'`, []);
  try {
    const [first, ...more] = (await attention('kind=kill-switch')).items;
    expect(more).toEqual([]);
    expect(first).toMatchObject({ detail: 'all stop', may: false });
    expect(first.verbs[0].why).toContain('installation');
  } finally {
    await sql('update platform_switch set is_on = false', []);
  }
});

it('shows only what may be read: by module, by environment, and by permission', async () => {
  const { whole } = rig.app;
  const byModule = await scopedMember(whole, tenant.id, { role: 'Viewer', modules: ['orders'] });
  const told = (await attention('', byModule)).items as { module: string | null; kind: string }[];
  expect([...new Set(told.map(({ module }) => module))].sort()).toEqual([null, 'orders']);
  expect(told.map(({ kind }) => kind)).toContain('gate');
  const inStaging = await scopedMember(whole, tenant.id, {
    role: 'Viewer',
    environments: ['staging'],
  });
  const there = (await attention('', inStaging)).items as { environment: string | null }[];
  expect([...new Set(there.map(({ environment }) => environment))].sort()).toEqual([
    'Staging',
    null,
  ]);
  const role = await rig.send(ada, '/roles', {
    body: { name: 'fleet-watcher', permissions: ['fleet:read'] },
  });
  const watcher = await scopedMember(whole, tenant.id, { role: { id: role.body.id as string } });
  const kinds = ((await attention('', watcher)).items as { kind: string }[]).map(
    ({ kind }) => kind,
  );
  expect([...new Set(kinds)].sort()).toEqual(['node-lost', 'node-suspect', 'node-unhealthy']);
  const { kinds: counted } = (await send(watcher, '/attention/counts')).body;
  expect(counted).toMatchObject({ approval: 0, gate: 0, 'kill-switch': 0, 'node-lost': 1 });
});

it('counts by kind what the list shows', async () => {
  const { items } = await attention('limit=200');
  const { total, kinds } = (await send(ada, '/attention/counts')).body;
  expect(total).toBe(items.length);
  for (const [kind, count] of Object.entries(kinds)) {
    expect([kind, count]).toEqual([
      kind,
      items.filter((each: { kind: string }) => each.kind === kind).length,
    ]);
  }
  const inStaging = (await send(ada, '/attention/counts?environment=STAGING')).body;
  expect(inStaging.total).toBe((await attention('environment=staging')).items.length);
});

it.each(['', 'sort=since', 'mine=true'])('comes in pages without gap (%s)', async (query) => {
  const whole = (await attention(`limit=200&${query}`)).items as { id: string; since: string }[];
  const times = whole.map(({ since }) => since);
  expect(times).toEqual(query === 'sort=since' ? times.toSorted() : times.toSorted().reverse());
  const seen: string[] = [];
  for (let cursor = ''; ;) {
    const page = await attention(`limit=2&${query}${cursor}`);
    seen.push(...page.items.map(({ id }: { id: string }) => id));
    if (page.nextCursor === null) break;
    cursor = `&cursor=${page.nextCursor}`;
  }
  expect(seen).toEqual(whole.map(({ id }) => id));
  expect(whole.length).toBeGreaterThan(4);
});

it('refuses a kind that is none, and an order that it does not know', async () => {
  for (const query of ['kind=gate,nothing', 'kind=', 'sort=name', 'mine=yes']) {
    const { status, body } = await send(ada, `/attention?${query}`);
    expect([query, status, body.code]).toEqual([query, 400, 'validation-failed']);
  }
});
