/** Settings over HTTP: who sets what where, what counts, what is written of it, and who is told. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { limits } from '../../src/kernel/limits.js';
import { hotSetting, type SettingPlace } from '../../src/platform/settings/hot-setting.js';
import { Logger } from '../../src/platform/logging/logger.js';
import { Settings } from '../../src/platform/settings/settings.js';
import { socketsPerTenant, socketsPerUser } from '../../src/edges/realtime/realtime.settings.js';
import { PLATFORM_TENANT } from '../../src/tenancy/tenants/platform-tenant.js';
import { withClient } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { HubClient } from '../support/hub-client.js';
import { scopedMember } from '../support/scoped-member.js';
import { type Member, WholeApp } from '../support/whole-app.js';

const password = hotSetting({
  key: 'spec.password',
  schema: z.string().min(4).max(100),
  default: 'none',
  example: 'open sesame',
  doc: 'A secret of this test.',
  scopes: ['tenant', 'environment'],
  isSecret: true,
});

interface Sent {
  readonly method?: string;
  readonly version?: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

const lines: string[] = [];
const logger = Logger.create({
  level: 'warn',
  format: 'json',
  destination: { write: (line) => void lines.push(line) },
});

let whole: WholeApp;
let acme: string;
let admin: Member, viewer: Member, operator: Member, stranger: Member, ofQa: Member;

beforeAll(async () => {
  whole = await WholeApp.start({ logger });
  acme = await whole.tenant('acme');
  const other = await whole.tenant('other');
  admin = await whole.member(acme, 'Admin');
  viewer = await whole.member(acme, 'Viewer');
  operator = await whole.member(PLATFORM_TENANT.id, 'PlatformAdmin');
  stranger = await whole.member(other, 'Admin');
  ofQa = await scopedMember(whole, acme, { role: 'Admin', environments: ['QA'] });
});
afterAll(() => whole?.close());

async function send({ token }: Member, path: string, sent: Sent = {}) {
  const { method = 'GET', version, body, headers = {} } = sent;
  const answer = await fetch(`${whole.url}/api/v1/settings${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(version === undefined ? {} : { 'if-match': `"${version}"` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each test knows what it asked for
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as any };
}

async function put(
  who: Member,
  path: string,
  value: unknown,
  more: Sent & { reason?: string } = {},
) {
  const { reason, ...sent } = more;
  const version = more.version ?? (await send(who, path)).body.version ?? 0;
  const body = { value, ...(reason === undefined ? {} : { reason }) };
  return send(who, path, { method: 'PUT', ...sent, version, body });
}

async function unset(who: Member, path: string) {
  const { version } = (await send(who, path)).body;
  return send(who, path, { method: 'DELETE', version });
}

const outcome = ({ status, body }: Awaited<ReturnType<typeof send>>) => [status, body.code];

/** In this process's copy. */
const counts = (
  setting: typeof socketsPerUser,
  value: number,
  place: SettingPlace = { tenantId: acme },
) => eventually(() => expect(whole.get(Settings).valueOf(setting, place)).toBe(value));

const sql = <Row extends object>(text: string, values: unknown[] = []) =>
  withClient(
    whole.database.superuser,
    async (client) => (await client.query<Row>(text, values)).rows,
  );

