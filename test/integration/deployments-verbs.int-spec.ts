import { withClient } from '../support/database.js';
import { DeploymentsApp, orders, type DeployingTenant } from '../support/deployments-app.js';
import { eventually } from '../support/eventually.js';

let app: DeploymentsApp;
let tenant: DeployingTenant;

beforeAll(async () => {
  app = await DeploymentsApp.start();
  tenant = await app.tenant('acme');
});
afterAll(() => app?.close());

interface Row {
  readonly seq: number;
  readonly kind: string;
  readonly data: { readonly number?: number; readonly verb?: string };
}

const journal = (id: string) =>
  app.sql<Row>('select seq, kind, data from journal where deployment_id = $1 order by seq', [id]);
const signals = (id: string) =>
  app.sql<{ number: number; verb: string }>(
    'select number, verb from signals where deployment_id = $1 order by number',
    [id],
  );
const verb = (id: string, name: string, body: object = {}, headers: Record<string, string> = {}) =>
  tenant.post(`/deployments/${id}/${name}`, body, headers);

async function inStatus(status: string): Promise<string> {
  const id = await tenant.deploy();
  await app.sql('update deployments set status = $2 where id = $1', [id, status]);
  return id;
}

const possible: Record<string, string[]> = {
  pause: ['Running'],
  resume: ['Paused'],
  cancel: ['Pending', 'PendingApproval', 'Running', 'Paused'],
};
const statuses = [
  'Pending',
  'PendingApproval',
  'Running',
  'Paused',
  'RollingBack',
  'Succeeded',
  'Failed',
  'RolledBack',
  'RollbackFailed',
  'Cancelled',
  'Rejected',
];
const table = Object.keys(possible).flatMap((name) => statuses.map((status) => [name, status]));

