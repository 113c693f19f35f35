import { newId } from '../../src/kernel/ids.js';
import { OpenTransaction } from '../../src/platform/database/open-transaction.js';
import { jest } from '@jest/globals';
import { FleetApp, type TestTenant } from '../support/fleet-app.js';

interface Row {
  readonly id: string;
  readonly name: string;
  readonly signaturePolicy: string;
}

describe('environments, clusters and nodes over HTTP', () => {
  let fleet: FleetApp;
  let tenant: TestTenant;
  let other: TestTenant;

  beforeAll(async () => {
    fleet = await FleetApp.start();
    [tenant, other] = [await fleet.tenant('acme'), await fleet.tenant('other')];
  });
  afterAll(() => fleet?.close());

  const asAdmin = (path: string, method = 'GET', body?: unknown, headers = {}) =>
    fleet.call(path, { method, token: tenant.tokens.Admin, body, headers });

  describe('environments', () => {
    const rules = {
      defaults: { strategy: { kind: 'canary' }, gate: { kind: 'stabilization' } },
      allowedStrategies: ['canary'],
      signaturePolicy: 'required',
      onConflict: 'queue',
    };

    it('gives every new tenant the four built-in ones, each with a cluster', async () => {
      const list = await asAdmin('environments');
      expect(list.body.items.map((each: Row) => [each.name, each.signaturePolicy])).toEqual([
        ['Development', 'if-present'],
        ['QA', 'if-present'],
        ['Staging', 'if-present'],
        ['Production', 'required'],
      ]);
      const production = await asAdmin('environments/production');
      expect(production.body.defaults.strategy).toEqual({
        kind: 'canary',
        wavesPercent: [10, 30, 50, 100],
      });
      expect(production.headers.get('etag')).toBe('"1"');
      const clusters = await asAdmin('clusters?environment=PRODUCTION');
      expect(clusters.body.items).toMatchObject([
        { name: 'local', environment: 'Production', targetKind: 'agent', nodes: 0 },
      ]);
    });

    it('creates one; the same name in other capitals is a conflict', async () => {
      const made = await asAdmin('environments', 'POST', { name: 'Pilot', ...rules });
      expect(made).toMatchObject({ status: 201, body: { name: 'Pilot', version: 1 } });
      const again = await asAdmin('environments', 'POST', { name: 'pilot', ...rules });
      expect(again).toMatchObject({ status: 409, body: { code: 'environment-exists' } });
    });

    it('answers the same for a repeated Idempotency-Key', async () => {
      const headers = { 'idempotency-key': 'key-1' };
      const body = { name: 'Twice', ...rules };
      const first = await asAdmin('environments', 'POST', body, headers);
      const second = await asAdmin('environments', 'POST', body, headers);
      expect(first.status).toBe(201);
      expect(second).toMatchObject({ status: 201, body: first.body });
    });

    it('replaces rules only for who has read the present version', async () => {
      const change = { ...rules, signaturePolicy: 'if-present', onConflict: 'reject' };
      const without = await asAdmin('environments/QA', 'PUT', change);
      expect(without).toMatchObject({ status: 428, body: { code: 'if-match-required' } });
      const garbage = await asAdmin('environments/QA', 'PUT', change, { 'if-match': '*' });
      expect(garbage.status).toBe(400);
      const changed = await asAdmin('environments/QA', 'PUT', change, { 'if-match': '"1"' });
      expect(changed).toMatchObject({ status: 200, body: { version: 2, onConflict: 'reject' } });
      const old = await asAdmin('environments/QA', 'PUT', change, { 'if-match': '"1"' });
      expect(old).toMatchObject({ status: 412, body: { details: { version: 2 } } });
    });

    it.each([
      ['an unknown field', { ...rules, name: 'X', tenantId: newId() }],
      ['a slash in the name', { ...rules, name: 'a/b' }],
      ['an empty name', { ...rules, name: '' }],
      ['41 characters', { ...rules, name: 'x'.repeat(41) }],
      ['a strategy that does not exist', { ...rules, name: 'X', defaults: { strategy: { kind: 'teleport' }, gate: { kind: 'stabilization' } } }], // prettier-ignore
      ['no strategy allowed', { ...rules, name: 'X', allowedStrategies: [] }],
      ['an unknown policy', { ...rules, name: 'X', signaturePolicy: 'never' }],
      ['a cap below one', { ...rules, name: 'X', maxInFlight: 0 }],
      ['no body', undefined],
    ])('refuses %s', async (_, body) => {
      expect(await asAdmin('environments', 'POST', body)).toMatchObject({
        status: 400,
        body: { code: 'validation-failed' },
      });
    });

    it('keeps labels until they are replaced; a replacement that names none leaves none', async () => {
      const labels = { region: 'eu', 'cost-centre': 'Größe 1=2', note: '' };
      const made = await asAdmin('environments', 'POST', { name: 'Labelled', ...rules, labels });
      expect(made).toMatchObject({ status: 201, body: { labels } });
      const path = 'environments/labelled';
      expect((await asAdmin(path)).body.labels).toEqual(labels);
      const listed = (await asAdmin('environments')).body.items as (Row & { labels: object })[];
      expect(listed.find(({ name }) => name === 'Labelled')?.labels).toEqual(labels);
      expect(listed.find(({ name }) => name === 'Production')?.labels).toEqual({});
      const replaced = { ...rules, labels: { region: 'us' } };
      expect(await asAdmin(path, 'PUT', replaced, { 'if-match': '"1"' })).toMatchObject({
        status: 200,
        body: { version: 2 },
      });
      expect((await asAdmin(path)).body.labels).toEqual({ region: 'us' });
      expect((await asAdmin(path, 'PUT', rules, { 'if-match': '"2"' })).body.labels).toEqual({});
      const audited = await fleet.inTenant(tenant.id, (open) =>
        open.tx.query<{ labels: unknown }>(
          `select body_text::jsonb->'labels' as labels from audit_entries
           where subject_id = $1 order by at, id`,
          [made.body.id],
        ),
      );
      expect(audited.map((each) => each.labels)).toEqual([labels, { region: 'us' }, {}]);
      const token = other.tokens.Admin;
      const headers = { 'if-match': '"3"' };
      for (const call of [{ token }, { method: 'PUT', token, headers, body: replaced }]) {
        expect(await fleet.call(path, call)).toMatchObject({
          status: 404,
          body: { code: 'environment-not-found' },
        });
      }
      expect((await asAdmin(path)).body).toMatchObject({ version: 3, labels: {} });
    });

    const pairs = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`key-${at}`, 'x'.repeat(63)]));

    it('takes 16 labels of 63 characters each', async () => {
      const body = { name: 'Sixteen', ...rules, labels: { ...pairs(15), ['k'.repeat(63)]: '' } };
      expect((await asAdmin('environments', 'POST', body)).status).toBe(201);
    });

    it.each([
      ['17 of them', pairs(17), 'labels'],
      ['a key that is no DNS label', { Region: 'eu' }, 'labels.Region'],
      ['a key of 64 characters', { ['k'.repeat(64)]: 'x' }, `labels.${'k'.repeat(64)}`],
      ['a value of 64 characters', { region: 'x'.repeat(64) }, 'labels.region'],
      ['a value that is no text', { region: 1 }, 'labels.region'],
      ['a list', ['region'], 'labels'],
      ['null', null, 'labels'],
    ])('refuses labels: %s', async (_, labels, path) => {
      const headers = { 'if-match': '"1"' };
      for (const answer of [
        await asAdmin('environments', 'POST', { name: 'X', ...rules, labels }),
        await asAdmin('environments/Staging', 'PUT', { ...rules, labels }, headers),
      ]) {
        expect(answer).toMatchObject({ status: 400, body: { code: 'validation-failed' } });
        expect(answer.body.details.fields).toMatchObject([{ in: 'body', path }]);
      }
    });

    it('refuses U+0000 in a label before it looks at the rules', async () => {
      const body = { name: 'X', ...rules, labels: { region: 'e\u0000u' } };
      expect(await asAdmin('environments', 'POST', body)).toMatchObject({
        status: 400,
        body: { code: 'json-unacceptable' },
      });
    });

    it('is closed to who may not', async () => {
      const body = { name: 'Nope', ...rules };
      const { Viewer, Deployer } = tenant.tokens;
      for (const token of [Viewer, Deployer]) {
        const answer = await fleet.call('environments', { method: 'POST', token, body });
        expect(answer.status).toBe(403);
      }
      expect((await fleet.call('environments', { token: Viewer })).status).toBe(200);
      expect((await fleet.call('environments')).status).toBe(401);
    });
  });

  describe('clusters', () => {
    it('creates, reads and changes one', async () => {
      const body = { name: 'eu-1', environment: 'staging', minAvailable: 2 };
      const made = await asAdmin('clusters', 'POST', body);
      expect(made).toMatchObject({ status: 201, body: { environment: 'Staging', version: 1 } });
      expect(await asAdmin('clusters', 'POST', body)).toMatchObject({
        status: 409,
        body: { code: 'cluster-exists' },
      });
      const path = `clusters/${made.body.id}`;
      expect((await asAdmin(path, 'PUT', { minAvailable: 3 })).status).toBe(428);
      const changed = await asAdmin(path, 'PUT', { minAvailable: 3 }, { 'if-match': '"1"' });
      expect(changed).toMatchObject({ status: 200, body: { minAvailable: 3, version: 2 } });
      expect((await asAdmin(path, 'PUT', { minAvailable: 4 }, { 'if-match': '1' })).status).toBe(
        412,
      );
      const capped = { minAvailable: 3, maxInFlight: 2 };
      expect(await asAdmin(path, 'PUT', capped, { 'if-match': '"2"' })).toMatchObject({
        status: 200,
        body: { maxInFlight: 2, version: 3 },
      });
      // A replacement that names no cap leaves none.
      expect(await asAdmin(path, 'PUT', { minAvailable: 3 }, { 'if-match': '"3"' })).toMatchObject({
        status: 200,
        body: { maxInFlight: null },
      });
    });

    it('keeps the proxies that it trusts, in one spelling, until they are named anew', async () => {
      const trustedProxies = ['10.0.0.0/8', '::ffff:10.0.0.0/104', '2001:DB8:0::/32'];
      const body = { name: 'eu-2', environment: 'staging', trustedProxies };
      const made = await asAdmin('clusters', 'POST', body);
      const canonical = ['10.0.0.0/8', '2001:db8::/32'];
      expect(made).toMatchObject({ status: 201, body: { trustedProxies: canonical } });
      const path = `clusters/${made.body.id}`;
      const kept = await asAdmin(path, 'PUT', { minAvailable: 1 }, { 'if-match': '"1"' });
      expect(kept).toMatchObject({ status: 200, body: { trustedProxies: canonical } });
      const none = { minAvailable: 1, trustedProxies: [] };
      expect(await asAdmin(path, 'PUT', none, { 'if-match': '"2"' })).toMatchObject({
        status: 200,
        body: { trustedProxies: [] },
      });
    });

    it.each([
      [['lb'], '"lb" is no address'],
      [['10.0.0.0/33'], '"10.0.0.0/33" is no address'],
      [['0.0.0.0/0'], '"0.0.0.0/0" would believe every client'],
      [['::ffff:0:0/96'], 'would believe every client'],
      [Array.from({ length: 65 }, (_, at) => `10.0.0.${at}`), '64'],
      ['10.0.0.0/8', 'array'],
    ])('refuses proxies that are none: %j', async (trustedProxies, text) => {
      const body = { name: 'eu-3', environment: 'staging', trustedProxies };
      const answer = await asAdmin('clusters', 'POST', body);
      expect(answer).toMatchObject({ status: 400, body: { code: 'validation-failed' } });
      expect(JSON.stringify(answer.body)).toContain(text.replaceAll('"', '\\"'));
    });

    it.each([
      [404, 'environment-not-found', { name: 'x', environment: 'Nowhere' }],
      [400, 'unknown-target', { name: 'x', environment: 'QA', targetKind: 'mainframe' }],
      [400, 'validation-failed', { name: 'Not-A-Label', environment: 'QA' }],
      [400, 'validation-failed', { name: 'x', environment: 'QA', minAvailable: -1 }],
      [400, 'validation-failed', { name: 'x', environment: 'QA', maxInFlight: 0 }],
    ])('answers %i %s', async (status, code, body) => {
      expect(await asAdmin('clusters', 'POST', body)).toMatchObject({ status, body: { code } });
    });

    it('shows another tenant’s cluster to nobody', async () => {
      const [cluster] = (await asAdmin('clusters')).body.items;
      const answer = await fleet.call(`clusters/${cluster.id}`, { token: other.tokens.Admin });
      const missing = await fleet.call(`clusters/${newId()}`, { token: other.tokens.Admin });
      expect(answer.status).toBe(404);
      expect(answer.body.code).toBe(missing.body.code);
    });

    it('pages with a cursor that belongs to its filter', async () => {
      const first = await asAdmin('clusters?limit=2');
      const second = await asAdmin(`clusters?limit=200&cursor=${first.body.nextCursor}`);
      const ids = [...first.body.items, ...second.body.items].map((each: Row) => each.id);
      expect(ids.length).toBeGreaterThanOrEqual(5);
      expect(ids).toEqual([...new Set<string>(ids)].sort().reverse());
      const foreign = await asAdmin(`clusters?environment=QA&cursor=${first.body.nextCursor}`);
      expect(foreign).toMatchObject({ status: 400, body: { code: 'cursor-invalid' } });
    });
  });

  describe('nodes', () => {
    it('filters by environment, cluster and state, and tells since when', async () => {
      const silent = await fleet.agent(tenant, 'silent');
      const alive = await fleet.agent(tenant, 'alive', { environment: 'QA' });
      await alive.report();
      const names = async (query: string) =>
        (await asAdmin(`nodes?${query}`)).body.items.map((node: Row) => node.name);
      expect(await names('environment=qa')).toEqual(['alive']);
      expect(await names('environment=QA&cluster=elsewhere')).toEqual([]);
      expect(await names('state=Lost')).toEqual(['silent']);
      expect(await names('state=Healthy')).toEqual(['alive']);
      const { body } = await asAdmin(`nodes/${alive.nodeId}`);
      expect(body).toMatchObject({
        environment: 'QA',
        agentVersion: '0.1.0',
        labels: { zone: 'a' },
      });
      expect(Date.parse(body.stateSince)).toBeLessThanOrEqual(Date.now());
      expect((await asAdmin('nodes?state=Sleeping')).status).toBe(400);
      expect((await asAdmin('nodes/not-an-id')).status).toBe(400);
      for (const agent of [silent, alive]) await asAdmin(`nodes/${agent.nodeId}`, 'DELETE');
    });

    it('is Lost when its last report is older than 20 s', async () => {
      const agent = await fleet.agent(tenant, 'gone');
      await agent.report();
      await fleet.inTenant(tenant.id, (open) =>
        open.tx.execute(
          `update node_presence set last_report_at = clock_timestamp() - interval '21 s'
           where tenant_id = $1 and node_id = $2`,
          [tenant.id, agent.nodeId],
        ),
      );
      expect((await asAdmin(`nodes/${agent.nodeId}`)).body.state).toBe('Lost');
      await agent.report();
      expect((await asAdmin(`nodes/${agent.nodeId}`)).body.state).toBe('Healthy');
      await asAdmin(`nodes/${agent.nodeId}`, 'DELETE');
    });

    it('cordons and takes back, twice without harm', async () => {
      const agent = await fleet.agent(tenant, 'corded');
      await agent.report();
      const path = `nodes/${agent.nodeId}`;
      for (let time = 0; time < 2; time += 1) {
        expect(await asAdmin(`${path}/cordon`, 'POST')).toMatchObject({
          status: 200,
          body: { state: 'Cordoned' },
        });
      }
      expect((await asAdmin(`${path}/uncordon`, 'POST')).body.state).toBe('Healthy');
      const [audited] = await fleet.inTenant(tenant.id, (open) =>
        open.tx.query<{ times: number }>(
          `select count(*) as times from audit_entries where action = 'node-cordoned' and subject_id = $1`,
          [agent.nodeId],
        ),
      );
      expect(audited!.times).toBe(1);
      await asAdmin(path, 'DELETE');
    });

    it('revokes a node: gone from the list, refused at once, its name free again', async () => {
      const agent = await fleet.agent(tenant, 'revoked');
      await agent.report();
      expect((await asAdmin(`nodes/${agent.nodeId}`, 'DELETE')).status).toBe(204);
      expect((await asAdmin(`nodes/${agent.nodeId}`)).status).toBe(404);
      expect((await asAdmin(`nodes/${agent.nodeId}`, 'DELETE')).status).toBe(404);
      expect((await agent.report()).body.code).toBe('node-revoked');
      const successor = await fleet.agent(tenant, 'revoked');
      expect(successor.nodeId).not.toBe(agent.nodeId);
      await asAdmin(`nodes/${successor.nodeId}`, 'DELETE');
    });

    it('shows another tenant’s node to nobody, for any verb', async () => {
      const agent = await fleet.agent(tenant, 'mine');
      const token = other.tokens.Admin;
      for (const [method, path] of [
        ['GET', ''],
        ['POST', '/cordon'],
        ['POST', '/uncordon'],
        ['DELETE', ''],
      ] as const) {
        const answer = await fleet.call(`nodes/${agent.nodeId}${path}`, { method, token });
        expect(answer).toMatchObject({ status: 404, body: { code: 'node-not-found' } });
      }
      expect((await fleet.call('nodes', { token })).body.items).toEqual([]);
      await asAdmin(`nodes/${agent.nodeId}`, 'DELETE');
    });

    it('lists nodes and what they run in a number of statements that does not grow', async () => {
      const module = await fleet.module(tenant);
      const list = async () => {
        const statements = jest.spyOn(OpenTransaction.prototype, 'query');
        const answer = await asAdmin('nodes?environment=Production');
        const count = statements.mock.calls.length;
        statements.mockRestore();
        return { count, items: answer.body.items };
      };
      const add = async (name: string) => {
        const agent = await fleet.agent(tenant, name, { environment: 'Production' });
        await agent.report({
          observed: [
            {
              moduleId: module.id,
              generation: 1,
              state: 'healthy',
              endpoints: [],
              running: [
                { releaseId: module.releases[0]!.id, configurationId: null, instance: 'a' },
              ],
            },
          ],
        });
      };
      await add('n-0');
      const one = await list();
      for (let number = 1; number <= 4; number += 1) await add(`n-${number}`);
      const five = await list();
      expect(five.items).toHaveLength(5);
      expect(five.items[4].modules).toMatchObject([
        { name: module.name, state: 'healthy', running: [{ version: '1' }], desired: [] },
      ]);
      expect(five.count).toBe(one.count);
      expect(one.count).toBeLessThanOrEqual(3);
    });

    it('makes enrolment tokens for Admins only, and keeps them as hashes', async () => {
      const body = { environment: 'Development' };
      const { Deployer } = tenant.tokens;
      const path = 'nodes/enrollment-tokens';
      expect((await fleet.call(path, { method: 'POST', token: Deployer, body })).status).toBe(403);
      const made = await asAdmin(path, 'POST', body);
      expect(made).toMatchObject({ status: 201, body: { cluster: 'local', name: null } });
      const inMs = Date.parse(made.body.expiresAt) - Date.now();
      expect(inMs).toBeGreaterThan(14 * 60_000);
      expect(inMs).toBeLessThan(16 * 60_000);
      const found = await fleet.db.system((tx) =>
        tx.query('select 1 from credentials c where c::text like $1', [`%${made.body.token}%`]),
      );
      expect(found).toEqual([]);
      expect(await asAdmin(path, 'POST', { environment: 'Nowhere' })).toMatchObject({
        body: { code: 'environment-not-found' },
      });
    });

    it('asks for the cluster when the environment has several', async () => {
      await asAdmin('clusters', 'POST', { name: 'second', environment: 'QA' });
      const path = 'nodes/enrollment-tokens';
      expect(await asAdmin(path, 'POST', { environment: 'QA' })).toMatchObject({
        status: 409,
        body: { code: 'cluster-required', details: { clusters: ['local', 'second'] } },
      });
      const body = { environment: 'QA', cluster: 'third' };
      expect((await asAdmin(path, 'POST', body)).body.code).toBe('cluster-not-found');
    });
  });
});