describe('a setting', () => {
  it('says what counts, where it comes from, and every level', async () => {
    const fresh = await send(viewer, '/sockets.per-user');
    expect(fresh.status).toBe(200);
    expect(fresh.headers.get('etag')).toBe('"0"');
    expect(fresh.body).toMatchObject({
      key: 'sockets.per-user',
      value: limits.socketsPerUser,
      source: 'default',
      scope: 'tenant',
      version: 0,
      mayOnlyTighten: true,
      schema: { type: 'integer', minimum: 1 },
      levels: [{ source: 'default', value: limits.socketsPerUser }],
    });
    expect((await put(operator, '/sockets.per-user', 15)).body).toMatchObject({
      scope: 'platform',
      version: 1,
      source: 'platform',
    });
    await counts(socketsPerUser, 15);
    const set = await put(admin, '/sockets.per-user', 12, { reason: 'few tabs' });
    expect(set.headers.get('etag')).toBe('"1"');
    expect((await send(viewer, '/sockets.per-user')).body).toMatchObject({
      value: 12,
      source: 'tenant',
      levels: [
        { source: 'default', value: 20 },
        // Who of the operator's people it was is not a tenant's business.
        { source: 'platform', value: 15, changedBy: null, version: null },
        { source: 'tenant', value: 12, changedBy: admin.username, version: 1 },
      ],
    });
    await counts(socketsPerUser, 12);
    expect((await send(stranger, '/sockets.per-user')).body).toMatchObject({ value: 15 });
    await unset(admin, '/sockets.per-user');
    await counts(socketsPerUser, 15);
    await unset(operator, '/sockets.per-user');
    await counts(socketsPerUser, 20);
  });

  it('is listed by key, with filters', async () => {
    const all = await send(viewer, '');
    const keys = all.body.items.map(({ key }: { key: string }) => key);
    expect(keys).toEqual([...keys].sort());
    expect(keys).toContain('deployments.on-conflict');
    // What only the platform sets is none of a tenant's business.
    expect(keys).not.toContain('log.level');
    expect((await send(operator, '')).body.items.map(({ key }: { key: string }) => key)).toContain(
      'log.level',
    );
    const gates = await send(viewer, '?prefix=gates.utilization.&environment=qa');
    expect(gates.body.items.length).toBeGreaterThan(3);
    expect(
      gates.body.items.every(({ key }: { key: string }) => key.startsWith('gates.utilization.')),
    ).toBe(true);
    const path = '/deployments.queued-per-slot?environment=QA';
    expect((await put(admin, path, 5)).status).toBe(200);
    const set = await send(viewer, '?onlySet=true&environment=QA');
    expect(set.body.items).toEqual([
      expect.objectContaining({
        key: 'deployments.queued-per-slot',
        value: 5,
        source: 'environment',
      }),
    ]);
    expect((await send(viewer, '?onlySet=true')).body.items).toEqual([]);
    await unset(admin, path);
  });

  it('is not there when it is unknown, or only for others', async () => {
    expect(outcome(await send(admin, '/no.such'))).toEqual([404, 'setting-not-found']);
    expect(outcome(await send(admin, '/log.level'))).toEqual([404, 'setting-not-found']);
    expect(outcome(await send(admin, '/sockets.per-user?environment=Nowhere'))).toEqual([
      404,
      'environment-not-found',
    ]);
  });
});

