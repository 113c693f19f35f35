/** Gates outside: asked until they have heard, believed once, and closed on failure. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { GateCallSender } from '../../src/deployments/approvals/external/gate-call-sender.js';
import { headersOf, isSignedBy } from '../../src/deployments/approvals/external/gate-signature.js';
import { type Question, recordOf, serviceNow, StandIn } from '../support/change-gates.js';
import type { Answer, DeployingTenant } from '../support/deployments-app.js';
import { eventually } from '../support/eventually.js';
import { outcomeOf, type Pending, PendingApprovals } from '../support/pending-approvals.js';
import type { Member } from '../support/whole-app.js';

const outside = new StandIn();
let rig: PendingApprovals;
let tenant: DeployingTenant;
let ada: Member;
let gate: { id: string; secret: string; version: number };
let about: Pending;
let url: string;

beforeAll(async () => {
  url = await outside.start();
  rig = await PendingApprovals.start({ TIDEGATE_OUTBOUND_ALLOW: '127.0.0.0/8' });
  tenant = await rig.app.tenant('acme');
  ada = await rig.person(tenant);
  gate = (await create(ada, 'ServiceNow')).body;
  await rig.policy(tenant, { name: 'change', gateId: gate.id });
}, 60_000);
afterAll(async () => {
  await rig?.close();
  await outside.stop();
});
beforeEach(async () => {
  outside.got.length = 0;
  outside.statuses = [];
  await rig.app.sql('update external_gate_calls set lease_until = null');
  about = await rig.pending(tenant, { requireApproval: false });
});

const create = (who: Member, name: string, more: object = {}) =>
  rig.send(who, '/external-gates', { body: { name, url, deadlineMinutes: 60, ...more } });

const look = () => rig.app.whole.get(GateCallSender).look();

/** It is due at once, whatever it waits for. */
const due = () =>
  rig.app.sql(`update external_gate_calls set wake_at = now() where deployment_id = $1`, [
    about.id,
  ]);

async function asked(): Promise<Question> {
  await look();
  return outside.last();
}

interface Lies {
  readonly secret?: string;
  readonly gateId?: string;
  readonly ageMs?: number;
  /** Sent in place of what was signed. */
  readonly sent?: string;
  readonly headers?: Record<string, string>;
}

const answerOf = (question: Question, more: object = {}) => ({
  deploymentId: question.deployment.id,
  subjectDigest: question.subjectDigest,
  nonce: question.nonce,
  decision: 'approve',
  comment: 'CHG0030007',
  ...more,
});