describe('a verb', () => {
  it.each(table)('%s while %s', async (name, status) => {
    const id = await inStatus(status);
    const answer = await verb(id, name);
    if (possible[name]!.includes(status)) {
      expect(answer).toMatchObject({ status: 202, body: { id, verb: name, status } });
      expect(await signals(id)).toEqual([{ number: 1, verb: name }]);
    } else {
      expect(answer).toMatchObject({
        status: 409,
        body: { code: 'state-not-suitable', details: { status, verb: name } },
      });
      expect(await signals(id)).toEqual([]);
    }
  });

  it('asked for twice before it was applied is asked for once', async () => {
    const id = await inStatus('Running');
    expect((await verb(id, 'pause', { reason: 'lunch' })).status).toBe(202);
    expect((await verb(id, 'pause', { reason: 'dinner' })).status).toBe(202);
    expect((await journal(id)).filter(({ kind }) => kind === 'requested')).toHaveLength(1);
    const audits = await app.sql<{ action: string }>(
      `select action from audit_entries where subject_id = $1 order by at`,
      [id],
    );
    expect(audits.map(({ action }) => action)).toEqual(['deployment-created', 'pause-requested']);
  });

  it('asked for again with other parameters is not swallowed', async () => {
    const id = await inStatus('Running');
    for (const leave of [false, true, true]) await verb(id, 'cancel', { leave });
    expect(await signals(id)).toHaveLength(2);
  });

  it('is refused when the journal is full: the rest of it is for the ending', async () => {
    const id = await inStatus('Running');
    await app.sql('update deployments set journal_seq = 8000 where id = $1', [id]);
    const answer = await verb(id, 'pause');
    expect(answer).toMatchObject({ status: 409, body: { code: 'journal-full' } });
    expect(await signals(id)).toEqual([]);
  });

  it('goes only with the revision that was read', async () => {
    const id = await inStatus('Running');
    const stale = await verb(id, 'pause', {}, { 'if-match': '"7"' });
    expect(stale).toMatchObject({
      status: 412,
      body: { code: 'version-mismatch', details: { version: 1 } },
    });
    expect((await verb(id, 'pause', {}, { 'if-match': 'x' })).status).toBe(400);
    expect(await signals(id)).toEqual([]);
    expect((await verb(id, 'pause', {}, { 'if-match': '"1"' })).status).toBe(202);
  });

  it.each<[string, unknown]>([
    ['an unknown field', { force: true }],
    ['an empty reason', { reason: '' }],
    ['a long reason', { reason: 'x'.repeat(501) }],
    ['a reason that is no text', { reason: 5 }],
    ['U+0000 in its reason', '{"reason":"\\u0000"}'],
    ['leave as a text', { leave: 'yes' }],
    ['a list', []],
  ])('is refused with %s', async (_, body) => {
    const id = await inStatus('Running');
    const answer = await tenant.post(`/deployments/${id}/cancel`, body);
    expect(answer.status).toBe(400);
    expect(await signals(id)).toEqual([]);
  });

  it('does not wait behind posts that cannot be accepted just now', async () => {
    const id = await inStatus('Running');
    const posts = await withClient(app.whole.database.superuser, async (client) => {
      // Whoever posts with a key is held up here; there are more of them than connections.
      await client.query('begin; lock table idempotency_keys in access exclusive mode');
      const answers = Array.from({ length: 20 }, (_, at) =>
        tenant.post('/deployments', orders, { 'idempotency-key': `burst-${at}` }),
      );
      await eventually(async () => {
        const waiting = await app.sql(
          `select 1 from pg_locks where relation = 'idempotency_keys'::regclass and not granted
           and database = (select oid from pg_database where datname = current_database())`,
        );
        expect(waiting.length).toBeGreaterThanOrEqual(6);
      });
      expect((await verb(id, 'pause')).status).toBe(202);
      expect((await tenant.get(`/deployments/${id}`)).status).toBe(200);
      await client.query('rollback');
      return Promise.all(answers);
    });
    expect(posts.map(({ status }) => status)).toEqual(Array(20).fill(202));
  });

  it('needs no body', async () => {
    const id = await inStatus('Running');
    const answer = await tenant.as('Deployer', `/deployments/${id}/pause`, { method: 'POST' });
    expect(answer.status).toBe(202);
  });

  it('is not for who may only look', async () => {
    const id = await inStatus('Running');
    const answer = await tenant.as('Viewer', `/deployments/${id}/pause`, {
      method: 'POST',
      body: {},
    });
    expect(answer.status).toBe(403);
  });

  it('is applied by the holder of the lease alone, and wakes it', async () => {
    const id = await tenant.deploy();
    await app.sql(`update runs set wake_at = clock_timestamp() + interval '1 hour' where id = $1`, [
      id,
    ]);
    await verb(id, 'cancel', { reason: 'wrong version' });
    expect((await tenant.get(`/deployments/${id}`)).body.status).toBe('Pending');
    const [run] = await app.sql<{ isDue: boolean; pokes: number }>(
      `select wake_at <= clock_timestamp() as "isDue", pokes from runs where id = $1`,
      [id],
    );
    expect(run).toEqual({ isDue: true, pokes: 1 });
    await app.act(tenant.id, id);
    expect((await tenant.get(`/deployments/${id}`)).body).toMatchObject({
      status: 'Cancelled',
      reason: 'wrong version',
      revision: 2,
      finishedAt: expect.any(String),
    });
    expect((await journal(id)).map(({ kind }) => kind)).toEqual([
      'created',
      'planned',
      'requested',
      'applied',
      'finished',
    ]);
  });

  it('gives the slot back when it ends a deployment, and wakes the next one', async () => {
    const [first, second] = [await tenant.deploy(), await tenant.deploy()];
    for (const id of [first, second]) await app.pass(tenant.id, id, 'preflight');
    await app.sql('update deployment_slots set holder_deployment_id = null');
    await app.act(tenant.id, first);
    await app.act(tenant.id, second);
    const status = async (id: string) => (await tenant.get(`/deployments/${id}`)).body;
    expect(await status(first)).toMatchObject({ status: 'Running' });
    expect(await status(second)).toMatchObject({ status: 'Pending', waitingOn: { kind: 'slot' } });
    await verb(first, 'cancel', { leave: true });
    await app.act(tenant.id, first);
    expect(await status(first)).toMatchObject({ status: 'Cancelled' });
    await app.act(tenant.id, second);
    expect(await status(second)).toMatchObject({ status: 'Running' });
  });
});

describe('a hundred verbs at once', () => {
  it('leave one journal without gaps, and each number once', async () => {
    const id = await inStatus('Running');
    const names = ['pause', 'cancel', 'pause', 'cancel', 'resume'];
    const asked = Array.from({ length: 100 }, (_, at) => verb(id, names[at % names.length]!));
    const answers = await Promise.all(asked);
    const byStatus = (status: number) =>
      answers.filter((answer) => answer.status === status).length;
    expect({ taken: byStatus(202), refused: byStatus(409) }).toEqual({ taken: 80, refused: 20 });
    const rows = await journal(id);
    expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, at) => at + 1));
    const requested = rows.filter(({ kind }) => kind === 'requested').map(({ data }) => data);
    const written = await signals(id);
    expect(requested.map(({ number, verb: name }) => ({ number, verb: name }))).toEqual(written);
    expect(written.map(({ number }) => number)).toEqual(written.map((_, at) => at + 1));
    // The same verb is never written twice in a row.
    expect(written.some((row, at) => at > 0 && row.verb === written[at - 1]!.verb)).toBe(false);
    await app.act(tenant.id, id);
    expect((await tenant.get(`/deployments/${id}`)).body.status).toBe('Cancelled');
    const after = await journal(id);
    expect(after.map(({ seq }) => seq)).toEqual(after.map((_, at) => at + 1));
    expect(after.at(-1)).toMatchObject({ kind: 'finished' });
  });
});
