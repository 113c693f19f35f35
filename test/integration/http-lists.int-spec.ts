/**
 * Every list of the API pages alike. The lists come from the document that the API answers, so a new
 * one is tested as soon as it exists, and fails here until it says below where it has something.
 */
import { randomBytes } from 'node:crypto';
import { newId } from '../../src/kernel/ids.js';
import { newSigningKey, publicKeyText } from '../../src/kernel/signature.js';
import { Audit } from '../../src/platform/audit/audit.js';
import type { AuditRecord } from '../../src/platform/audit/audit-record.js';
import { withRequestSource } from '../../src/platform/audit/request-source.js';
import { Database } from '../../src/platform/database/database.js';
import { PLATFORM_TENANT } from '../../src/tenancy/tenants/platform-tenant.js';
import { type Answer, DeploymentsApp, type DeployingTenant } from '../support/deployments-app.js';
import { usedBreakGlass } from '../support/used-break-glass.js';
import type { Member } from '../support/whole-app.js';

interface Fixture {
  /** The path with its parameters filled in; there are at least three items. */
  readonly path: string;
  /** One for each filter that the list has; it finds something or nothing. */
  readonly filters: readonly string[];
  /** Else an Admin of the tenant may see it. */
  readonly by?: 'operator';
  /** Else by id: the newest first. */
  readonly newestBy?: 'since';
}

const fixtures: Readonly<Record<string, Fixture>> = {
  '/deployments': {
    path: '/deployments',
    filters: [
      'status=Running,Pending',
      'environment=QA',
      'cluster=local',
      'module=orders',
      'version=1.0.0',
      'kind=deploy',
      'requestedBy=nobody',
      'from=2026-01-01T00:00:00Z',
      'to=2100-01-01T00:00:00Z',
      'text=orders',
      'sort=module',
    ],
  },
  '/attention': {
    path: '/attention',
    filters: ['environment=QA', 'module=orders', 'kind=hold,approval', 'mine=true', 'sort=since'],
    newestBy: 'since',
  },
  '/approvals/pending': {
    path: '/approvals/pending',
    filters: ['environment=QA', 'module=orders', 'mine=false'],
  },
  '/modules': { path: '/modules', filters: ['text=o', 'sort=-name'] },
  '/holds': { path: '/holds', filters: ['state=released'] },
  '/modules/{name}/releases': {
    path: '/modules/orders/releases',
    filters: ['text=1', 'createdBy=nobody', 'signed=false', 'sort=version'],
  },
  '/modules/{name}/configurations/{environment}': {
    path: '/modules/orders/configurations/QA',
    filters: [],
  },
  '/approval-policies': { path: '/approval-policies', filters: ['environment=QA'] },
  '/access-keys': { path: '/access-keys', filters: [] },
  '/service-accounts': { path: '/service-accounts', filters: [] },
  '/service-accounts/{id}/access-keys': {
    path: '/service-accounts/<account>/access-keys',
    filters: [],
  },
  '/directory-tokens': { path: '/directory-tokens', filters: [] },
  '/directory-users': { path: '/directory-users', filters: ['state=waiting', 'text=p1'] },
  '/federated-identities': { path: '/federated-identities', filters: [] },
  '/signing-keys': { path: '/signing-keys', filters: [] },
  '/identity-providers': { path: '/identity-providers', filters: [] },
  '/external-gates': { path: '/external-gates', filters: [] },
  '/break-glass': { path: '/break-glass', filters: ['open=true'] },
  '/clusters': { path: '/clusters', filters: ['environment=QA', 'text=local', 'sort=name'] },
  '/platform/token-signing-keys': {
    path: '/platform/token-signing-keys',
    filters: [],
    by: 'operator',
  },
  '/tenants': {
    path: '/tenants',
    filters: ['status=active', 'tier=custom', 'text=paging'],
    by: 'operator',
  },
  '/users': { path: '/users', filters: ['text=member', 'role=Viewer', 'sort=username'] },
  '/platform/users': { path: '/platform/users', filters: ['text=member'], by: 'operator' },
  '/users/invitations': { path: '/users/invitations', filters: [] },
  '/nodes': {
    path: '/nodes',
    filters: [
      'environment=QA',
      'cluster=local',
      'state=Healthy,Lost',
      'label=zone=a',
      'text=node',
      'sort=name',
    ],
  },
  '/settings/{key}/history': {
    path: '/settings/deployments.queued-per-slot/history',
    filters: ['scope=tenant', 'environment=QA'],
  },
  '/channels': { path: '/channels', filters: [] },
  '/deliveries': {
    path: '/deliveries',
    filters: [`channelId=${newId()}`, 'state=dead', 'event=deployment-failed'],
  },
  '/subscriptions': {
    path: '/subscriptions',
    filters: ['owner=user', `channelId=${newId()}`],
  },
  '/audit-logs': {
    path: '/audit-logs',
    filters: [
      'category=access',
      'action=access-key-created',
      'actor=nobody',
      `person=${newId()}`,
      `subject=${newId()}`,
      'outcome=denied',
      `deployment=${newId()}`,
      `release=${newId()}`,
      `trace=${'0'.repeat(32)}`,
      'from=2026-01-01T00:00:00Z',
      'to=2100-01-01T00:00:00Z',
    ],
  },
  '/audit-logs/category/{category}': {
    path: '/audit-logs/category/access',
    filters: ['from=2026-01-01T00:00:00Z', 'to=2100-01-01T00:00:00Z'],
  },
  '/audit-logs/trace/{traceId}': {
    path: `/audit-logs/trace/${'a'.repeat(32)}`,
    filters: ['from=2026-01-01T00:00:00Z', 'to=2100-01-01T00:00:00Z'],
  },
  '/audit-logs/deployments/{deploymentId}': {
    path: '/audit-logs/deployments/<audited>',
    filters: ['from=2026-01-01T00:00:00Z', 'to=2100-01-01T00:00:00Z'],
  },
  '/audit-logs/approvals/{deploymentId}': {
    path: '/audit-logs/approvals/<audited>',
    filters: ['from=2026-01-01T00:00:00Z', 'to=2100-01-01T00:00:00Z'],
  },
  '/audit-logs/authentication/{username}': {
    path: '/audit-logs/authentication/audited',
    filters: ['from=2026-01-01T00:00:00Z', 'to=2100-01-01T00:00:00Z'],
  },
  '/audit-logs/erasures': { path: '/audit-logs/erasures', filters: [] },
  '/audit-logs/streams': { path: '/audit-logs/streams', filters: [] },
  '/audit-logs/checkpoints': { path: '/audit-logs/checkpoints', filters: [] },
  '/groups': { path: '/groups', filters: [`userId=${newId()}`] },
  '/groups/{id}/members': { path: '/groups/<group>/members', filters: [] },
  '/role-bindings': {
    path: '/role-bindings',
    filters: ['subjectKind=user', `subjectId=${newId()}`, 'role=Viewer'],
  },
};