async function post(body: string, lies: Lies = {}): Promise<Answer> {
  const { secret = gate.secret, gateId = gate.id, ageMs = 0, sent = body } = lies;
  const timestamp = String(Math.floor((Date.now() - ageMs) / 1_000));
  const signed = headersOf({ id: 'any', timestamp, body }, secret);
  const path = `/api/v1/approvals/external/${gateId}/callback`;
  const response = await fetch(`${rig.app.whole.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...signed, ...lies.headers },
    body: sent,
  });
  const { status, headers } = response;
  return { status, headers, body: await response.json() };
}

const answer = (question: Question, more: object = {}, lies: Lies = {}) =>
  post(JSON.stringify(answerOf(question, more)), lies);

const decided = async () => {
  const rows = await rig.app.sql<{ actor: string; verb: string; comment: string }>(
    `select actor, verb, comment from approval_decisions where deployment_id = $1`,
    [about.id],
  );
  return rows;
};

async function status(): Promise<string> {
  await rig.app.act(tenant.id, about.id);
  return rig.statusOf(tenant, about.id);
}

const unsigned = [401, 'gate-callback-refused'];

describe('a gate outside', () => {
  it('is asked by a signed question, and its yes starts the deployment', async () => {
    const question = await asked();
    const { headers, body } = outside.got[0]!;
    const message = {
      id: headers['webhook-id'] as string,
      timestamp: headers['webhook-timestamp'] as string,
      body,
    };
    expect(isSignedBy(gate.secret, message, headers['webhook-signature'] as string)).toBe(true);
    expect(question).toMatchObject({
      type: 'approval.requested',
      id: message.id,
      gate: 'ServiceNow',
      policies: ['change'],
      subjectDigest: about.subjectDigest,
      deployment: { id: about.id, module: 'orders', version: '1.0.0', environment: 'QA' },
      callbackUrl: `https://tidegate.example.com/api/v1/approvals/external/${gate.id}/callback`,
    });
    expect(outcomeOf(await answer(question))).toEqual([200, 'ok']);
    expect(await decided()).toEqual([
      { actor: 'external:ServiceNow', verb: 'approve', comment: 'CHG0030007' },
    ]);
    expect(await status()).not.toBe('PendingApproval');
    const told = await rig.app.sql<{ action: string; actor: string }>(
      `select action, actor from audit_entries where subject_id = $1 and action = 'approval-given'`,
      [about.id],
    );
    expect(told).toEqual([
      { action: 'approval-given', actor: expect.stringContaining('external') },
    ]);
  });

  it('ends the deployment by its no', async () => {
    await answer(await asked(), { decision: 'reject' });
    expect(await status()).toBe('Rejected');
  });

  it('is asked again until it has heard, under the same name, and not afterwards', async () => {
    outside.statuses = [500, 302, 404];
    for (let n = 0; n < 4; n += 1) {
      await look();
      await due();
    }
    expect(outside.got).toHaveLength(4);
    expect(new Set(outside.got.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(new Set(outside.got.map(({ body }) => body)).size).toBe(1);
    const [call] = await rig.app.sql<{ attempts: number; isDelivered: boolean }>(
      `select attempts, delivered_at is not null as "isDelivered" from external_gate_calls
       where deployment_id = $1`,
      [about.id],
    );
    expect(call).toEqual({ attempts: 4, isDelivered: true });
  });

  it('waits longer after each failure, and for nothing once it has heard', async () => {
    outside.statuses = [500, 500, 500];
    const waits: number[] = [];
    for (let n = 0; n < 3; n += 1) {
      await due();
      await look();
      const [row] = await rig.app.sql<{ ms: number }>(
        `select extract(epoch from wake_at - clock_timestamp()) * 1000 as ms
         from external_gate_calls where deployment_id = $1`,
        [about.id],
      );
      waits.push(Number(row!.ms));
    }
    expect(waits[1]!).toBeGreaterThan(waits[0]!);
    expect(waits[2]!).toBeGreaterThan(waits[1]!);
    expect(waits[2]!).toBeLessThan(10_000);
    await look();
    expect(outside.got).toHaveLength(3);
  });

  it('is asked by one of two workers', async () => {
    let goOn = () => undefined as void;
    outside.holding = new Promise((resolve) => (goOn = resolve));
    const first = look();
    await eventually(() => expect(outside.got).toHaveLength(1));
    await look();
    goOn();
    await first;
    expect(outside.got).toHaveLength(1);
  });

  it('that does not answer until its deadline has said no', async () => {
    await asked();
    await late();
    await look();
    expect(await decided()).toEqual([
      expect.objectContaining({
        verb: 'reject',
        comment: expect.stringMatching(/did not answer until/) as unknown as string,
      }),
    ]);
    expect(await status()).toBe('Rejected');
  });

  it('that cannot be reached until its deadline has said no, too', async () => {
    outside.statuses = [503];
    await look();
    await late();
    await look();
    expect((await decided())[0]!.comment).toMatch(/could not be reached/);
    expect(await status()).toBe('Rejected');
    expect(outside.got).toHaveLength(1);
  });

  it('is not asked about what is over', async () => {
    await rig.send(ada, `/deployments/${about.id}/cancel`, { body: {} });
    await rig.app.act(tenant.id, about.id);
    await look();
    expect(outside.got).toEqual([]);
  });
});

