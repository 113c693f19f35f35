import { Audit } from '../../src/platform/audit/audit.js';
import { limits } from '../../src/kernel/limits.js';
import { jest } from '@jest/globals';
import { DeploymentsApp, orders, type DeployingTenant } from '../support/deployments-app.js';

let app: DeploymentsApp;
let tenant: DeployingTenant;

beforeAll(async () => {
  app = await DeploymentsApp.start();
  tenant = await app.tenant('acme');
  await tenant.nodes('Production', 1);
  // Signing in writes, too.
  for (const role of ['Deployer', 'Admin', 'Viewer'] as const)
    await tenant.as(role, '/deployments');
});
afterAll(() => app?.close());
afterEach(() => jest.restoreAllMocks());

const create = (body: unknown, headers: Record<string, string> = {}) =>
  tenant.post('/deployments', body, headers);

const many = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`key-${at}`, 'value']));

const raw = (text: string) => JSON.stringify(orders).replace('"orders"', `"${text}"`);

/** name, what is sent, status, code */
const refused: [string, unknown, number, string][] = [
  ['no body', {}, 400, 'validation-failed'],
  ['an unknown module', { ...orders, moduleName: 'nothing' }, 404, 'module-not-found'],
  ['an unknown version', { ...orders, version: '9.9.9' }, 404, 'release-not-found'],
  ['the version "latest"', { ...orders, version: 'latest' }, 400, 'validation-failed'],
  ['a module in capitals', { ...orders, moduleName: 'Orders' }, 400, 'validation-failed'],
  [
    'an unknown environment',
    { ...orders, targetEnvironment: 'Moon' },
    404,
    'environment-not-found',
  ],
  ['an unknown cluster', { ...orders, cluster: 'nowhere' }, 404, 'cluster-not-found'],
  ['an unknown field', { ...orders, force: true }, 400, 'validation-failed'],
  ['a tenant', { ...orders, tenantId: 'f'.repeat(32) }, 400, 'validation-failed'],
  ['a strategy as a text', { ...orders, strategy: 'canary' }, 400, 'validation-failed'],
  ['a strategy without a kind', { ...orders, strategy: {} }, 400, 'validation-failed'],
  ['an unknown strategy', { ...orders, strategy: { kind: 'yolo' } }, 400, 'unknown-strategy'],
  ['an unknown gate', { ...orders, gate: { kind: 'yolo' } }, 400, 'unknown-gate'],
  ['an unknown parameter', { ...orders, strategy: { kind: 'canary', speed: 9 } }, 400, 'validation-failed'], // prettier-ignore
  ['a gate parameter out of range', { ...orders, gate: { minWaitMs: -1 } }, 400, 'invalid-gate-params'], // prettier-ignore
  ['a gate parameter that is no integer', { ...orders, gate: { minWaitMs: 1.5 } }, 400, 'invalid-gate-params'], // prettier-ignore
  ['too much metadata', { ...orders, metadata: many(limits.metadataEntries + 1) }, 400, 'validation-failed'], // prettier-ignore
  ['a long metadata value', { ...orders, metadata: { a: 'x'.repeat(257) } }, 400, 'validation-failed'], // prettier-ignore
  ['a long metadata key', { ...orders, metadata: { ['x'.repeat(65)]: 'a' } }, 400, 'validation-failed'], // prettier-ignore
  ['metadata that is no text', { ...orders, metadata: { a: 1 } }, 400, 'validation-failed'],
  ['no healthy node', { ...orders, targetEnvironment: 'Staging' }, 409, 'no-serving-nodes'],
  ['an unsigned release in Production', { ...orders, targetEnvironment: 'Production' }, 409, 'signature-required'], // prettier-ignore
];

/** As bytes: what JSON.stringify would repair. */
const malformed: [string, string][] = [
  ['U+0000 in a name', raw('or\\u0000ders')],
  ['half a surrogate pair in a strategy', `${raw('orders').slice(0, -1)},"strategy":{"kind":"canary","spreadBy":["\\ud800"]}}`], // prettier-ignore
  ['U+0000 in metadata', `${raw('orders').slice(0, -1)},"metadata":{"a":"\\u0000"}}`],
  ['a key twice', `{"version":"2.0.0",${raw('orders').slice(1)}`],
  ['__proto__', `{"__proto__":{"requireApproval":true},${raw('orders').slice(1)}`],
];

