/** Tenants from the first to the last day but the purge, over real HTTP against the whole API. */
import { PassThrough } from 'node:stream';
import type { OpenAPIObject } from '@nestjs/swagger';
import { runCli } from '../../src/apps/cli/program.js';
import { readCliEnvironment } from '../../src/apps/cli/session/cli-environment.js';
import { newId } from '../../src/kernel/ids.js';
import { type Permission, PLATFORM_PERMISSIONS } from '../../src/kernel/permission.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { PLATFORM_TENANT } from '../../src/tenancy/tenants/platform-tenant.js';
import { TenantDirectory } from '../../src/tenancy/tenants/tenant-directory.js';
import { Database } from '../../src/platform/database/database.js';
import { closeFolds } from '../../src/platform/audit/folds/folded.js';
import { withClient } from '../support/database.js';
import { type Member, WholeApp } from '../support/whole-app.js';
import { type Answered, ask } from '../isolation/inhabitant.js';
import { operationsOf } from '../isolation/operations.js';

let whole: WholeApp;
let operator: Member;
beforeAll(async () => {
  whole = await WholeApp.start({ environment: { TIDEGATE_TRUSTED_PROXIES: '127.0.0.1' } });
  operator = await whole.member(PLATFORM_TENANT.id, 'PlatformAdmin');
}, 60_000);
afterAll(() => whole.close());

interface More {
  readonly body?: unknown;
  readonly token?: string | null;
  readonly headers?: Record<string, string>;
}

function send(method: string, path: string, { body, token, headers }: More = {}) {
  const more = { ...(body === undefined ? {} : { body }), ...(headers ? { headers } : {}) };
  const by = token === undefined ? operator.token : token;
  return ask(whole.url, by, { method, path: `/api/v1${path}`, ...more });
}
const post = (path: string, body: unknown = {}, more: More = {}) =>
  send('POST', path, { body, ...more });
const coded = ({ status, body }: Answered) => [status, body?.code];
const version = (number: number) => ({ 'if-match': `"${number}"` });

const sql = <Row extends object>(text: string, parameters: unknown[] = []) =>
  withClient(whole.database.superuser, async (client) => {
    const { rows } = await client.query<Row>(text, parameters);
    return rows;
  });
const actionsOf = async (tenantId: string) =>
  (
    await sql<{ action: string; body_text: string; actor: string }>(
      'select action, body_text, actor from audit_entries where tenant_id = $1 order by at, id',
      [tenantId],
    )
  ).map(({ action, actor, body_text: text }) => ({ action, actor, body: JSON.parse(text) }));

let count = 0;
const slug = () => `life-${(count += 1)}-${newId().slice(-6)}`;
async function made(body: object = {}) {
  const answer = await post('/tenants', { slug: slug(), name: 'Acme', ...body });
  if (answer.status !== 202) throw new Error(answer.text);
  return answer.body as { id: string; slug: string; version: number; status: string };
}