const late = () =>
  rig.app.sql(
    `update external_gate_calls set deadline_at = now() - interval '1 second', wake_at = now()
     where deployment_id = $1`,
    [about.id],
  );

describe('an answer', () => {
  it('counts once: sent again, or changed, it is refused', async () => {
    const question = await asked();
    const body = JSON.stringify(answerOf(question));
    expect(outcomeOf(await post(body))).toEqual([200, 'ok']);
    expect(outcomeOf(await post(body))).toEqual([409, 'gate-call-answered']);
    const no = await answer(question, { decision: 'reject' });
    expect(outcomeOf(no)).toEqual([409, 'gate-call-answered']);
    expect(await decided()).toHaveLength(1);
  });

  it('counts once when two come at once, and opposite ones are one of them', async () => {
    const question = await asked();
    const both = await Promise.all([
      answer(question),
      answer(question, { decision: 'reject' }),
      answer(question),
    ]);
    expect(both.map((each) => each.status).sort()).toEqual([200, 409, 409]);
    expect(await decided()).toHaveLength(1);
  });

  it('is too late after the deadline, and when people have ended it', async () => {
    const question = await asked();
    await late();
    expect(outcomeOf(await answer(question))).toEqual([409, 'gate-call-over']);
    about = await rig.pending(tenant, { requireApproval: false });
    const other = await asked();
    await rig.send(ada, `/deployments/${about.id}/cancel`, { body: {} });
    await rig.app.act(tenant.id, about.id);
    expect((await answer(other)).status).toBe(409);
    expect(await decided()).toEqual([]);
  });

  it('is of its deployment, subject and nonce alone', async () => {
    const first = await asked();
    const firstOf = about;
    about = await rig.pending(tenant, { requireApproval: false });
    const question = await asked();
    expect(question.deployment.id).toBe(about.id);
    const wrong = [
      { deploymentId: firstOf.id },
      { nonce: first.nonce },
      { nonce: 'A'.repeat(43) },
      { subjectDigest: `sha256:${'0'.repeat(64)}` },
    ];
    for (const more of wrong) {
      expect([more, ...outcomeOf(await answer(question, more))]).toEqual([
        more,
        404,
        'gate-call-not-found',
      ]);
    }
    expect(await decided()).toEqual([]);
  });

  it('is refused when it is forged, stale, or reflected', async () => {
    const question = await asked();
    const body = JSON.stringify(answerOf(question));
    const lies: Lies[] = [
      { secret: 'tgx_another' },
      { secret: '' },
      { ageMs: 6 * 60_000 },
      { ageMs: -6 * 60_000 },
      { sent: body.replace('approve', 'reject ').replace('reject ', 'reject') },
      { sent: `${body} ` },
      { headers: { 'webhook-id': 'another' } },
      { headers: { 'webhook-signature': '' } },
      { headers: { 'webhook-timestamp': '' } },
    ];
    for (const lie of lies) {
      expect([lie, ...outcomeOf(await post(body, lie))]).toEqual([lie, ...unsigned]);
    }
    const reflected = outside.got[0]!;
    expect((await post(reflected.body)).status).toBe(400);
    expect(await decided()).toEqual([]);
  });

  it('tells nobody whether there is such a gate', async () => {
    const body = JSON.stringify(answerOf(await asked()));
    const gateId = '019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f';
    const [none, bad] = [await post(body, { gateId }), await post(body, { secret: 'x' })];
    expect(none.body.detail).toBe(bad.body.detail);
    expect([outcomeOf(none), outcomeOf(bad)]).toEqual([unsigned, unsigned]);
  });

  it('of another tenant’s gate, or of another gate, is of no question here', async () => {
    const question = await asked();
    const globex = await rig.app.tenant('globex');
    const theirs = (await create(await rig.person(globex), 'ServiceNow')).body;
    const body = JSON.stringify(answerOf(question));
    const lies = { gateId: theirs.id as string, secret: theirs.secret as string };
    expect(outcomeOf(await post(body, lies))).toEqual([404, 'gate-call-not-found']);
    expect(outcomeOf(await post(body, { ...lies, gateId: gate.id }))).toEqual(unsigned);
    const other = (await create(ada, 'Jira')).body;
    const own = { gateId: other.id as string, secret: other.secret as string };
    expect(outcomeOf(await post(body, own))).toEqual([404, 'gate-call-not-found']);
    expect(await decided()).toEqual([]);
  });

  it('is refused once the secret was rotated, and taken with the new one', async () => {
    const question = await asked();
    const rotated = await rig.send(ada, `/external-gates/${gate.id}/rotate-secret`);
    expect(rotated.status).toBe(200);
    expect(outcomeOf(await answer(question))).toEqual(unsigned);
    gate = rotated.body;
    expect(outcomeOf(await answer(question))).toEqual([200, 'ok']);
  });
});