describe('a deployment is refused', () => {
  it.each(refused)('with %s', async (_, body, status, code) => {
    const before = await app.rows();
    const answer = await create(body);
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(await app.rows()).toEqual(before);
  });

  it.each(refused)('with %s and an Idempotency-Key', async (name, body, status, code) => {
    const answer = await create(body, { 'idempotency-key': `refused ${name}` });
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
  });

  it.each(malformed)('as malformed with %s', async (_, body) => {
    expect((await create(body)).status).toBe(400);
  });

  it.each([
    [[50, 30, 100]],
    [[10, 10, 100]],
    [[10, 50]],
    [[0, 100]],
    [[10, 101]],
    [[12.5, 100]],
    [[]],
    ['100'],
    [[null, 100]],
  ])('with the waves %j', async (wavesPercent) => {
    const answer = await create({ ...orders, strategy: { kind: 'canary', wavesPercent } });
    expect(answer).toMatchObject({ status: 400, body: { code: 'validation-failed' } });
    expect(JSON.stringify(answer.body)).toContain('strategy.wavesPercent');
  });

  it('naming the strategies that exist', async () => {
    const answer = await create({ ...orders, strategy: { kind: 'yolo' } });
    expect(answer.body.details.known).toEqual(expect.arrayContaining(['direct', 'canary']));
    expect(answer.body.detail).toContain('direct, ');
  });

  it('when the environment has two clusters and none is named', async () => {
    const other = await app.tenant('two-clusters');
    const made = await other.as('Admin', '/clusters', {
      method: 'POST',
      body: { environment: 'QA', name: 'east', minAvailable: 0 },
    });
    expect(made.status).toBe(201);
    const answer = await other.post('/deployments', orders);
    expect(answer).toMatchObject({
      status: 409,
      body: { code: 'cluster-required', details: { clusters: ['east', 'local'] } },
    });
    expect(await other.deploy({ cluster: 'local' })).toBeDefined();
  });

  it('from who may only look', async () => {
    const options = { method: 'POST', body: orders };
    expect((await tenant.as('Viewer', '/deployments', options)).status).toBe(403);
    expect((await tenant.as('Viewer', '/deployments/plan', options)).status).toBe(403);
  });
});

describe('a gate', () => {
  const looser = { ...orders, gate: { limitErrorBasisPoints: 500, minWaitMs: 1_000 } };

  it('is loosened by nobody without the permission', async () => {
    expect(await create(looser)).toMatchObject({
      status: 403,
      body: {
        code: 'override-not-permitted',
        details: { loosened: ['limitErrorBasisPoints', 'minWaitMs'] },
      },
    });
  });

  it('is loosened by an Admin', async () => {
    const answer = await tenant.as('Admin', '/deployments', { method: 'POST', body: looser });
    expect(answer.status).toBe(202);
    const { body } = await tenant.get(`/deployments/${answer.body.id}`);
    expect(body.gate).toMatchObject({ limitErrorBasisPoints: 500, minWaitMs: 1_000 });
  });

  it('is tightened by anybody who may deploy', async () => {
    const tighter = { ...orders, gate: { limitErrorBasisPoints: 50 } };
    expect((await create(tighter)).status).toBe(202);
  });
});