describe('a tenant', () => {
  it('is made at once where there are no servers for tenants, with what every tenant has', async () => {
    const name = slug();
    const answer = await post('/tenants', { slug: name, name: 'Acme', tier: 'starter' });
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({
      slug: name,
      status: 'active',
      tier: 'starter',
      task: null,
    });
    expect(answer.headers.get('location')).toBe(`/api/v1/tenants/${answer.body.id}`);
    const [seeded] = await sql('select 1 from environments where tenant_id = $1', [answer.body.id]);
    expect(seeded).toBeDefined();
    expect(await actionsOf(answer.body.id)).toMatchObject([
      { action: 'tenant-created', actor: operator.username, body: { slug: name } },
    ]);
    const found = await send('GET', `/tenants?text=${name.toUpperCase()}&tier=starter`);
    expect(found.body.items).toEqual([{ ...answer.body }]);
  });

  it('has Custom without limits when nobody says otherwise, as all have that were there', async () => {
    expect(await made()).toMatchObject({ tier: 'custom', quotaOverrides: {} });
    const [own] = await sql<{ tier: string }>(`select tier from tenants where slug = 'default'`);
    expect(own!.tier).toBe('custom');
    const { body } = await send('GET', '/tiers/custom');
    expect([...new Set(Object.values(body.quotas))]).toEqual([null]);
  });

  it.each([
    ['upper case', 'Acme', 400, 'validation-failed'],
    ['a dot', 'a.b', 400, 'validation-failed'],
    ['a dash at its end', 'acme-', 400, 'validation-failed'],
    ['57 characters', 'a'.repeat(57), 400, 'validation-failed'],
    ['the name of a host', 'www', 409, 'tenant-slug-reserved'],
    ['the reserved one', 'platform', 400, 'tenant-slug-invalid'],
    ['one that is there', 'default', 409, 'tenant-slug-taken'],
  ])('has no slug with %s', async (_what, bad, status, code) => {
    expect(coded(await post('/tenants', { slug: bad, name: 'Acme' }))).toEqual([status, code]);
  });

  it('is not made of unknown fields, or of a tier that is not there', async () => {
    const body = { slug: slug(), name: 'Acme' };
    expect((await post('/tenants', { ...body, status: 'active' })).status).toBe(400);
    expect((await post('/tenants', { ...body, quotaOverrides: { cats: 1 } })).status).toBe(400);
    expect(coded(await post('/tenants', { ...body, tier: 'gold' }))).toEqual([
      404,
      'tier-not-found',
    ]);
  });

  it('is made once with an Idempotency-Key, also by two requests at once', async () => {
    const headers = { 'idempotency-key': newId() };
    const body = { slug: slug(), name: 'Acme' };
    const both = await Promise.all([
      post('/tenants', body, { headers }),
      post('/tenants', body, { headers }),
    ]);
    expect(both.map(({ status }) => status)).toEqual([202, 202]);
    expect(both[0].body.id).toBe(both[1].body.id);
    const other = await post('/tenants', { ...body, name: 'Else' }, { headers });
    expect(coded(other)).toEqual([422, 'idempotency-key-reused']);
    expect(coded(await post('/tenants', body))).toEqual([409, 'tenant-slug-taken']);
  });

  it('is renamed and given a tier with the version that was read, and every process knows it', async () => {
    const { id, slug: name } = await made();
    const named = await send('PUT', `/tenants/${id}`, {
      body: { name: 'Acme Holding' },
      headers: version(1),
    });
    expect(named.body).toMatchObject({ name: 'Acme Holding', slug: name, version: 2 });
    const subscription = { tier: 'free', quotaOverrides: { nodes: null } };
    const path = `/tenants/${id}/subscription`;
    const late = await send('PUT', path, { body: subscription, headers: version(1) });
    expect(coded(late)).toEqual([412, 'version-mismatch']);
    expect(coded(await send('PUT', path, { body: subscription }))).toEqual([
      428,
      'if-match-required',
    ]);
    await send('PUT', path, { body: subscription, headers: version(2) });
    const directory = whole.get(TenantDirectory);
    await directory.look();
    expect(directory.of(id)).toMatchObject({ status: 'active', ...subscription });
    expect(directory.tierOf(id)).toMatchObject({ id: 'free', rateMultiplier: 1 });
    expect((await actionsOf(id)).slice(1)).toMatchObject([
      { action: 'tenant-renamed', body: { after: { name: 'Acme Holding' } } },
      { action: 'tenant-subscribed', body: { before: { tier: 'custom' }, after: subscription } },
    ]);
  });

  it('gets its first Admin by a platform admin who acts in it, and says why', async () => {
    const tenant = await made();
    const headers = { 'x-tenant': tenant.slug, 'x-act-as-reason': 'first member' };
    const email = `${newId()}@example.org`;
    const body = { email, roles: [{ role: 'Admin' }] };
    const invited = await post('/users/invitations', body, { headers });
    expect(invited.status).toBe(201);
    const [username, password] = [`u-${newId()}`, 'five boats on a green lake'];
    const token = String(invited.body.link).split('#')[1]!;
    const accept = { token, username, password };
    await post('/authentication/invitations/accept', accept, { token: null });
    const login = await post('/authentication/login', { username, password }, { token: null });
    expect(login.body.user).toMatchObject({ tenant: tenant.slug, roles: ['Admin'] });
  });

  it('is nobody’s business but the platform’s', async () => {
    const { id } = await made();
    const admin = await whole.member(id, 'Admin');
    for (const [method, path] of [
      ['GET', '/tenants'],
      ['GET', `/tenants/${id}`],
      ['POST', `/tenants/${id}/activate`],
      ['DELETE', `/tenants/${id}`],
      ['PUT', `/tiers/free`],
    ] as const) {
      expect(coded(await send(method, path, { token: admin.token }))).toEqual([
        403,
        'permission-missing',
      ]);
    }
  });
});