describe('the examples of the documentation', () => {
  const example = async (name: string): Promise<string> => {
    const page = await readFile('docs/external-change-gates.md', 'utf8');
    return new RegExp(`<!-- example: ${name} -->\\s+\`\`\`js\\n([^]*?)\\n\`\`\``).exec(page)![1]!;
  };

  /** To this server, whatever public address the question names. */
  const here = (address: string) =>
    address.replace('https://tidegate.example.com', rig.app.whole.url);

  it('for ServiceNow makes one change of a question, and answers with its approval', async () => {
    const changes: Record<string, string>[] = [];
    const sent: { url: string; headers: Record<string, string>; body: string }[] = [];
    const context = createContext(serviceNow(changes, sent, gate.secret));
    runInContext(`${await example('servicenow')}\nvar it = new TidegateGate();`, context);
    await asked();
    const { headers, body } = outside.got[0]!;
    Object.assign(context, { headers, body });
    const ask = () => runInContext('it.ask(headers, body)', context) as number;
    expect([ask(), ask(), changes.length]).toEqual([201, 200, 1]);
    Object.assign(context, { body: `${body} ` });
    expect([ask(), changes.length]).toEqual([401, 1]);
    Object.assign(changes[0]!, { approval: 'approved', number: 'CHG0030007' });
    runInContext(`it.answer(change)`, Object.assign(context, { change: recordOf(changes[0]!) }));
    const { url: to, ...message } = sent[0]!;
    const answered = await fetch(here(to), { method: 'POST', ...message });
    expect(answered.status).toBe(200);
    expect((await decided())[0]!.comment).toBe('CHG0030007, approved');
  });

  it('for Jira keeps the question at one request of JSM, and answers with its decision', async () => {
    const jira = new Map<string, unknown>();
    const folder = await mkdtemp(join(tmpdir(), 'tidegate-bridge-'));
    const file = join(folder, 'bridge.mjs');
    await writeFile(file, await example('jira'));
    const { jiraBridge } = (await import(file)) as { jiraBridge: (of: object) => Bridge };
    await rm(folder, { recursive: true });
    const server = createServer((request, reply) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        const answerWith = (value: unknown) => reply.end(JSON.stringify(value));
        if (request.url!.startsWith('/rest/api/3/search')) {
          return answerWith({ issues: jira.has('made') ? [{ key: 'CHG-1' }] : [] });
        }
        if (request.method === 'POST') jira.set('made', (Number(jira.get('made')) || 0) + 1);
        if (request.method === 'POST') return answerWith({ issueKey: 'CHG-1' });
        if (request.method === 'PUT') jira.set(request.url!, JSON.parse(text));
        return request.method === 'PUT'
          ? reply.end()
          : answerWith({ value: jira.get(request.url!) });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const bridge = jiraBridge({
      secret: gate.secret,
      token: 'of the rule',
      jira: `http://127.0.0.1:${port}`,
      authorization: 'Basic x',
      serviceDeskId: '1',
      requestTypeId: '2',
    });
    await asked();
    const { headers, body } = outside.got[0]!;
    expect(await bridge.ask(headers, `${body} `)).toBe(401);
    expect([await bridge.ask(headers, body), await bridge.ask(headers, body)]).toEqual([201, 201]);
    expect(jira.get('made')).toBe(1);
    const stored = jira.get('/rest/api/3/issue/CHG-1/properties/tidegate') as Question;
    Object.assign(stored, { callbackUrl: here(stored.callbackUrl) });
    const rule = { issue: 'CHG-1', decision: 'reject' };
    expect(await bridge.answer({ 'x-bridge-token': 'another' }, rule)).toBe(401);
    expect(await bridge.answer({ 'x-bridge-token': 'of the rule' }, rule)).toBe(200);
    await new Promise((resolve) => server.close(resolve));
    expect(await status()).toBe('Rejected');
  });
});

interface Bridge {
  ask(headers: object, body: string): Promise<number>;
  answer(headers: object, rule: object): Promise<number>;
}

describe('gates', () => {
  it('show their secret once, and it stands nowhere', async () => {
    expect(gate.secret).toMatch(/^tgx_[\w-]{43}$/);
    const read = await rig.send(ada, `/external-gates/${gate.id}`, { method: 'GET' });
    expect(JSON.stringify(read.body)).not.toContain('tgx_');
    const list = await rig.send(ada, '/external-gates', { method: 'GET' });
    expect(JSON.stringify(list.body)).not.toContain('tgx_');
    const [stored] = await rig.app.sql<{ all: string }>(
      `select (select string_agg(g::text, ' ') from external_gates g)
         || (select string_agg(a::text, ' ') from audit_pending a)
         || coalesce((select string_agg(e::text, ' ') from events e), '') as all`,
    );
    expect(stored!.all).not.toContain(gate.secret);
    expect(stored!.all.match(/in-the-url/g)?.length).toBe(
      (await rig.app.sql('select 1 from external_gates')).length,
    );
  });

  it('are managed by whoever manages policies of the whole tenant', async () => {
    const deployer = await rig.person(tenant, 'Deployer');
    const read = await rig.send(deployer, '/external-gates', { method: 'GET' });
    expect(outcomeOf(read)).toEqual([403, 'permission-missing']);
    expect((await create(deployer, 'x')).status).toBe(403);
  });

  it('have one name each, an address that may be called, and the version that was read', async () => {
    expect(outcomeOf(await create(ada, 'SERVICENOW'))).toEqual([409, 'external-gate-exists']);
    const bad = await create(ada, 'bad', { url: 'ftp://example.com/' });
    expect(outcomeOf(bad)).toEqual([422, 'outbound-url-invalid']);
    expect((await create(ada, 'bad', { deadlineMinutes: 0 })).status).toBe(400);
    expect((await create(ada, 'bad', { secret: 'x' })).status).toBe(400);
    const path = `/external-gates/${gate.id}`;
    const rules = { name: 'ServiceNow', url, deadlineMinutes: 30 };
    const stale = { method: 'PUT', body: rules, headers: { 'if-match': '"999"' } };
    expect(outcomeOf(await rig.send(ada, path, stale))).toEqual([412, 'version-mismatch']);
    const { headers } = await rig.send(ada, path, { method: 'GET' });
    const fresh = { ...stale, headers: { 'if-match': headers.get('etag')! } };
    expect((await rig.send(ada, path, fresh)).body.deadlineMinutes).toBe(30);
  });

  it('stay while a policy asks them', async () => {
    const path = `/external-gates/${gate.id}`;
    const kept = await rig.send(ada, path, { method: 'DELETE' });
    expect(outcomeOf(kept)).toEqual([409, 'external-gate-in-use']);
    expect(kept.body.details.policies).toEqual(['change']);
    const free = (await create(ada, 'free')).body;
    const gone = await rig.send(ada, `/external-gates/${free.id}`, { method: 'DELETE' });
    expect(gone.status).toBe(204);
  });
});
