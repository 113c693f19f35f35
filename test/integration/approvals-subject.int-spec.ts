/** What approvers see before they decide, and how they find it. */
import { PassThrough } from 'node:stream';
import { jest } from '@jest/globals';
import { runCli } from '../../src/apps/cli/program.js';
import { readCliEnvironment } from '../../src/apps/cli/session/cli-environment.js';
import { newId } from '../../src/kernel/ids.js';
import type { Role } from '../../src/kernel/permission.js';
import { OpenTransaction } from '../../src/platform/database/open-transaction.js';
import {
  type Answer,
  DeploymentsApp,
  orders,
  type DeployingTenant,
} from '../support/deployments-app.js';
import { eventually } from '../support/eventually.js';
import { NodeReports } from '../support/node-reports.js';
import { scopedMember } from '../support/scoped-member.js';
import type { Member } from '../support/whole-app.js';

let app: DeploymentsApp;
let reports: NodeReports;
let tenant: DeployingTenant;

beforeAll(async () => {
  app = await DeploymentsApp.start();
  reports = new NodeReports(app);
  tenant = await app.tenant('acme');
  for (const version of ['1.1.0', '2.0.0']) await tenant.release('orders', version);
  await tenant.release('billing', '1.0.0');
  await tenant.nodes('Development', 1);
  // Somebody who could approve: without, nobody is asked.
  await tenant.as('Admin', '/me');
});
afterAll(() => app?.close());
afterEach(() => jest.restoreAllMocks());

/** Waits for its approval. */
async function asked(change: object = {}, by = tenant): Promise<string> {
  const id = await by.deploy({ requireApproval: true, ...change });
  await app.pass(by.id, id, 'preflight');
  await app.act(by.id, id);
  const { body } = await by.get(`/deployments/${id}`);
  expect(body).toMatchObject({ status: 'PendingApproval' });
  return id;
}

const at = (id: string, what = '') => `/approvals/deployments/${id}${what}`;

async function subjectOf(id: string, role: 'Admin' | 'Deployer' = 'Admin') {
  const { status, body } = await tenant.as(role, at(id, '/subject'));
  expect({ status, code: body.code }).toEqual({ status: 200, code: undefined });
  return body;
}