/** Writes that are about no tenant: signing in, one's own account. */
const OF_NO_TENANT = /^\w+ \/api\/v1\/(authentication|me)(\/|$)/;
const OF_NODES = /^\w+ \/api\/v1\/agent\//;
const OPEN = [
  // What somebody hears of is theirs to say, and changes nothing of the tenant's.
  'POST /api/v1/subscriptions',
  'PUT /api/v1/subscriptions/own-notices',
  'PUT /api/v1/subscriptions/{id}',
  'DELETE /api/v1/subscriptions/{id}',
  'POST /api/v1/deployments/{id}/pause',
  'POST /api/v1/deployments/{id}/cancel',
  'POST /api/v1/deployments/{id}/rollback',
  'POST /api/v1/approvals/deployments/{deploymentId}/reject',
  // What was asked before is answered; by a secret, not by somebody of the tenant.
  'POST /api/v1/approvals/external/{gate}/callback',
  // A key that somebody has lost is of no use to the tenant: one's own is revoked at any time.
  'DELETE /api/v1/access-keys/{id}',
  // It only ever holds what would begin.
  'PUT /api/v1/kill-switch',
];

describe('a suspended tenant', () => {
  let tenant: { id: string };
  let admin: Member;
  beforeAll(async () => {
    tenant = await made();
    admin = await whole.member(tenant.id, 'Admin');
    const { secret } = (
      await post('/access-keys', { name: 'all', permissions: 'admin' }, { token: admin.token })
    ).body;
    key = secret;
    const directed = await post('/directory-tokens', { name: 'Okta' }, { token: admin.token });
    directory = directed.body.secret;
    const answer = await post(`/tenants/${tenant.id}/suspend`, { reason: 'unpaid' });
    expect(answer.body).toMatchObject({ status: 'suspended', suspendedReason: 'unpaid' });
  });
  let key: string;
  let directory: string;

  it('refuses every write but those that end what runs, and reads as before', async () => {
    // Signed in after it was suspended.
    const { body } = await post(
      '/authentication/login',
      { username: admin.username, password: `the password of ${admin.username}` },
      { token: null },
    );
    const token = body.accessToken as string;
    const document = (await (await fetch(`${whole.url}/api/openapi.json`)).json()) as OpenAPIObject;
    const told: Record<string, string[]> = { refused: [], open: [], platform: [], other: [] };
    for (const { name, method, template } of operationsOf(document)) {
      if (OF_NODES.test(name)) continue;
      const item = document.paths[template] as Record<string, Record<string, unknown>>;
      const permission = item[method.toLowerCase()]!['x-permission'] as Permission;
      const path = template.replaceAll(/\{\w+\}/g, () => newId());
      if (method === 'GET') {
        const read = await ask(whole.url, token, { method, path });
        if (read.body?.code === 'tenant-suspended') told.other!.push(name);
        continue;
      }
      if (PLATFORM_PERMISSIONS.includes(permission)) continue;
      if (OF_NO_TENANT.test(name)) continue;
      const bearer = template.startsWith('/scim/') ? directory : token;
      const answer = await ask(whole.url, bearer, { method, path, body: {} });
      const isRefused = answer.status === 403 && answer.text.includes('tenant-suspended');
      told[isRefused ? 'refused' : 'open']!.push(name);
    }
    expect(told.open).toEqual(OPEN);
    expect(told.other).toEqual([]);
    expect(told.refused!.length).toBeGreaterThan(30);
  }, 60_000);

  it('is read by machines, which change nothing either', async () => {
    expect((await send('GET', '/clusters', { token: key })).status).toBe(200);
    const changed = await post('/clusters', { name: 'x', environment: 'QA' }, { token: key });
    expect(coded(changed)).toEqual([403, 'tenant-suspended']);
  });

  it('is not changed by a platform admin who acts in it, and is as before when it is activated', async () => {
    const [{ slug: name } = { slug: '' }] = await sql<{ slug: string }>(
      'select slug from tenants where id = $1',
      [tenant.id],
    );
    const headers = { 'x-tenant': name, 'x-act-as-reason': 'a test' };
    expect(coded(await post('/groups', { name: 'g' }, { headers }))).toEqual([
      403,
      'tenant-suspended',
    ]);
    expect(coded(await post(`/tenants/${tenant.id}/suspend`, { reason: 'again' }))).toEqual([
      409,
      'tenant-status',
    ]);
    expect((await post(`/tenants/${tenant.id}/activate`)).body).toMatchObject({
      status: 'active',
      suspendedReason: null,
    });
    expect((await post('/groups', { name: 'g' }, { token: admin.token })).status).toBe(201);
  });

  it('is one more of its status among the metrics', async () => {
    const counted = async (status: string) => {
      const { text } = await whole.get(Metrics).expose(undefined);
      return Number(
        new RegExp(`^tidegate_tenants\\{status="${status}"\\} (\\d+)`, 'm').exec(text)?.[1],
      );
    };
    const { id } = await made();
    await whole.get(TenantDirectory).look();
    const [active, suspended] = [await counted('active'), await counted('suspended')];
    await post(`/tenants/${id}/suspend`, { reason: 'unpaid' });
    await whole.get(TenantDirectory).look();
    expect([await counted('active'), await counted('suspended')]).toEqual([
      active - 1,
      suspended + 1,
    ]);
  });

  it('counts in a process that got no hint', async () => {
    const other = await made();
    const member = await whole.member(other.id, 'Admin');
    await sql(`update tenants set status = 'suspended' where id = $1`, [other.id]);
    await whole.get(TenantDirectory).look();
    expect(coded(await post('/groups', { name: 'g' }, { token: member.token }))).toEqual([
      403,
      'tenant-suspended',
    ]);
  });

  it('gets no new members by invitations that are on their way', async () => {
    const other = await made();
    const inviter = await whole.member(other.id, 'Admin');
    const invited = await post(
      '/users/invitations',
      { email: `${newId()}@example.org`, roles: [{ role: 'Viewer' }] },
      { token: inviter.token },
    );
    await post(`/tenants/${other.id}/suspend`, { reason: 'unpaid' });
    const token = String(invited.body.link).split('#')[1]!;
    const body = { token, username: `u-${newId()}`, password: 'five boats on a green lake' };
    const accepted = await post('/authentication/invitations/accept', body, { token: null });
    expect(coded(accepted)).toEqual([403, 'tenant-suspended']);
  });
});

