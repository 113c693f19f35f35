/** Subscriptions over HTTP, and the reminders of approvals that nobody decides. */
import { Database } from '../../src/platform/database/database.js';
import { Logger } from '../../src/platform/logging/logger.js';
import { notificationLimits } from '../../src/kernel/notification-limits.js';
import { newId } from '../../src/kernel/ids.js';
import { ReminderRunner } from '../../src/edges/notifications/reminders/reminder-runner.js';
import { PLATFORM_TENANT } from '../../src/tenancy/tenants/platform-tenant.js';
import type { Answer, DeployingTenant } from '../support/deployments-app.js';
import { MessageRig } from '../support/message-rig.js';
import type { Member } from '../support/whole-app.js';

let rig: MessageRig;
let tenant: DeployingTenant;
let admin: Member, viewer: Member;
let channelId: string;

beforeAll(async () => {
  rig = await MessageRig.start();
  const { whole } = rig.app;
  tenant = await rig.app.tenant('acme');
  admin = await rig.withAddress(await whole.member(tenant.id, 'Admin'));
  viewer = await rig.withAddress(await whole.member(tenant.id, 'Viewer'));
  channelId = await rig.channel(tenant.id);
});
afterAll(() => rig?.close());

interface Sent {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

async function send(by: { token: string }, path: string, sent: Sent = {}): Promise<Answer> {
  const { method = 'GET', body, headers = {} } = sent;
  const response = await fetch(`${rig.app.whole.url}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${by.token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const { status } = response;
  return { status, headers: response.headers, body: text === '' ? null : JSON.parse(text) };
}

const post = (by: { token: string }, body: object, headers: Record<string, string> = {}) =>
  send(by, '/subscriptions', { method: 'POST', body, headers });

const codeOf = ({ status, body }: Answer) => [status, body?.code];

describe('subscriptions', () => {
  it('are made, read, changed and ended, by whoever may', async () => {
    const rules = { events: ['approvals', 'deployment-failed'], environments: ['QA'] };
    const made = await post(admin, { owner: 'tenant', ...rules, channelId });
    expect(made.body).toMatchObject({
      ...rules,
      owner: 'tenant',
      ownerName: null,
      modules: null,
      channelId,
      createdBy: admin.username,
      version: 1,
    });
    const path = `/subscriptions/${made.body.id}`;
    const etag = made.headers.get('etag')!;
    const body = { events: ['alarms'], channelId };
    const changed = await send(admin, path, { method: 'PUT', body, headers: { 'if-match': etag } });
    expect(changed.body).toMatchObject({ events: ['alarms'], environments: null, version: 2 });
    const late = await send(admin, path, { method: 'PUT', body, headers: { 'if-match': etag } });
    expect(codeOf(late)).toEqual([412, 'version-mismatch']);
    expect(codeOf(await send(admin, path, { method: 'PUT', body }))[0]).toBe(428);
    expect((await send(admin, path)).body).toEqual(changed.body);
    expect((await send(admin, path, { method: 'DELETE' })).status).toBe(204);
    expect(codeOf(await send(admin, path))).toEqual([404, 'subscription-not-found']);
  });

  it('are one’s own without a permission, and nobody else’s business', async () => {
    const own = await post(viewer, { events: ['deployments'] });
    expect(own.body).toMatchObject({ owner: 'user', ownerName: viewer.username, channelId: null });
    const path = `/subscriptions/${own.body.id}`;
    for (const method of ['GET', 'DELETE']) {
      const refused = await send(admin, path, { method });
      expect(codeOf(refused)).toEqual([404, 'subscription-not-found']);
    }
    const lists = await Promise.all([viewer, admin].map((by) => send(by, '/subscriptions')));
    const ids = lists.map(({ body }) => body.items.map(({ id }: { id: string }) => id));
    expect(ids[0]).toEqual([own.body.id]);
    expect(ids[1]).not.toContain(own.body.id);
    expect((await send(viewer, path, { method: 'DELETE' })).status).toBe(204);
  });

  it('go to a channel, or are of the tenant, only by who may manage them', async () => {
    const missing = [403, 'permission-missing'];
    const events = ['deployments'];
    expect(codeOf(await post(viewer, { events, channelId }))).toEqual(missing);
    expect(codeOf(await post(viewer, { owner: 'tenant', events, channelId }))).toEqual(missing);
    const own = await post(viewer, { events });
    const { id } = own.body;
    const body = { events, channelId };
    const headers = { 'if-match': '"1"' };
    const turned = await send(viewer, `/subscriptions/${id}`, { method: 'PUT', body, headers });
    expect(codeOf(turned)).toEqual(missing);
    await send(viewer, `/subscriptions/${id}`, { method: 'DELETE' });
  });

  it.each([
    ['an event that there is not', { events: ['tea-is-ready'] }, 400, 'validation-failed'],
    ['no event', { events: [] }, 400, 'validation-failed'],
    ['an unknown field', { events: ['alarms'], to: 'me' }, 400, 'validation-failed'],
    [
      'the tenant’s without a channel',
      { owner: 'tenant', events: ['alarms'] },
      400,
      'validation-failed',
    ],
    ['a group’s without a group', { owner: 'group', events: ['alarms'] }, 400, 'validation-failed'],
    [
      'a channel that is not there',
      { owner: 'tenant', events: ['alarms'], channelId: newId() },
      400,
      'subscription-target-unknown',
    ],
  ])('refuse %s', async (_what, body, status, code) => {
    expect(codeOf(await post(admin, body))).toEqual([status, code]);
  });

  it('are nobody’s own who is no member: a key, or who acts for the platform', async () => {
    const key = { name: 'ci', permissions: 'read-only' };
    const { body } = await send(admin, '/access-keys', { method: 'POST', body: key });
    const own = { events: ['deployments'] };
    const refused = [403, 'subscription-needs-member'];
    expect(codeOf(await post({ token: body.secret }, own))).toEqual(refused);
    const operator = await rig.app.whole.member(PLATFORM_TENANT.id, 'PlatformAdmin');
    const acting = { 'x-tenant': 'acme', 'x-act-as-reason': 'a support case' };
    expect(codeOf(await post(operator, own, acting))).toEqual(refused);
  });

  it('are as many as there may be, and are made once by one key', async () => {
    const most = notificationLimits.subscriptionsPerPerson;
    await rig.app.sql(
      `insert into subscriptions (tenant_id, id, owner_kind, owner_id, events, created_by)
       select $1, gen_random_uuid(), 'user', $2, '{alarms}', 'x' from generate_series(1, $3::int)`,
      [tenant.id, viewer.userId, most - 1],
    );
    const headers = { 'idempotency-key': 'one' };
    const twice = [await post(viewer, { events: ['alarms'] }, headers)];
    twice.push(await post(viewer, { events: ['alarms'] }, headers));
    expect(twice[0]!.status).toBe(201);
    expect(twice[1]!.body.id).toBe(twice[0]!.body.id);
    const refused = await post(viewer, { events: ['alarms'] });
    expect(codeOf(refused)).toEqual([429, 'subscription-limit']);
    await rig.app.sql('delete from subscriptions where owner_id = $1', [viewer.userId]);
  });

  it('of a group and of a person go with them', async () => {
    const group = await send(admin, '/groups', { method: 'POST', body: { name: 'Guests' } });
    const guest = await rig.app.whole.member(tenant.id, 'Viewer');
    const ofGroup = { owner: 'group', groupId: group.body.id, events: ['alarms'], channelId };
    expect((await post(admin, ofGroup)).body.ownerName).toBe('Guests');
    expect((await post(guest, { events: ['alarms'] })).status).toBe(201);
    const count = async () => {
      const owners = [group.body.id, guest.userId];
      return rig.app.sql('select 1 from subscriptions where owner_id = any($1)', [owners]);
    };
    expect(await count()).toHaveLength(2);
    // Both want it proved once more that it is they: as sessions of tests just did by signing in.
    for (const path of [`/groups/${group.body.id}`, `/users/${guest.userId}`]) {
      expect((await send(admin, path, { method: 'DELETE' })).status).toBe(204);
    }
    expect(await count()).toEqual([]);
  });

  it('are tried out beforehand: each event has a preview in plain text and HTML', async () => {
    const { items } = (await send(viewer, '/notification-templates')).body;
    expect(items.length).toBeGreaterThan(25);
    for (const { event } of items) {
      const preview = await send(viewer, `/notification-templates/${event}/preview`);
      expect([event, preview.status]).toEqual([event, 200]);
      expect(preview.body.text).toContain('Tidegate, tenant acme');
      expect(preview.body.html).toMatch(/^<!doctype html>/);
    }
    const unknown = await send(viewer, '/notification-templates/tea/preview');
    expect(codeOf(unknown)).toEqual([404, 'event-unknown']);
  });
});

describe('an approval that nobody decides', () => {
  const runner = () => new ReminderRunner(rig.app.whole.get(Database), Logger.silent());
  const due = (id: string, kind: string) =>
    rig.app.sql(
      `update approval_reminders set due_at = now() where deployment_id = $1 and kind = $2`,
      [id, kind],
    );
  const kindsOf = async (id: string) => {
    const rows = await rig.app.sql<{ kind: string }>(
      `select kind from approval_reminders where deployment_id = $1 order by due_at`,
      [id],
    );
    return rows.map(({ kind }) => kind);
  };
  const subjects = async (by: Member) => (await rig.mailsTo(by)).slice(from.get(by.userId) ?? 0);
  const from = new Map<string, number>();
  let id: string;

  beforeEach(async () => {
    id = await rig.asked(tenant);
    await rig.relay();
    for (const each of [admin, viewer]) from.set(each.userId, (await rig.mailsTo(each)).length);
  });

  it('is noted with its times as soon as it is asked for, once', async () => {
    expect(await kindsOf(id)).toEqual(['half', 'last', 'escalation', 'overdue']);
    const { signal } = new AbortController();
    const range = { tenantId: tenant.id, stream: 'events', streamId: id } as const;
    await rig.consumer.deliver({ ...range, afterSeq: 0, upToSeq: 1, signal });
    expect(await kindsOf(id)).toHaveLength(4);
  });

  it('is told again to those who can decide, once, however many workers look', async () => {
    await due(id, 'half');
    await Promise.all([runner().look(), runner().look(), runner().look()]);
    await runner().look();
    await rig.relay();
    expect(await subjects(admin)).toEqual(['Still to be decided: orders 1.0.0 in QA']);
    expect(await subjects(viewer)).toEqual([]);
    const mails = await rig.mails();
    expect(mails.at(-1)!.text).toMatch(
      /rejected automatically in 2[34] hours unless it is approved/,
    );
  });

  it('is told to the group that the settings name, or else to the Admins', async () => {
    await due(id, 'escalation');
    await runner().look();
    await rig.relay();
    expect(await subjects(admin)).toEqual(['Nobody has decided yet: orders 1.0.0 in QA']);
    const { body: group } = await send(admin, '/groups', {
      method: 'POST',
      body: { name: 'Duty' },
    });
    const body = { userId: viewer.userId };
    await send(admin, `/groups/${group.id}/members`, { method: 'POST', body });
    const set = { method: 'PUT', body: { value: 'duty' }, headers: { 'if-match': '"0"' } };
    const setting = await send(admin, '/settings/notifications.escalation-group', set);
    expect(setting.status).toBe(200);
    const second = await rig.asked(tenant);
    await rig.relay();
    await due(second, 'escalation');
    await runner().look();
    await rig.relay();
    expect(await subjects(viewer)).toEqual(['Nobody has decided yet: orders 1.0.0 in QA']);
  });

  it('alarms the Admins when its time is over and it has not ended', async () => {
    await due(id, 'overdue');
    await runner().look();
    await rig.relay();
    expect(await subjects(admin)).toEqual(['Approval overdue: orders 1.0.0 in QA']);
  });

  it('is forgotten once it is decided', async () => {
    await rig.app.sql(
      `update approval_requests set status = 'rejected', ended_at = now() where deployment_id = $1`,
      [id],
    );
    for (const kind of ['half', 'last', 'escalation', 'overdue']) await due(id, kind);
    await runner().look();
    await rig.relay();
    expect(await subjects(admin)).toEqual([]);
    const left = await rig.app.sql(
      'select 1 from approval_reminders where deployment_id = $1 and done_at is null',
      [id],
    );
    expect(left).toEqual([]);
  });

  it('is not reminded of before its time', async () => {
    await runner().look();
    await rig.relay();
    expect(await subjects(admin)).toEqual([]);
  });
});