async function call(member: Member, path: string): Promise<Answer> {
  const response = await fetch(`${app.whole.url}/api/v1${path}`, {
    headers: { authorization: `Bearer ${member.token}` },
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

async function pendingOf(member: Member, query = ''): Promise<string[]> {
  const { body } = await call(member, `/approvals/pending?limit=200&${query}`);
  return body.items.map(({ id }: { id: string }) => id);
}

describe('what would be signed', () => {
  it('is all of it where nothing of the module runs', async () => {
    const id = await asked({ metadata: { commit: '4f2c1e9' } });
    const subject = await subjectOf(id);
    const { body: deployment } = await tenant.get(`/deployments/${id}`);
    expect(subject).toMatchObject({
      deploymentId: id,
      moduleName: 'orders',
      version: '1.0.0',
      targetEnvironment: 'QA',
      requestedBy: deployment.requestedBy,
      metadata: { commit: '4f2c1e9' },
      subjectDigest: deployment.subjectDigest,
      running: [],
      configuration: null,
      request: { number: 1, status: 'open', subjectDigest: deployment.subjectDigest },
      isDowngrade: false,
    });
    expect(subject.differences.manifest.changes).toContainEqual({
      path: '/run/command',
      change: 'added',
      before: null,
      after: 'node',
      isCut: false,
    });
    expect(subject.nodes.items).toMatchObject(
      ['node-0001', 'node-0002', 'node-0003'].map((name) => ({ name, change: 'added' })),
    );
    expect(subject.strategy.differs.changes).toEqual([]);
    const standings = subject.gate.limits.map((limit: { standing: string }) => limit.standing);
    expect(new Set(standings)).toEqual(new Set(['same']));
  });

  it('is a difference against what the nodes say that they run', async () => {
    await tenant.post('/modules/orders/configurations/QA', { values: { LOG: 'info', POOL: '20' } });
    const first = await tenant.deploy({ strategy: { kind: 'direct' } });
    await app.pass(tenant.id, first, 'preflight');
    await app.act(tenant.id, first);
    await reports.say('healthy', 'node-%');
    await tenant.post('/modules/orders/configurations/QA', { values: { LOG: 'warn', POOL: '20' } });
    const id = await asked({
      version: '2.0.0',
      strategy: { kind: 'canary', wavesPercent: [50, 100] },
      gate: { consecutiveStableChecks: 9 },
    });
    const subject = await subjectOf(id);
    expect(subject.running).toMatchObject([
      { version: '1.0.0', configurationNumber: 1, nodes: 3, down: 0, isCompared: true },
    ]);
    expect(subject.configuration).toMatchObject({ number: 2 });
    expect(subject.differences).toEqual({
      manifest: { changes: [], more: 0 },
      configuration: {
        changes: [{ path: '/LOG', change: 'changed', before: 'info', after: 'warn', isCut: false }],
        more: 0,
      },
    });
    expect(subject.nodes.items[0]).toMatchObject({ before: '1.0.0', after: '2.0.0', wave: 1 });
    const limit = subject.gate.limits.find(
      ({ name }: { name: string }) => name === 'consecutiveStableChecks',
    );
    expect(limit).toMatchObject({ value: 9, standing: 'stricter' });
    const waiting = subject.waiting.map(({ id: other }: { id: string }) => other);
    expect(waiting).toContain(first);
  });

  it('hides values from whoever may not read configurations, and says that it does', async () => {
    const { body: role } = await tenant.as('Admin', '/roles', {
      method: 'POST',
      body: { name: 'Auditor', permissions: ['approvals:read'] },
    });
    const auditor = await scopedMember(app.whole, tenant.id, { role: { id: role.id } });
    const id = await asked({ version: '1.1.0' });
    const { status, body } = await call(auditor, at(id, '/subject'));
    expect({ status, configuration: body.differences?.configuration }).toEqual({
      status: 200,
      configuration: null,
    });
    expect(JSON.stringify(body)).not.toContain('warn');
    // Nor what is done elsewhere, which takes another permission.
    expect(body.releaseHistory).toEqual([]);
  });

  it('says what else was done with the release, with the verdicts of its gates', async () => {
    const before = await tenant.deploy({ version: '1.1.0', targetEnvironment: 'Development' });
    await app.sql(
      `update deployments set status = 'RolledBack', reason = 'w1 was unstable' where id = $1`,
      [before],
    );
    for (const [n, verdict] of [
      [3, 'stable'],
      [4, 'unstable'],
    ]) {
      await app.sql(
        `insert into gate_verdicts (tenant_id, deployment_id, step_id, n, verdict, gate_kind,
           gate_version, params, evidence_text) values ($1, $2, 'w1.gate', $3, $4, 'x', 1, '{}', '')`,
        [tenant.id, before, n, verdict],
      );
    }
    const { releaseHistory } = await subjectOf(await asked({ version: '1.1.0' }));
    expect(releaseHistory).toContainEqual(
      expect.objectContaining({
        id: before,
        environment: 'Development',
        status: 'RolledBack',
        reason: 'w1 was unstable',
        verdicts: { stable: 1, unstable: 1, inconclusive: 0 },
      }),
    );
  });
});

describe('who decides', () => {
  it('is told by name: who could, who is barred and why, and what the caller could do', async () => {
    const id = await asked();
    const { body: deployment } = await tenant.get(`/deployments/${id}`);
    const asAdmin = await subjectOf(id);
    const { body: me } = await tenant.as('Admin', '/me');
    const [rule] = asAdmin.rules;
    expect(rule).toMatchObject({ need: 1, have: 0, isMet: false, decided: [] });
    expect(rule.possible).toContain(me.username);
    expect(rule.barred).toEqual([{ name: deployment.requestedBy, because: 'requester' }]);
    expect(asAdmin.you).toEqual({ canDecide: true, why: null });
    const asRequester = await subjectOf(id, 'Deployer');
    expect(asRequester.you).toMatchObject({ canDecide: false, why: expect.any(String) });
  });

  it('after a decision it is told who has said what, and who can say nothing more', async () => {
    const id = await asked();
    const { subjectDigest } = await subjectOf(id);
    const post = (verb: string, body: object) =>
      tenant.as('Admin', at(id, `/${verb}`), { method: 'POST', body });
    expect((await post('comment', { comment: 'why now?' })).status).toBe(200);
    expect((await post('approve', { subjectDigest })).status).toBe(200);
    const subject = await subjectOf(id);
    const { body: me } = await tenant.as('Admin', '/me');
    expect(subject.decisions.map(({ verb }: { verb: string }) => verb)).toEqual([
      'comment',
      'approve',
    ]);
    expect(subject.rules[0]).toMatchObject({ isMet: true, have: 1, decided: [me.username] });
    expect(subject.rules[0].possible).not.toContain(me.username);
    expect(subject.you.canDecide).toBe(false);
    const { body: history } = await tenant.get(at(id));
    expect(history).toMatchObject({
      deploymentId: id,
      requests: [
        {
          number: 1,
          status: 'granted',
          endedBy: me.username,
          decisions: [
            { verb: 'comment', comment: 'why now?' },
            { verb: 'approve', by: me.username },
          ],
        },
      ],
    });
  });

  it('of a deployment that asks nobody is nobody', async () => {
    const id = await tenant.deploy();
    expect(await subjectOf(id)).toMatchObject({ request: null, rules: [], decisions: [] });
    expect((await tenant.get(at(id))).body).toMatchObject({ deploymentId: id, requests: [] });
  });
});

describe('what waits', () => {
  it('is listed newest first, and for each one what they could decide', async () => {
    const other = await app.tenant('lists');
    await other.release('billing', '1.0.0');
    const deciders = await Promise.all([1, 2].map(() => app.whole.member(other.id, 'Admin')));
    const requester = deciders[0]!;
    const first = await asked({}, other);
    const second = await asked({ moduleName: 'billing' }, other);
    const own = await deployedBy(requester);
    await app.pass(other.id, own, 'preflight');
    await app.act(other.id, own);
    // A newer one of the same module takes the place of an older one.
    expect(await pendingOf(deciders[1]!)).toEqual([own, second]);
    expect(await pendingOf(deciders[1]!, 'mine=true')).toEqual([own, second]);
    expect(await pendingOf(requester, 'mine=true')).toEqual([second]);
    expect(await pendingOf(deciders[1]!, 'module=billing')).toEqual([second]);
    expect(await pendingOf(deciders[1]!, 'environment=qa&module=orders')).toEqual([own]);
    expect(await pendingOf(deciders[1]!, 'environment=Staging')).toEqual([]);
    expect(first).not.toBe(own);
    const viewer = await app.whole.member(other.id, 'Viewer');
    expect(await pendingOf(viewer)).toEqual([own, second]);
    expect(await pendingOf(viewer, 'mine=true')).toEqual([]);
  });

  async function deployedBy(member: Member): Promise<string> {
    const response = await fetch(`${app.whole.url}/api/v1/deployments`, {
      method: 'POST',
      headers: { authorization: `Bearer ${member.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...orders, requireApproval: true }),
    });
    const body = (await response.json()) as { id: string };
    expect({ status: response.status, body }).toMatchObject({ status: 202 });
    return body.id;
  }

  it('of an access key is listed, but nothing of it is theirs to decide', async () => {
    const { body: key } = await tenant.as('Admin', '/access-keys', {
      method: 'POST',
      body: { name: 'ci', permissions: 'admin' },
    });
    const id = await asked({ moduleName: 'billing' });
    const holder = { token: key.secret } as Member;
    expect(await pendingOf(holder)).toContain(id);
    expect(await pendingOf(holder, 'mine=true')).toEqual([]);
    const { body } = await call(holder, at(id, '/subject'));
    expect(body.you).toMatchObject({ canDecide: false, why: expect.stringContaining('people') });
  });

  it('is shown within the scope of whoever asks: the rest is not there', async () => {
    const id = await asked({ moduleName: 'billing' });
    const outside = await scopedMember(app.whole, tenant.id, {
      role: 'Admin',
      modules: ['orders'],
    });
    const elsewhere = await scopedMember(app.whole, tenant.id, {
      role: 'Admin',
      environments: ['Staging'],
    });
    for (const member of [outside, elsewhere]) {
      expect(await pendingOf(member)).not.toContain(id);
      expect(await pendingOf(member, 'mine=true')).not.toContain(id);
      for (const what of ['', '/subject']) {
        const refused = await call(member, at(id, what));
        const unknown = await call(member, at(newId(), what));
        expect(refused.status).toBe(404);
        expect({ ...refused.body, id: 0, instance: 0 }).toEqual({
          ...unknown.body,
          id: 0,
          instance: 0,
        });
      }
    }
  });

  it('of another tenant is not there', async () => {
    const id = await asked({ moduleName: 'billing' });
    const stranger = await app.whole.member((await app.tenant('other', 0)).id, 'Admin');
    expect(await pendingOf(stranger)).toEqual([]);
    for (const what of ['', '/subject']) {
      expect(await call(stranger, at(id, what))).toMatchObject({
        status: 404,
        body: { code: 'deployment-not-found' },
      });
    }
  });

  it.each(['mine=yes', 'limit=0', 'status=open', 'module=A%00'])('refuses ?%s', async (query) => {
    const answer = await tenant.get(`/approvals/pending?${query}`);
    expect(answer).toMatchObject({ status: 400, body: { code: 'validation-failed' } });
  });
});

describe('the command line', () => {
  /** One command as that role, without a terminal to ask at. */
  async function begin(role: Role, words: readonly string[]) {
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const told = { stdout: '', stderr: '' };
    stdout.on('data', (chunk: Buffer) => (told.stdout += chunk.toString()));
    stderr.on('data', (chunk: Buffer) => (told.stderr += chunk.toString()));
    const token = await tenant.tokenOf(role);
    const exit = runCli(words, {
      streams: { stdin, stdout, stderr },
      environment: readCliEnvironment({ TIDEGATE_SERVER: app.whole.url, TIDEGATE_TOKEN: token }),
      version: '0.0.0',
      onInterrupt: () => () => undefined,
    });
    return { told, exit };
  }

  async function cli(role: Role, ...words: string[]) {
    const { told, exit } = await begin(role, words);
    return { exitCode: await exit, ...told };
  }

  it('lists, shows, comments, approves what was shown, and tells the history', async () => {
    const id = await asked({ moduleName: 'billing' });
    expect((await cli('Admin', 'approvals', 'list', '--mine')).stdout).toContain(id);
    expect((await cli('Deployer', 'approvals', 'list', '--mine')).stdout).not.toContain(id);
    const shown = await cli('Admin', 'approvals', 'show', id);
    const digest = /subject (sha256:[0-9a-f]{64})/.exec(shown.stdout)![1]!;
    expect(shown.stdout).toContain('billing 1.0.0 to QA/local: PendingApproval');
    const nobody = await cli('Admin', 'approvals', 'approve', id);
    expect(nobody).toMatchObject({ exitCode: 1, stdout: '' });
    expect(nobody.stderr).toContain(`--yes --subject ${digest}`);
    expect(await cli('Admin', 'approvals', 'approve', id, '--yes')).toMatchObject({ exitCode: 1 });
    const other = `sha256:${'0'.repeat(64)}`;
    const changed = await cli('Admin', 'approvals', 'approve', id, '--yes', '--subject', other);
    expect(changed).toMatchObject({ exitCode: 2 });
    expect(changed.stderr).toContain('approval-subject-changed');
    expect(await cli('Admin', 'approvals', 'comment', id, 'why now?')).toMatchObject({
      exitCode: 0,
    });
    const own = await cli('Deployer', 'approvals', 'approve', id, '--yes', '--subject', digest);
    expect(own).toMatchObject({ exitCode: 2 });
    const approved = await cli('Admin', 'approvals', 'approve', id, '--yes', '--subject', digest);
    expect(approved).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Approved') });
    const { stdout } = await cli('Viewer', 'approvals', 'history', id);
    expect(stdout).toContain('request 1: granted');
    expect(stdout).toContain('"why now?"');
  });

  it('waits for a deployment, says who could approve it, and ends with 2 when it is rejected', async () => {
    const words = ['deploy', 'billing', '1.0.0', '--to', 'QA', '--require-approval', '--wait'];
    const { told, exit } = await begin('Deployer', words);
    let id = '';
    await eventually(async () => {
      const { body } = await tenant.get('/deployments?module=billing&status=Pending');
      expect(body.items).toHaveLength(1);
      id = body.items[0].id;
    });
    await app.pass(tenant.id, id, 'preflight');
    await app.act(tenant.id, id);
    const { body: me } = await tenant.as('Admin', '/me');
    await eventually(() => {
      expect(told.stdout).toContain(`could be approved by ${me.username}`);
    });
    const rejected = await cli('Admin', 'approvals', 'reject', id, '--reason', 'not on a Friday');
    expect(rejected).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Rejected') });
    await app.act(tenant.id, id);
    expect(await exit).toBe(2);
    const { stdout } = told;
    expect(stdout).toContain('billing 1.0.0: Rejected (');
    expect(stdout).toContain('not on a Friday');
  });
});

it('a subject is read in as many statements, however much is shown', async () => {
  const statements = async (id: string) => {
    const query = jest.spyOn(OpenTransaction.prototype, 'query');
    await subjectOf(id);
    const count = query.mock.calls.length;
    jest.restoreAllMocks();
    return count;
  };
  const id = await asked({ version: '1.1.0' });
  const few = await statements(id);
  for (let count = 0; count < 25; count += 1) {
    await tenant.deploy({ version: '1.1.0', targetEnvironment: 'Development' });
  }
  expect(await statements(id)).toBeLessThanOrEqual(few + 1);
  expect(few).toBeLessThanOrEqual(20);
  const { releaseHistory } = await subjectOf(id);
  expect(releaseHistory).toHaveLength(20);
});