interface Parameter {
  readonly name: string;
  readonly in: string;
}
interface Document {
  readonly paths: Readonly<Record<string, { get?: { parameters?: readonly Parameter[] } }>>;
}

const QUERY_OF_PAGES = ['limit', 'cursor'];

let app: DeploymentsApp;
let tenant: DeployingTenant;
let operator: Member;
/** The first of its kind, for its name in a path: `/groups/<group>/members`. */
const firsts = new Map<string, string>();
/** By path template without the prefix: the names of its query parameters. */
let queries: Map<string, string[]>;

beforeAll(async () => {
  app = await DeploymentsApp.start();
  tenant = await app.tenant('acme');
  for (const [module, version] of ['billing', 'stock'].map((name) => [name, '1.0.0'] as const)) {
    await tenant.release(module, version);
  }
  for (const version of ['1.0.1', '1.0.2']) await tenant.release('orders', version);
  for (let count = 0; count < 3; count += 1) {
    const deploymentId = await tenant.deploy();
    await usedBreakGlass(app, { tenantId: tenant.id, deploymentId });
    const gate = { name: `gate-${count}`, url: 'https://example.com/gate' };
    await made(tenant.as('Admin', '/external-gates', { method: 'POST', body: gate }));
    const body = { values: { count: String(count) } };
    await made(tenant.post('/modules/orders/configurations/QA', body));
    const key = { name: `key-${count}`, publicKey: publicKeyText(newSigningKey().publicKey) };
    await made(tenant.as('Admin', '/signing-keys', { method: 'POST', body: key }));
    const access = { name: `key-${count}`, permissions: 'read-only' };
    await made(tenant.as('Admin', '/access-keys', { method: 'POST', body: access }));
    await inGroup(`group-${count}`);
    const policy = { name: `policy-${count}`, environment: 'QA', approvers: { roles: ['Admin'] } };
    await made(tenant.as('Admin', '/approval-policies', { method: 'POST', body: policy }));
    await made(
      tenant.as('Admin', '/subscriptions', { method: 'POST', body: { events: ['alarms'] } }),
    );
    const setting = {
      method: 'PUT',
      body: { value: 30 - count },
      headers: { 'if-match': `"${count}"` },
    };
    await tenant.as('Admin', '/settings/deployments.queued-per-slot', setting);
    const account = await first('account', '/service-accounts', { name: `account-${count}` });
    const path = `/service-accounts/${account}/access-keys`;
    await made(tenant.as('Admin', path, { method: 'POST', body: access }));
    await made(
      tenant.as('Admin', '/federated-identities', { method: 'POST', body: pipeline(count) }),
    );
    await app.whole.member(tenant.id);
    await inDirectory(count);
    const invited = { email: `p${count}@acme.example`, roles: [{ role: 'Viewer' }] };
    await made(tenant.as('Admin', '/users/invitations', { method: 'POST', body: invited }));
    const provider = {
      name: `provider-${count}`,
      issuer: 'https://login.example.com',
      clientId: 'a',
    };
    await made(tenant.as('Admin', '/identity-providers', { method: 'POST', body: provider }));
    const channel = { name: `channel-${count}`, kind: 'console' };
    await made(tenant.as('Admin', '/channels', { method: 'POST', body: channel }));
    const stream = { name: `s-${count}`, url: 'https://siem.example.com/', format: 'ocsf' };
    await made(tenant.as('Admin', '/audit-logs/streams', { method: 'POST', body: stream }));
    await inAuditLog(count);
  }
  for (const moduleName of ['orders', 'billing', 'stock']) await waits(moduleName);
  // Targets that differ in nothing but the module.
  await app.sql(
    `insert into target_holds (tenant_id, id, cluster_id, module_id, deployment_id, rollback_id, placed_by)
     select d.tenant_id, gen_random_uuid(), d.cluster_id, m.id, d.id, d.id, 'test'
     from (select * from deployments where tenant_id = $1 limit 1) d join modules m on m.tenant_id = d.tenant_id`,
    [tenant.id],
  );
  await delivered(3);
  operator = await app.whole.member(PLATFORM_TENANT.id, 'PlatformAdmin');
  await formerTokenKeys(3);
  const document = (await (await fetch(`${app.whole.url}/api/openapi.json`)).json()) as Document;
  queries = new Map(
    Object.entries(document.paths).map(([path, { get }]) => [
      path.replace('/api/v1', ''),
      (get?.parameters ?? []).filter((each) => each.in === 'query').map(({ name }) => name),
    ]),
  );
});
afterAll(() => app?.close());