describe('a deleted tenant', () => {
  it('lets nobody in, comes back as it was, and keeps its slug', async () => {
    const tenant = await made();
    const admin = await whole.member(tenant.id, 'Admin');
    await post(`/tenants/${tenant.id}/suspend`, { reason: 'unpaid' });
    const deleted = await send('DELETE', `/tenants/${tenant.id}`);
    expect([deleted.status, deleted.body.status]).toEqual([202, 'deleting']);
    const days = (Date.parse(deleted.body.restorableUntil) - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(30);
    // What the process knows of a session is four seconds old at most.
    await new Promise((resolve) => setTimeout(resolve, 4_100));
    expect((await send('GET', '/clusters', { token: admin.token })).status).toBe(401);
    const login = await post(
      '/authentication/login',
      { username: admin.username, password: `the password of ${admin.username}` },
      { token: null },
    );
    expect(coded(login)).toEqual([401, 'login-failed']);
    expect(coded(await post('/tenants', { slug: tenant.slug, name: 'x' }))).toEqual([
      409,
      'tenant-slug-taken',
    ]);
    const rename = { body: { name: 'x' }, headers: version(deleted.body.version) };
    expect(coded(await send('PUT', `/tenants/${tenant.id}`, rename))).toEqual([
      403,
      'tenant-deleting',
    ]);
    expect(coded(await send('DELETE', `/tenants/${tenant.id}`))).toEqual([409, 'tenant-status']);
    const restored = await post(`/tenants/${tenant.id}/restore`);
    expect(restored.body).toMatchObject({
      status: 'suspended',
      suspendedReason: 'unpaid',
      deletedAt: null,
      restorableUntil: null,
    });
  }, 30_000);

  it('can be restored for as long as the setting said when it was deleted', async () => {
    const set = (value: number, before: number) =>
      send('PUT', '/settings/retention.tenant-days?scope=platform', {
        body: { value },
        headers: version(before),
      });
    expect((await set(90, 0)).status).toBe(200);
    const { id } = await made();
    const { body } = await send('DELETE', `/tenants/${id}`);
    expect(Math.round((Date.parse(body.restorableUntil) - Date.now()) / 86_400_000)).toBe(90);
    expect((await set(30, 1)).status).toBe(200);
  });

  it('does not come back when its purge has begun', async () => {
    const tenant = await made();
    await send('DELETE', `/tenants/${tenant.id}`);
    await sql('update tenants set purge_began_at = now() where id = $1', [tenant.id]);
    expect(coded(await post(`/tenants/${tenant.id}/restore`))).toEqual([409, 'tenant-gone']);
  });

  it('is not the platform’s own, and not the one that the caller is signed in to', async () => {
    const { id } = PLATFORM_TENANT;
    expect(coded(await send('DELETE', `/tenants/${id}`))).toEqual([409, 'tenant-reserved']);
    expect(coded(await post(`/tenants/${id}/suspend`, { reason: 'x' }))).toEqual([
      409,
      'tenant-reserved',
    ]);
    const own = await made();
    const admin = await whole.member(own.id, 'Admin');
    await sql(`insert into memberships (tenant_id, user_id) values ($1, $2)`, [id, admin.userId]);
    await sql(
      `insert into role_bindings (tenant_id, id, built_in_role, subject_kind, subject_id)
       values ($1, gen_random_uuid(), 'PlatformAdmin', 'user', $2)`,
      [id, admin.userId],
    );
    await new Promise((resolve) => setTimeout(resolve, 4_100));
    const answer = await send('DELETE', `/tenants/${own.id}`, { token: admin.token });
    expect(coded(answer)).toEqual([409, 'tenant-own']);
  }, 30_000);
});

describe('a platform admin’s looks into a tenant', () => {
  it('are one entry for each kind of thing in ten minutes, and the next one says how many there were', async () => {
    const tenant = await made();
    const headers = { 'x-tenant': tenant.slug };
    for (const path of ['/clusters', '/clusters', '/environments', `/clusters/${newId()}`]) {
      await send('GET', path, { headers });
    }
    const looks = async () =>
      (await actionsOf(tenant.id))
        .filter(({ action }) => action === 'looked-as-platform-admin')
        .map(({ actor, body }) => [actor, body.kind, body.count]);
    const first = [
      [operator.username, 'clusters', 1],
      [operator.username, 'environments', 1],
    ];
    expect(await looks()).toEqual(first);
    await sql(`update audit_folds set due_at = due_at - interval '11 minutes'`);
    await send('GET', '/clusters', { headers });
    expect(await looks()).toEqual([...first, [operator.username, 'clusters', 3]]);
    await send('GET', '/clusters', { headers });
    // Nobody looks again: what is left is said all the same.
    await sql(`update audit_folds set due_at = due_at - interval '11 minutes'`);
    await closeFolds(whole.get(Database));
    expect((await looks()).at(-1)).toEqual([operator.username, 'clusters', 1]);
    expect(await looks()).toHaveLength(4);
  });
});

describe('the command line', () => {
  async function run(...words: string[]) {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const code = await runCli(words, {
      streams: { stdin: new PassThrough(), stdout, stderr },
      environment: readCliEnvironment({
        XDG_CONFIG_HOME: '/nonexistent',
        TIDEGATE_SERVER: whole.url,
        TIDEGATE_TOKEN: operator.token,
      }),
      version: '1.2.3',
      onInterrupt: () => () => undefined,
    });
    const text = (stream: PassThrough) => String((stream.read() as Buffer | null) ?? '');
    return { code, stdout: text(stdout), stderr: text(stderr) };
  }

  it('leads a tenant from one status to the next, and says it as JSON', async () => {
    const name = slug();
    const created = await run('tenants', 'create', name, 'Acme', '--quota', 'nodes=3', '--json');
    expect([created.code, created.stderr]).toEqual([0, '']);
    const { id } = JSON.parse(created.stdout) as { id: string };
    const steps = [
      [['suspend', name, '--reason', 'unpaid'], 'status: suspended'],
      [['activate', name], 'status: active'],
      [['rename', name, 'Acme Holding'], 'name: Acme Holding'],
      [['subscribe', id, 'free', '--quota', 'nodes=none'], 'tier: free'],
      [['delete', name], 'status: deleting'],
      [['restore', name], 'status: active'],
      [['get', name], `id: ${id}`],
      [['list', '--text', name], name],
    ] as const;
    for (const [words, told] of steps) {
      const { code, stdout, stderr } = await run('tenants', ...words);
      expect([words[0], code, stderr]).toEqual([words[0], 0, '']);
      expect(stdout).toContain(told);
    }
    const nobody = await run('tenants', 'get', 'no-such-tenant');
    expect([nobody.code, nobody.stderr]).toEqual([2, expect.stringContaining('no tenant named')]);
  });

  it('makes a tier like another one, changes it and takes it away', async () => {
    const id = `t${newId().slice(-8)}`;
    const made = await run('tiers', 'create', id, '--like', 'free', '--quota', 'nodes=2', '--json');
    expect(JSON.parse(made.stdout)).toMatchObject({ id, quotas: { nodes: 2, websites: 1 } });
    const changed = await run(
      'tiers',
      'change',
      id,
      '--quota',
      'nodes=none',
      '--rate',
      '2',
      '--json',
    );
    expect(JSON.parse(changed.stdout)).toMatchObject({
      quotas: { nodes: null },
      rateMultiplier: 2,
    });
    expect((await run('tiers', 'list')).stdout).toContain(id);
    expect((await run('tiers', 'delete', id)).code).toBe(0);
    const wrong = await run('tiers', 'change', 'free', '--quota', 'nodes');
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('is no quota')]);
  });
});
