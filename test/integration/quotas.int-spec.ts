/** Quotas and usage over HTTP: what is refused, what never is, and what is told of it. */
import { generateKeyPairSync } from 'node:crypto';
import { publicKeyText } from '../../src/kernel/signature.js';
import { Logger } from '../../src/platform/logging/logger.js';
import type { SettingRow } from '../../src/platform/settings/setting-row.js';
import { Signal } from '../../src/platform/signal/signal.js';
import { Topic } from '../../src/platform/signal/topics.js';
import { TenantDirectory } from '../../src/tenancy/tenants/tenant-directory.js';
import { PLATFORM_TENANT } from '../../src/tenancy/tenants/platform-tenant.js';
import type { QuotaOverrides } from '../../src/tenancy/tiers/tier.js';
import { FLUSH_MS, UsageMeter } from '../../src/tenancy/usage/usage-meter.js';
import { Settings } from '../../src/platform/settings/settings.js';
import {
  type Answer,
  DeploymentsApp,
  type DeployingTenant,
  orders,
} from '../support/deployments-app.js';
import { eventually } from '../support/eventually.js';
import { type Member, WholeApp } from '../support/whole-app.js';
import { releaseForm, someArtifact } from '../support/release-form.js';

let app: DeploymentsApp;
beforeAll(async () => {
  app = await DeploymentsApp.start();
});
afterAll(() => app?.close());

async function limited(slug: string, quotas: QuotaOverrides): Promise<DeployingTenant> {
  const tenant = await app.tenant(slug);
  await limit(tenant, quotas);
  return tenant;
}

async function limit(tenant: DeployingTenant, quotas: QuotaOverrides): Promise<void> {
  await app.sql('update tenants set quota_overrides = $2 where id = $1', [
    tenant.id,
    JSON.stringify(quotas),
  ]);
  await app.whole.get(TenantDirectory).look();
}

const refused = (quota: string, use: number, max: number) => ({
  status: 429,
  body: { code: 'quota-exceeded', details: { quota, use, limit: max, raisedBy: 'platform-admin' } },
});

const statuses = (answers: readonly Answer[]) => answers.map(({ status }) => status).sort();

describe('a quota of deployments', () => {
  it('lets in as many of fifty at once as it says, and names what is used up', async () => {
    const tenant = await limited('fifty', { deploymentsPerMonth: 5 });
    await tenant.get('/deployments');
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => tenant.post('/deployments', orders)),
    );
    expect(statuses(answers)).toEqual([...Array(5).fill(202), ...Array(45).fill(429)]);
    const [answer] = answers.filter(({ status }) => status === 429);
    expect(answer).toMatchObject(refused('deploymentsPerMonth', 5, 5));
    const { resetsAt, retryAfterSeconds } = answer!.body.details;
    expect(new Date(resetsAt).toISOString()).toMatch(/-01T00:00:00\.000Z$/);
    expect(answer!.headers.get('retry-after')).toBe(String(retryAfterSeconds));
    const [counter] = await app.sql<{ used: string }>(
      `select used from quota_counters where tenant_id = $1`,
      [tenant.id],
    );
    expect(Number(counter!.used)).toBe(5);
  });

  it('never holds up a rollback or the retry of one, and does not count them', async () => {
    const tenant = await limited('back', { deploymentsPerMonth: 2 });
    await tenant.release('orders', '2.0.0');
    const first = await tenant.deploy();
    await end(first, 'Succeeded');
    const second = await tenant.deploy({ version: '2.0.0' });
    await end(second, 'Succeeded');
    expect(await tenant.post('/deployments', orders)).toMatchObject({ status: 429 });
    const back = await tenant.post(`/deployments/${second}/rollback`, { reason: 'bad' });
    expect(back).toMatchObject({ status: 202 });
    await end(back.body.id, 'Failed');
    const again = await tenant.post(`/deployments/${back.body.id}/retry`, { reason: 'again' });
    expect(again).toMatchObject({ status: 202 });
    await end(again.body.id, 'Failed');
    // To try once more what is no rollback is a deployment like any other.
    expect(await tenant.post(`/deployments/${first}/retry`, {})).toMatchObject({ status: 409 });
    await limit(tenant, { deploymentsPerMonth: 3 });
    expect(await tenant.post('/deployments', orders)).toMatchObject({ status: 202 });
  });

  it('of those in flight makes others wait, and refuses nobody', async () => {
    const tenant = await limited('flight', { deploymentsInFlight: 1 });
    const ids: string[] = [];
    for (const moduleName of ['one', 'two']) {
      await tenant.release(moduleName, '1.0.0');
      ids.push(await tenant.deploy({ moduleName, strategy: { kind: 'direct' } }));
      await app.pass(tenant.id, ids.at(-1)!, 'preflight');
    }
    for (const id of ids) await app.act(tenant.id, id);
    const shown = await tenant.get(`/deployments/${ids[1]}`);
    expect(shown.body).toMatchObject({
      status: 'Pending',
      waitingOn: { kind: 'capacity', detail: expect.stringContaining('1 of 1') },
    });
  });

  async function end(id: string, status: string): Promise<void> {
    await app.sql(
      `with slot as (update deployment_slots set holder_deployment_id = null
         where holder_deployment_id = $1)
       update deployments set status = $2, finished_at = clock_timestamp() where id = $1`,
      [id, status],
    );
    await app.sql('delete from runs where id = $1', [id]);
  }
});