/** For an approval; of another module each, since a newer one takes the place of an older one. */
async function waits(moduleName: string): Promise<void> {
  await tenant.as('Admin', '/me');
  const id = await tenant.deploy({ moduleName, requireApproval: true });
  await app.pass(tenant.id, id, 'preflight');
  await app.act(tenant.id, id);
}

/** A token each, the one before revoked; a user whom the directory has told of. */
async function inDirectory(count: number): Promise<void> {
  const make = { method: 'POST', body: { name: 'directory' } } as const;
  const token = await made(tenant.as('Admin', '/directory-tokens', make));
  const provisioned = await fetch(`${app.whole.url}/scim/v2/Users`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token.secret}`, 'content-type': 'application/scim+json' },
    body: JSON.stringify({ userName: `p${count}` }),
  });
  expect(provisioned.status).toBe(201);
  await tenant.as('Admin', `/directory-tokens/${token.id}`, { method: 'DELETE' });
}

/** An entry that is of a trace, a sign-in and a deployment's approval, and a checkpoint. */
async function inAuditLog(count: number): Promise<void> {
  const audited = firsts.get('audited') ?? newId();
  firsts.set('audited', audited);
  const source = { address: '192.0.2.1', userAgent: null, traceId: 'a'.repeat(32) };
  const append = (record: Omit<AuditRecord, 'action'>) =>
    app.whole.inTenant(tenant.id, (open) =>
      app.whole.get(Audit).append(open, { ...record, action: 'tested' }),
    );
  await withRequestSource(
    () => source,
    async () => {
      await append({ category: 'authentication', subject: { kind: 'user', id: 'audited' } });
      await append({ category: 'approval', subject: { kind: 'deployment', id: audited } });
    },
  );
  await app.whole.inTenant(tenant.id, (open) =>
    open.tx.execute(
      `insert into audit_erasures (tenant_id, id, person_id, reason, requested_by, expires_at)
       values ($1, $2, $3, 'a ticket', $4, now())`,
      [tenant.id, newId(), newId(), newId()],
    ),
  );
  await app.whole.get(Database).system((tx) =>
    tx.execute(
      `insert into audit_checkpoints (tenant_id, id, size, root, at, note)
       values ($1, $2, $3, sha256(''), now(), 'note')`,
      [tenant.id, newId(), count + 1],
    ),
  );
}

async function asOperator(path: string): Promise<Answer> {
  const answer = await fetch(`${app.whole.url}/api/v1${path}`, {
    headers: { authorization: `Bearer ${operator.token}` },
  });
  return { status: answer.status, headers: answer.headers, body: await answer.json() };
}

/** By the API it would take as many times two minutes. */
async function formerTokenKeys(count: number): Promise<void> {
  await app.whole.get(Database).system(async (tx) => {
    for (let at = 0; at < count; at += 1) {
      await tx.execute(
        `insert into token_signing_keys (id, kid, origin, created_at, signs_from, revoked_at)
         values ($1, $2, 'command', now(), now(), now())`,
        [newId(), randomBytes(32).toString('base64url')],
      );
    }
  });
}

/** Makes one more of the kind, and answers the id of the first. */
async function first(kind: string, path: string, body: object): Promise<string> {
  const { id } = await made(tenant.as('Admin', path, { method: 'POST', body }));
  if (!firsts.has(kind)) firsts.set(kind, id as string);
  return firsts.get(kind)!;
}

function pipeline(count: number): object {
  const claims = { repository_id: '1', repository_owner_id: '2', environment: 'qa' };
  const clauses = Object.entries(claims).map(([claim, value]) => ({ claim, oneOf: [value] }));
  const rules = [{ name: 'main', clauses }];
  return { name: `pipeline-${count}`, issuerKind: 'github', rules, permissions: 'deploy' };
}

/** As somebody who has something to tell would put them on their way. */
async function delivered(count: number): Promise<void> {
  await app.whole.inTenant(tenant.id, async (open) => {
    for (let at = 0; at < count; at += 1) {
      await open.tx.execute(
        `insert into deliveries (tenant_id, id, channel_id, lane_id, seq, event_key, event_name,
           message_text) values ($1, $2, $2, $2, 1, 'e', 'deployment-failed', '{"title":"x"}')`,
        [tenant.id, newId()],
      );
    }
  });
}

/** A new group, and somebody new in the first of them. */
async function inGroup(name: string): Promise<void> {
  const group = await first('group', '/groups', { name });
  const { userId } = await app.whole.member(tenant.id);
  const path = `/groups/${group}/members`;
  await made(tenant.as('Admin', path, { method: 'POST', body: { userId } }));
}

async function made(answer: Promise<Answer>): Promise<Answer['body']> {
  const { status, body } = await answer;
  if (status !== 201) throw new Error(`not made: ${JSON.stringify(body)}`);
  return body;
}

const list = (template: string, query: string): Promise<Answer> => {
  const fixture = Object.values(fixtures).find((each) => each.path === template);
  const path = template.replace(/<(\w+)>/, (_, kind: string) => firsts.get(kind)!);
  return fixture?.by ? asOperator(`${path}?${query}`) : tenant.as('Admin', `${path}?${query}`);
};

/** A cursor that goes on after the newest item. */
async function cursorOf(path: string, filter = ''): Promise<string> {
  const { body } = await list(path, `limit=1&${filter}`);
  expect(body.nextCursor).toEqual(expect.any(String));
  return body.nextCursor as string;
}

async function refusesCursor(path: string, cursor: string, filter = ''): Promise<void> {
  const answer = await list(path, `cursor=${encodeURIComponent(cursor)}&${filter}`);
  expect([path, cursor.slice(0, 80), filter, answer.status, answer.body.code]).toEqual([
    path,
    cursor.slice(0, 80),
    filter,
    400,
    'cursor-invalid',
  ]);
}

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('the lists of the document', () => {
  it('each have a place here where they have something to show, and a value for every filter', () => {
    const lists = [...queries].filter(([, query]) => query.includes('cursor'));
    const filters = lists.map(([path, query]) => [
      path,
      query.filter((name) => !QUERY_OF_PAGES.includes(name)).sort(),
    ]);
    expect(Object.fromEntries(filters)).toEqual(
      Object.fromEntries(
        Object.entries(fixtures).map(([path, fixture]) => [
          path,
          fixture.filters.map((filter) => filter.split('=')[0]!).sort(),
        ]),
      ),
    );
  });
});

describe.each(Object.entries(fixtures))('%s', (template, { path, filters, newestBy }) => {
  it('comes in pages without gap or repetition, newest first', async () => {
    const { items } = (await list(path, 'limit=200')).body;
    const whole = items.map(({ id }: { id: string }) => id) as string[];
    expect(whole.length).toBeGreaterThanOrEqual(3);
    expect(new Set(whole).size).toBe(whole.length);
    const ages = items.map((item: Record<string, string>) => item[newestBy ?? 'id']) as string[];
    expect(ages).toEqual(ages.toSorted().reverse());
    const seen: string[] = [];
    for (let query = 'limit=1'; seen.length <= whole.length;) {
      const { body } = await list(path, query);
      seen.push(...body.items.map(({ id }: { id: string }) => id));
      if (body.nextCursor === null) break;
      query = `limit=1&cursor=${body.nextCursor}`;
    }
    expect(seen).toEqual(whole);
  });

  it('refuses what is no cursor', async () => {
    const [hash, id] = JSON.parse(
      Buffer.from(await cursorOf(path), 'base64url').toString(),
    ) as string[];
    const texts = ['x', ' ', 'a b', '\u0000', 'e30', '%', 'a'.repeat(513), 'a'.repeat(3000)];
    const keys = [[], ['x'], [5], [null], ['\u0000'], [{}], [newId(), 'x'], [[id]]];
    const forged = keys.map((each) => [hash, ...each]);
    const foreign = [{ hash, id }, ['x', id], [5, id], [id], []];
    const cursors = [...texts, ...[...forged, ...foreign].map(encoded)];
    for (const cursor of cursors) await refusesCursor(path, cursor);
  });

  it('refuses a cursor of every other list', async () => {
    const cursor = await cursorOf(path);
    for (const [other, fixture] of Object.entries(fixtures)) {
      if (other !== template) await refusesCursor(fixture.path, cursor);
    }
  });

  it('refuses a cursor that was made under another filter', async () => {
    const cursor = await cursorOf(path);
    for (const filter of filters) await refusesCursor(path, cursor, filter);
  });
});

it('knows no cursor of one module, or of one environment, for another', async () => {
  await refusesCursor('/modules/billing/releases', await cursorOf('/modules/orders/releases'));
  const cursor = await cursorOf('/modules/orders/configurations/QA');
  await refusesCursor('/modules/orders/configurations/Development', cursor);
  await refusesCursor('/modules/billing/configurations/QA', cursor);
});

it('has pages of 1 to 200, on every list and on what is read after a sequence', async () => {
  const [deployment] = (await list('/deployments', '')).body.items;
  const paths = [...queries]
    .filter(([, query]) => query.includes('limit'))
    .map(([path]) => fixtures[path]?.path ?? path.replace('{id}', deployment.id as string));
  expect(paths.length).toBeGreaterThan(Object.keys(fixtures).length);
  for (const path of paths) {
    for (const limit of ['0', '201', 'abc', '-1', '1.5', '', '1e2', '1&limit=2']) {
      const answer = await list(path, `limit=${limit}`);
      expect([path, limit, answer.status, answer.body.code]).toEqual([
        path,
        limit,
        400,
        'validation-failed',
      ]);
    }
    expect((await list(path, 'limit=1')).status).toBe(200);
    expect((await list(path, 'limit=200')).status).toBe(200);
  }
});