describe('an accepted deployment', () => {
  it('is answered with where to look, and is planned, due and journalled', async () => {
    const answer = await create({ ...orders, metadata: { build: 'ü #7' } });
    const { id } = answer.body;
    expect(answer).toMatchObject({
      status: 202,
      body: { status: 'Pending', moduleName: 'orders', cluster: 'local', version: '1.0.0' },
    });
    expect(answer.headers.get('location')).toBe(`/api/v1/deployments/${id}`);
    const detail = await tenant.get(`/deployments/${id}`);
    expect(detail.headers.get('etag')).toBe('"1"');
    expect(detail.body).toMatchObject({ sequence: 2, metadata: { build: 'ü #7' }, decision: null });
    const events = await tenant.get(`/deployments/${id}/events`);
    expect(events.body.items.map(({ kind }: { kind: string }) => kind)).toEqual([
      'created',
      'planned',
    ]);
    const plans = await tenant.get(`/deployments/${id}/plan`);
    expect(plans.body.plans).toHaveLength(1);
    expect(plans.body.subjectDigest).toBe(detail.body.subjectDigest);
  });

  it('leaves nothing when writing it fails half-way', async () => {
    const before = await app.rows();
    // The last thing that is written.
    const append = jest.spyOn(Audit.prototype, 'append');
    append.mockRejectedValue(new Error('the disk is full'));
    expect((await create(orders, { 'idempotency-key': 'half-way' })).status).toBe(500);
    expect(append).toHaveBeenCalledTimes(1);
    jest.restoreAllMocks();
    expect(await app.rows()).toEqual(before);
    expect((await create(orders, { 'idempotency-key': 'half-way' })).status).toBe(202);
  });

  it('is one, however many requests with one key come at once', async () => {
    const before = await app.rows();
    const headers = { 'idempotency-key': 'build-77' };
    const answers = await Promise.all(Array.from({ length: 8 }, () => create(orders, headers)));
    const good = answers.filter(({ status }) => status === 202);
    expect(good.length).toBeGreaterThan(0);
    expect(new Set(good.map(({ body }) => body.id)).size).toBe(1);
    for (const { status, body } of answers.filter((answer) => answer.status !== 202)) {
      expect({ status, code: body.code }).toEqual({
        status: 409,
        code: 'idempotency-key-in-flight',
      });
    }
    const after = await app.rows();
    expect(after.deployments).toBe(before.deployments! + 1);
    const again = await create(orders, headers);
    expect(again.body).toEqual(good[0]!.body);
    expect(again.headers.get('location')).toBe(`/api/v1/deployments/${again.body.id}`);
    expect(await create({ ...orders, metadata: { a: 'b' } }, headers)).toMatchObject({
      status: 422,
      body: { code: 'idempotency-key-reused' },
    });
  });

  /** So many more like the tenant's first deployment, in a lane of the same slot. */
  const waitingToo = (tenantId: string, lane: string, count: number) =>
    app.sql(
      `insert into deployments (tenant_id, id, environment_id, cluster_id, module_id, release_id,
         strategy, status, spec_text, subject_digest, requested_by, lane)
       select tenant_id, gen_random_uuid(), environment_id, cluster_id, module_id, release_id,
         strategy, 'Pending', spec_text, subject_digest, 'test', $2
       from (select * from deployments where tenant_id = $1 order by id limit 1) first,
         generate_series(1, $3::int)`,
      [tenantId, lane, count],
    );

  it('is refused when too many wait for the same cluster already', async () => {
    const crowded = await app.tenant('crowded');
    await crowded.deploy();
    await waitingToo(crowded.id, 'normal', limits.queuedPerSlot - 1);
    const before = await app.rows();
    expect(await crowded.post('/deployments', orders)).toMatchObject({
      status: 409,
      body: { code: 'queue-full', details: { waiting: limits.queuedPerSlot } },
    });
    expect(await app.rows()).toEqual(before);
    await app.sql(`update deployments set status = 'Cancelled' where tenant_id = $1`, [crowded.id]);
    expect((await crowded.post('/deployments', orders)).status).toBe(202);
  });

  it('is refused by those of its own lane only: a full queue leaves rollbacks their way', async () => {
    const urgent = await app.tenant('urgent');
    await urgent.release('orders', '2.0.0');
    const old = await urgent.deploy();
    const latest = await urgent.deploy({ version: '2.0.0' });
    await app.sql(
      `update deployments set status = 'Succeeded', finished_at = clock_timestamp()
       where tenant_id = $1`,
      [urgent.id],
    );
    await waitingToo(urgent.id, 'normal', limits.queuedPerSlot);
    expect((await urgent.post('/deployments', orders)).body.code).toBe('queue-full');
    const rollback = (to?: string) => urgent.post(`/deployments/${latest}/rollback`, { to });
    const back = await rollback();
    expect(back.status).toBe(202);
    await app.sql(`update deployments set status = 'Cancelled' where id = $1`, [back.body.id]);

    await waitingToo(urgent.id, 'rollback', limits.queuedPerSlot);
    expect(await rollback(old)).toMatchObject({
      status: 409,
      body: { code: 'queue-full', details: { waiting: limits.queuedPerSlot, lane: 'rollback' } },
    });
    await app.sql(
      `update deployments set status = 'Cancelled' where tenant_id = $1 and lane = 'normal'
         and status = 'Pending'`,
      [urgent.id],
    );
    expect((await urgent.post('/deployments', orders)).status).toBe(202);
  });
});

describe('planning without starting', () => {
  it('answers the plan that a deployment gets, and writes nothing', async () => {
    const before = await app.rows();
    const planned = await tenant.post('/deployments/plan', orders);
    expect(planned.status).toBe(200);
    expect(await app.rows()).toEqual(before);
    const { body } = await tenant.get(`/deployments/${await tenant.deploy()}/plan`);
    expect(planned.body).toMatchObject({
      subjectDigest: body.subjectDigest,
      planDigest: body.plans[0].planDigest,
      steps: body.plans[0].steps,
      nodes: 3,
      leftOut: [],
      approvals: [],
    });
  });

  it('is for the nodes that serve, and for no other, whatever they run', async () => {
    const mixed = await app.tenant('mixed', 6);
    const change = (name: string, table: string, column: string) =>
      app.sql(
        `update ${table} own set ${column} from nodes n
         where n.id = ${table === 'nodes' ? 'own.id' : 'own.node_id'} and n.name = $2 and n.tenant_id = $1`,
        [mixed.id, name],
      );
    await change('node-0002', 'nodes', `admin_state = 'cordoned'`);
    await change('node-0003', 'nodes', 'revoked_at = clock_timestamp()');
    await change('node-0004', 'node_presence', `health = 'Unhealthy'`);
    await change('node-0005', 'node_presence', `last_report_at = now() - interval '1 hour'`);
    const { body } = await mixed.post('/deployments/plan', orders);
    const moved = (body.steps as { nodes: string[] }[]).flatMap(({ nodes }) => nodes);
    expect([...new Set(moved)].sort()).toEqual(['node-0001', 'node-0006']);
    expect(body).toMatchObject({ nodes: 2, leftOut: [{}, {}, {}] });
  });

  it.each(refused)('refuses %s as a deployment would', async (_, body, status, code) => {
    const answer = await tenant.post('/deployments/plan', body);
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
  });
});