describe('a quota of what is there', () => {
  it('holds for clusters', async () => {
    const tenant = await app.tenant('clusters');
    const { body } = await tenant.as('Admin', '/quotas');
    const before = useOf(body, 'clusters');
    await limit(tenant, { clusters: before + 1 });
    const make = (name: string) =>
      tenant.as('Admin', '/clusters', {
        method: 'POST',
        body: { name, environment: 'QA', minAvailable: 0, maxInFlight: null },
      });
    const answers = await Promise.all(['a1', 'a2', 'a3'].map(make));
    expect(statuses(answers)).toEqual([201, 429, 429]);
    expect(await make('a4')).toMatchObject(refused('clusters', before + 1, before + 1));
  });

  it('holds for keys, and gives back what is revoked', async () => {
    const tenant = await limited('keys', { keys: 2 });
    const make = (name: string) =>
      tenant.as('Admin', '/access-keys', {
        method: 'POST',
        body: { name, permissions: ['deployments:read'], expiresInDays: 1 },
      });
    const first = await make('one');
    expect([first.status, (await make('two')).status]).toEqual([201, 201]);
    expect(await make('three')).toMatchObject(refused('keys', 2, 2));
    await tenant.as('Admin', `/access-keys/${first.body.id}`, { method: 'DELETE' });
    expect((await make('three')).status).toBe(201);
    await app.sql(
      `update access_keys set created_at = now() - interval '2 days', expires_at = now() - interval '1 day'
       where tenant_id = $1 and name = 'two'`,
      [tenant.id],
    );
    // It has expired: nobody has given it back, and it is not there any more.
    expect((await make('four')).status).toBe(201);
    expect(await make('five')).toMatchObject(refused('keys', 2, 2));
  });

  it('holds for modules and for the bytes of artifacts, and leaves nothing of what it refuses', async () => {
    const tenant = await limited('modules', { modules: 2 });
    const files = () => app.sql('select 1 from artifacts where tenant_id = $1', [tenant.id]);
    expect((await push(tenant, 'second', 'a')).status).toBe(201);
    const kept = (await files()).length;
    expect(await push(tenant, 'third', 'b')).toMatchObject(refused('modules', 2, 2));
    expect((await files()).length).toBe(kept);
    // The same bytes once more are no more bytes.
    const { body } = await tenant.as('Admin', '/quotas');
    await limit(tenant, { storageBytes: useOf(body, 'storageBytes') });
    expect((await push(tenant, 'second', 'a', '1.0.1')).status).toBe(201);
    expect(await push(tenant, 'second', 'c', '1.0.2')).toMatchObject({
      status: 429,
      body: { details: { quota: 'storageBytes' } },
    });
  });

  it('holds for nodes, and gives back the place of one that is revoked', async () => {
    const tenant = await app.tenant('nodes', 1);
    await limit(tenant, { nodes: 2 });
    const [second, third] = [await enroll(tenant, 'n2'), await enroll(tenant, 'n3')];
    expect(second.status).toBe(200);
    expect(third).toMatchObject(refused('nodes', 2, 2));
    await tenant.as('Admin', `/nodes/${second.body.nodeId}`, { method: 'DELETE' });
    expect((await enroll(tenant, 'n3')).status).toBe(200);
  });

  it('of what was sent refuses downloads by people alone', async () => {
    const tenant = await limited('sent', { bandwidthBytes: 1_000 });
    await push(tenant, 'mine', 'a');
    await app.whole.get(UsageMeter).flush();
    const at = '/modules/mine/releases/1.0.0';
    expect((await tenant.get(at)).status).toBe(200);
    expect((await tenant.get(`${at}/artifact`)).status).toBe(429);
    expect((await tenant.post('/deployments', orders)).status).toBe(202);
  });

  const useOf = (body: { quotas: { quota: string; use: number }[] }, name: string): number =>
    body.quotas.find(({ quota }) => quota === name)!.use;
});