describe('setting one', () => {
  const key = '/sockets.per-user';

  it('needs the version that was read', async () => {
    expect(outcome(await send(admin, key, { method: 'PUT', body: { value: 9 } }))).toEqual([
      428,
      'if-match-required',
    ]);
    const before = (await put(admin, key, 9)).body.version;
    const stale = await put(admin, key, 8, { version: before - 1 });
    expect(outcome(stale)).toEqual([412, 'version-mismatch']);
    const { version } = (await send(admin, key)).body;
    // Of ten at once one is first.
    const all = await Promise.all(
      [8, 8, 8, 8, 8, 8, 8, 8, 8, 8].map((value) => put(admin, key, value, { version })),
    );
    expect(all.map(({ status }) => status).sort()).toEqual([
      200,
      ...Array.from({ length: 9 }, () => 412),
    ]);
    await unset(admin, key);
  });

  it('is judged by its schema, with the place of each mistake', async () => {
    const wrong = await put(admin, key, 'many', { version: 0 });
    expect(outcome(wrong)).toEqual([400, 'validation-failed']);
    expect(wrong.body.details.fields).toEqual([
      { in: 'body', path: 'value', message: expect.stringContaining('number') },
    ]);
    expect(outcome(await put(admin, key, 0, { version: 0 }))[0]).toBe(400);
    expect(outcome(await send(admin, key, { method: 'PUT', version: 0, body: {} }))[0]).toBe(400);
    expect(
      outcome(
        await send(admin, key, { method: 'PUT', version: 0, body: { value: 5, more: 1 } }),
      )[0],
    ).toBe(400);
    const large = await put(admin, '/spec.password', 'x'.repeat(limits.settingValueBytes), {
      version: 0,
    });
    expect(large.body.details.fields[0].message).toContain('bytes');
  });

  it('is done at the levels that it has, by those whose level it is', async () => {
    const tries: [Member, string, number, string][] = [
      [viewer, key, 403, 'permission-missing'],
      [admin, `${key}?scope=platform`, 400, 'setting-scope-unsuitable'],
      [operator, `${key}?scope=tenant`, 400, 'setting-scope-unsuitable'],
      [admin, `${key}?scope=environment`, 400, 'setting-scope-unsuitable'],
      [admin, `${key}?scope=tenant&environment=QA`, 400, 'setting-scope-unsuitable'],
      [admin, `${key}?environment=QA`, 400, 'setting-scope-unsuitable'],
      [ofQa, key, 403, 'permission-missing'],
      [ofQa, '/deployments.queued-per-slot?environment=Staging', 403, 'permission-missing'],
    ];
    for (const [who, path, status, code] of tries) {
      expect([path, ...outcome(await put(who, path, 7, { version: 0 }))]).toEqual([
        path,
        status,
        code,
      ]);
    }
    const own = '/deployments.queued-per-slot?environment=qa';
    expect((await put(ofQa, own, 7)).body).toMatchObject({ value: 7, environment: 'QA' });
    await unset(ofQa, '/deployments.queued-per-slot?environment=QA');
  });

  it('is done for a tenant by who runs the platform with a reason, which the tenant can read', async () => {
    const headers = { 'x-tenant': 'acme' };
    const silent = await put(operator, key, 6, { version: 0, headers });
    expect(outcome(silent)).toEqual([403, 'act-as-reason-required']);
    const { version } = (await send(admin, key)).body;
    const told = { ...headers, 'x-act-as-reason': 'a flood of sockets' };
    expect((await put(operator, key, 6, { version, headers: told })).status).toBe(200);
    expect((await send(viewer, key)).body).toMatchObject({ value: 6, source: 'tenant' });
    await unset(admin, key);
    expect(
      outcome(await put(operator, `${key}?scope=platform`, 6, { version: 0, headers: told })),
    ).toEqual([400, 'setting-scope-unsuitable']);
  });

  it('only tightens at a nearer level', async () => {
    const loose = await put(admin, key, 21);
    expect(outcome(loose)).toEqual([409, 'setting-may-only-tighten']);
    expect(loose.body.details).toEqual({ above: 20, source: 'default' });
    await put(operator, key, 40);
    await counts(socketsPerUser, 40);
    expect((await put(admin, key, 30)).status).toBe(200);
    await put(operator, key, 10);
    await counts(socketsPerUser, 10);
    expect((await send(viewer, key)).body).toMatchObject({
      value: 10,
      source: 'platform',
      levels: [{}, { value: 10 }, { value: 30, isOverruled: true }],
    });
    await unset(operator, key);
    await unset(admin, key);
    await counts(socketsPerUser, 20);
  });

  it('is refused by a module that knows better, with its reason', async () => {
    const refused = await put(admin, '/sockets.per-tenant', 19);
    expect(outcome(refused)).toEqual([409, 'setting-vetoed']);
    expect(refused.body.details).toEqual({
      module: 'the live hubs',
      reason: expect.stringContaining('Keep sockets.per-user at or below sockets.per-tenant'),
    });
    const gate = await put(admin, '/gates.stabilization.min-wait-ms', 3_600_000);
    expect(gate.body.details).toEqual({
      module: 'the gates',
      reason: expect.stringContaining('minWaitMs: must not exceed maxWaitMs'),
    });
    const { levels } = (await send(admin, '/sockets.per-tenant')).body;
    expect(levels).toHaveLength(1);
    expect(whole.get(Settings).valueOf(socketsPerTenant, { tenantId: acme })).toBe(500);
  });

  it('takes a fresh proof where it protects less than before', async () => {
    await put(admin, key, 5);
    const { version } = (await send(admin, key)).body;
    const stale = await whole.member(acme, 'Admin');
    await sql(
      `update credentials set data = jsonb_set(data, '{signIn,provedAt}', '0') where subject_id = $1`,
      [stale.userId],
    );
    const looser = await put(stale, key, 6, { version });
    expect(outcome(looser)).toEqual([403, 'step-up-required']);
    expect(outcome(await unset(stale, key))).toEqual([403, 'step-up-required']);
    expect((await put(stale, key, 4, { version })).status).toBe(200);
    expect((await unset(admin, key)).status).toBe(200);
  });
});