describe('a limit that is lowered below what is there', () => {
  it('warns at once, and takes nothing away', async () => {
    const tenant = await limited('lowered', { modules: 10 });
    for (const name of ['one', 'two', 'three']) await tenant.release(name, '1.0.0');
    await app.sql('update tenants set quota_overrides = $2 where id = $1', [
      tenant.id,
      JSON.stringify({ modules: 2 }),
    ]);
    app.whole.get(Signal).publish(Topic.Tenant, tenant.id);
    await eventually(async () => {
      const warned = await app.sql<{ body_text: string }>(
        `select body_text from audit_entries where tenant_id = $1 and action = 'quota-warned'`,
        [tenant.id],
      );
      expect(warned.map(({ body_text }) => JSON.parse(body_text))).toEqual([
        expect.objectContaining({ quota: 'modules', use: 4, limit: 2, isOver: true }),
      ]);
    });
    expect((await tenant.get('/modules/three')).status).toBe(200);
    expect((await push(tenant, 'three', 'a', '1.0.1')).status).toBe(201);
    expect(await push(tenant, 'four', 'b')).toMatchObject(refused('modules', 4, 2));
  });
});

describe('usage', () => {
  it('is what was asked and done, by day, module and environment', async () => {
    const tenant = await app.tenant('usage');
    await tenant.deploy();
    await tenant.get('/modules/orders');
    expect((await tenant.get('/modules/never')).status).toBe(404);
    await app.whole.get(UsageMeter).flush();
    const { body } = await tenant.as('Admin', '/usage?by=detail');
    const today = new Date().toISOString().slice(0, 10);
    const row = (module: string, environment: string) =>
      body.rows.find(
        (each: { module: string; environment: string }) =>
          each.module === module && each.environment === environment,
      );
    expect(row('orders', 'qa')).toMatchObject({ day: today, requests: 1, deployments: 1 });
    expect(row('orders', '')).toMatchObject({ requests: 1, failures: 0, deployments: 0 });
    // Of a request that failed nobody knows whether there is anything of that name.
    expect(row('never', '')).toBeUndefined();
    expect(row('', '').failures).toBe(1);
    expect(body).toMatchObject({ requestsMayLackSeconds: (2 * FLUSH_MS) / 1_000, cost: null });
    expect(body.totals.sentBytes).toBeGreaterThan(500);
  });

  it('comes as comma-separated values by its header or by the query', async () => {
    const tenant = await app.tenant('csv');
    await tenant.deploy();
    const byQuery = await textOf(tenant, '/usage?by=module&format=csv');
    expect(byQuery.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(byQuery.headers.get('content-disposition')).toMatch(/attachment; filename="usage-/);
    expect(byQuery.text).toMatch(/^day,module,environment,requests,failures,sentBytes,busyMs,/);
    expect(byQuery.text).toMatch(/\r\n,orders,,\d+,\d+,\d+,\d+,1\r\n/);
    expect((await textOf(tenant, '/usage?by=module', 'text/csv')).text).toMatch(/^day,module/);
  });

  it('says what it costs by the prices of now', async () => {
    const tenant = await app.tenant('cost');
    await tenant.deploy();
    const value = {
      currency: 'EUR',
      deployment: 2.5,
      thousandRequests: 0,
      gigabyteSent: 0,
      gigabyteStored: 0,
    };
    setPrices(tenant, value);
    const { body } = await tenant.as('Admin', '/usage');
    expect(body.cost).toMatchObject({ currency: 'EUR', total: 2.5 });
  });

  it('refuses days in the wrong order, and too many', async () => {
    const tenant = await app.tenant('days');
    for (const query of ['from=2026-02-01&to=2026-01-01', 'from=2020-01-01', 'from=yesterday']) {
      const answer = await tenant.as('Admin', `/usage?${query}`);
      expect(answer).toMatchObject({ status: 400, body: { code: 'validation-failed' } });
    }
  });

  it('of any tenant and of all is for platform admins, and for nobody else', async () => {
    const tenant = await app.tenant('platform-view');
    await tenant.deploy();
    const admin = await app.whole.member(PLATFORM_TENANT.id, 'PlatformAdmin');
    const ask = async (path: string, token: string) => {
      const headers = { authorization: `Bearer ${token}` };
      const answer = await fetch(`${app.whole.url}/api/v1${path}`, { headers });
      return { status: answer.status, body: (await answer.json()) as Answer['body'] };
    };
    const one = `/tenants/${tenant.id}/usage`;
    expect((await ask(one, admin.token)).body.totals).toMatchObject({ deployments: 1 });
    const all = await ask('/platform/usage?top=500', admin.token);
    const mine = all.body.tenants.find(({ slug }: { slug: string }) => slug === 'platform-view');
    expect(mine).toMatchObject({ tenantId: tenant.id, deployments: 1 });
    expect(all.body.totals.deployments).toBeGreaterThanOrEqual(1);
    const nobody = `/tenants/019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f/usage`;
    expect((await ask(nobody, admin.token)).status).toBe(404);
    const { token } = await app.whole.member(tenant.id, 'Admin');
    for (const path of [one, '/platform/usage']) expect((await ask(path, token)).status).toBe(403);
    expect((await tenant.as('Deployer', '/usage')).status).toBe(403);
  });

  let revision = 0;
  const setPrices = (tenant: DeployingTenant, value: unknown) => {
    revision += 1;
    const place = { tenantId: tenant.id, environmentKey: '', environment: null };
    const row = { key: 'usage.prices', scope: 'tenant', value, isSet: true, version: revision };
    const change = { revision, changedBy: 'test', changedAt: new Date() };
    app.whole.get(Settings).apply([{ ...place, ...row, ...change } as SettingRow]);
  };

  it('has a line in the access log for each request, without what only the query says', async () => {
    const lines: Record<string, unknown>[] = [];
    const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
    const logger = Logger.create({ level: 'info', format: 'json', destination });
    const whole = await WholeApp.start({ logger });
    try {
      const tenantId = await whole.tenant('logged');
      const { token, username } = await whole.member(tenantId, 'Admin');
      const headers = { authorization: `Bearer ${token}` };
      const path = '/api/v1/access-keys/019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f';
      for (let asked = 0; asked < 120; asked += 1) {
        await fetch(`${whole.url}${path}?note=sesame`, { headers });
      }
      const told = () => lines.filter(({ route }) => route === '/api/v1/access-keys/:id');
      await eventually(() => expect(told()).toHaveLength(120));
      expect(told()[0]).toMatchObject({
        level: 'info',
        message: 'answered',
        tenantId,
        actor: username,
        principal: 'user',
        method: 'GET',
        ms: expect.any(Number),
        bytes: expect.any(Number),
        traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      });
      expect(JSON.stringify(lines)).not.toContain('sesame');
    } finally {
      await whole.close();
    }
  }, 60_000);
});

/** Something of a real form, with the token of a Deployer. */
async function push(
  tenant: DeployingTenant,
  module: string,
  content: string,
  version = '1.0.0',
): Promise<Answer> {
  const { token } = await deployerOf(tenant);
  const { bytes } = await someArtifact(content);
  const response = await fetch(`${app.whole.url}/api/v1/modules/${module}/releases`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: releaseForm({ version, artifact: bytes }),
  });
  const { status, headers } = response;
  return { status, headers, body: (await response.json()) as Answer['body'] };
}

const deployers = new Map<string, Promise<Member>>();

function deployerOf({ id }: DeployingTenant): Promise<Member> {
  const made = deployers.get(id) ?? app.whole.member(id, 'Deployer');
  deployers.set(id, made);
  return made;
}

async function textOf(tenant: DeployingTenant, path: string, accept = '*/*') {
  const { token } = await app.whole.member(tenant.id, 'Admin');
  const headers = { authorization: `Bearer ${token}`, accept };
  const answer = await fetch(`${app.whole.url}/api/v1${path}`, { headers });
  return { headers: answer.headers, text: await answer.text() };
}

async function enroll(tenant: DeployingTenant, name: string): Promise<Answer> {
  const made = await tenant.as('Admin', '/nodes/enrollment-tokens', {
    method: 'POST',
    body: { environment: 'QA', name },
  });
  const publicKey = publicKeyText(generateKeyPairSync('ed25519').publicKey);
  const body = { protocol: 1, token: made.body.token, publicKey, name, labels: {} };
  return tenant.as('Admin', '/agent/enroll', { method: 'POST', body });
}