describe('what is written of a change', () => {
  const key = '/deployments.queued-per-slot?environment=QA';
  const history = '/deployments.queued-per-slot/history';

  const audited = () =>
    sql<{ actor: string; body: Record<string, unknown> }>(
      `select actor, body_text::jsonb as body from audit_entries
       where action = 'setting-changed' and subject_id = 'deployments.queued-per-slot'
         and body_text::jsonb ->> 'environment' = 'QA' order by at, id`,
    );

  it('is a line of the change log and an audit entry, with before and after', async () => {
    const since = (await audited()).length;
    await put(admin, key, 5, { reason: 'a pipeline runs wild' });
    await put(ofQa, key, 4);
    await unset(admin, key);
    const told = await send(viewer, `${history}?environment=qa&limit=3`);
    const at = { scope: 'environment', environment: 'QA', at: expect.any(String) };
    expect(told.body.items).toMatchObject([
      { ...at, actor: admin.username, wasSet: true, before: 4, isSet: false, value: null },
      { ...at, actor: ofQa.username, wasSet: true, before: 5, isSet: true, value: 4, reason: null },
      { ...at, wasSet: false, before: null, isSet: true, value: 5, reason: 'a pipeline runs wild' },
    ]);
    const [last, middle, first] = told.body.items;
    expect([middle.version, last.version]).toEqual([first.version + 1, first.version + 2]);
    expect((await audited()).slice(since)).toMatchObject([
      { actor: admin.username, body: { before: null, after: '5', reason: 'a pipeline runs wild' } },
      { actor: ofQa.username, body: { before: '5', after: '4' } },
      { actor: admin.username, body: { before: '4', after: null } },
    ]);
    expect((await send(stranger, history)).body.items).toEqual([]);
    expect((await send(viewer, `${history}?scope=tenant`)).body.items).toEqual([]);
  });

  it('cannot be changed by the application', async () => {
    for (const text of [
      `update setting_changes set actor = 'nobody'`,
      'delete from setting_changes',
      'delete from settings',
    ]) {
      await expect(withClient(whole.database.app, (client) => client.query(text))).rejects.toThrow(
        'permission denied',
      );
    }
  });

  it('is nothing when the change is refused', async () => {
    const before = await sql('select id from setting_changes');
    await put(admin, '/sockets.per-tenant', 19);
    await put(admin, '/sockets.per-user', 21);
    await put(viewer, '/sockets.per-user', 1);
    expect(await sql('select id from setting_changes')).toEqual(before);
  });
});

describe('a secret setting', () => {
  it('counts, and is shown to nobody', async () => {
    const canary = 'open-sesame-4711';
    const set = await put(admin, '/spec.password', canary);
    expect(set.body).toMatchObject({ value: '********', source: 'tenant', isSecret: true });
    const copy = whole.get(Settings);
    await eventually(() => expect(copy.valueOf(password, { tenantId: acme })).toBe(canary));
    await put(admin, '/spec.password', `${canary}-2`);
    const said = [
      set.body,
      (await send(admin, '/spec.password')).body,
      (await send(admin, '')).body,
      (await send(admin, '/spec.password/history')).body,
      await sql('select * from settings'),
      await sql('select * from setting_changes'),
      await sql('select body_text from audit_entries'),
    ];
    expect(JSON.stringify(said)).not.toContain(canary);
    // A sealed text is worth nothing at another level.
    await sql(
      `insert into settings (tenant_id, key, scope, environment_key, environment, is_set, value, version,
         revision, changed_by)
       select tenant_id, key, 'environment', 'qa', 'QA', true, value, 1, nextval('settings_revision'), 'thief'
       from settings where key = 'spec.password'`,
    );
    await put(admin, '/spec.password', `${canary}-3`);
    await eventually(() => expect(copy.valueOf(password, { tenantId: acme })).toBe(`${canary}-3`));
    expect(copy.resolved(password, { tenantId: acme, environment: 'QA' }).source).toBe('tenant');
  });
});

describe('the hub of settings', () => {
  const hub = ({ token }: Member) => new HubClient(whole.socket({ token }, {}, 'configuration'));

  it('tells those who may see it, and nobody else', async () => {
    const [mine, theirs, platform] = await Promise.all(
      [viewer, stranger, operator].map((who) => hub(who).connect()),
    );
    await put(admin, '/deployments.queued-per-slot?environment=Staging', 3);
    await put(admin, '/spec.password', 'swordfish');
    await put(operator, '/sockets.per-user', 19);
    await put(operator, '/log.level', 'warn');
    await eventually(() => expect(platform!.events).toHaveLength(2));
    const change = { name: 'ConfigurationChanged' };
    expect(mine!.events).toMatchObject([
      {
        ...change,
        payload: {
          key: 'deployments.queued-per-slot',
          scope: 'environment',
          environment: 'Staging',
          isSet: true,
          value: 3,
          changedBy: admin.username,
        },
      },
      { ...change, payload: { key: 'spec.password', value: '********' } },
      {
        ...change,
        payload: { key: 'sockets.per-user', scope: 'platform', value: 19, changedBy: null },
      },
    ]);
    expect(theirs!.events).toMatchObject([{ payload: { key: 'sockets.per-user' } }]);
    expect(platform!.events).toMatchObject([
      { payload: { key: 'sockets.per-user', changedBy: operator.username } },
      { payload: { key: 'log.level', value: 'warn' } },
    ]);
    await unset(operator, '/sockets.per-user');
    await eventually(() => expect(theirs!.events).toHaveLength(2));
    expect(theirs!.events[1]).toMatchObject({ payload: { isSet: false, value: null } });
    await unset(operator, '/log.level');
  });

  it('takes nobody without the permission, and no messages', async () => {
    const made = await fetch(`${whole.url}/api/v1/roles`, {
      method: 'POST',
      headers: { authorization: `Bearer ${admin.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'watcher', permissions: ['deployments:read'] }),
    });
    const { id } = (await made.json()) as { id: string };
    const nobody = await scopedMember(whole, acme, { role: { id } });
    expect((await send(nobody, '')).status).toBe(403);
    await expect(hub(nobody).connect()).rejects.toThrow('settings:read');
    await expect(hub({ ...viewer, token: 'x' }).connect()).rejects.toThrow();
    const client = await hub(viewer).connect();
    expect((await client.ask('SubscribeToEverything')).error.code).toBe('unknown-message');
  });
});

describe('a cap', () => {
  it('holds from the moment at which it is set', async () => {
    await put(admin, '/sockets.per-user', 1);
    await counts(socketsPerUser, 1);
    const member = await whole.member(acme);
    const open = () => new HubClient(whole.socket({ token: member.token })).connect();
    await open();
    await expect(open()).rejects.toThrow('1 sockets are open already');
    await unset(admin, '/sockets.per-user');
    await counts(socketsPerUser, 20);
    await open();
  });
});

describe('the level of the log', () => {
  it('changes in the running process, and goes back to what it was started with', async () => {
    const part = logger.child({ part: 'spec' });
    part.debug({}, 'before');
    await put(operator, '/log.level', 'debug');
    await eventually(() => expect(logger.level).toBe('debug'));
    part.debug({}, 'meanwhile');
    await unset(operator, '/log.level');
    await eventually(() => expect(logger.level).toBe('warn'));
    part.debug({}, 'after');
    const said = lines.map((line) => (JSON.parse(line) as { message: string }).message);
    expect(said.filter((each) => ['before', 'meanwhile', 'after'].includes(each))).toEqual([
      'meanwhile',
    ]);
  });

  it('has no value that silences it', async () => {
    expect(outcome(await put(operator, '/log.level', 'silent'))).toEqual([
      400,
      'validation-failed',
    ]);
  });
});
