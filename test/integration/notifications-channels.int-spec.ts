/** Channels over HTTP: what is told of them, what never is, and what a test of one says. */
import { createHmac } from 'node:crypto';
import { Logger } from '../../src/platform/logging/logger.js';
import { newId } from '../../src/kernel/ids.js';
import { notificationLimits } from '../../src/kernel/notification-limits.js';
import { NotificationsRig } from '../support/notifications-rig.js';
import { Receiver, type Received } from '../support/receiver.js';

const AUTHORIZATION = 'Bearer canary-6f1d9b7c2e';
const lines: string[] = [];
let rig: NotificationsRig;
let acme: Awaited<ReturnType<NotificationsRig['tenant']>>;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await Receiver.start();
  const destination = { write: (line: string) => void lines.push(line) };
  rig = await NotificationsRig.start({
    logger: Logger.create({ level: 'trace', format: 'json', destination }),
  });
  acme = await rig.tenant();
});
beforeEach(() => {
  receiver.received.length = 0;
  receiver.answer = () => ({});
});
afterAll(async () => {
  await rig?.close();
  await receiver?.close();
});

/** As a receiver checks it. */
function isSignedBy(secret: string, { headers, body }: Received): boolean {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  const expected = createHmac('sha256', key).update(signed).digest('base64');
  return headers['webhook-signature']!.split(' ').includes(`v1,${expected}`);
}

describe('a channel', () => {
  it('shows the secret by which it signs once, and what it was given never again', async () => {
    const made = await acme.webhook(receiver.url(), { authorization: AUTHORIZATION });
    const { signingSecret, ...shown } = made;
    expect(signingSecret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(shown).toMatchObject({ kind: 'webhook', isSigned: true, isEnabled: true, version: 1 });
    const read = await acme.admin('GET', `/channels/${made.id}`);
    expect(read.body).toEqual(shown);
    expect(read.headers.get('etag')).toBe('"1"');
    const { body: list } = await acme.admin('GET', '/channels');
    expect(list.items).toContainEqual(shown);
    expect(JSON.stringify([read.body, list])).not.toContain('canary');
    const rows = await rig.sql('select * from channels where id = $1', [made.id]);
    expect(JSON.stringify(rows)).not.toContain('canary');
    expect(JSON.stringify(rows)).not.toContain(signingSecret.slice(6));
  });

  it('is tested at once: what it sends is signed, and what the receiver says is told', async () => {
    const made = await acme.webhook(receiver.url('/in'), { authorization: AUTHORIZATION });
    receiver.answer = () => ({ status: 202, body: 'thanks' });
    const { status, body } = await acme.admin('POST', `/channels/${made.id}/test`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ outcome: 'taken', status: 202, reason: null, answer: 'thanks' });
    const [got] = receiver.received;
    expect(got).toMatchObject({ path: '/in', headers: { authorization: AUTHORIZATION } });
    expect(isSignedBy(made.signingSecret, got!)).toBe(true);
    expect(isSignedBy(made.signingSecret, { ...got!, body: `${got!.body} ` })).toBe(false);
    expect(receiver.bodies[0]).toMatchObject({
      id: got!.headers['webhook-id'],
      type: 'channel-tested',
      event: { tenant: acme.slug, subject: { kind: 'channel', id: made.id } },
    });
    expect(await rig.sql('select * from deliveries where channel_id = $1', [made.id])).toEqual([]);
  });

  it('tells of an answer nothing that was sent in secret', async () => {
    const made = await acme.webhook(receiver.url(), { authorization: AUTHORIZATION });
    receiver.answer = (to) => ({ status: 500, body: JSON.stringify(to) });
    const { body } = await acme.admin('POST', `/channels/${made.id}/test`);
    expect(body).toMatchObject({ outcome: 'later', reason: 'status-500' });
    expect(body.answer).toContain('webhook-signature');
    expect(body.answer).not.toContain('canary');
    const chat = { kind: 'slack', secrets: { url: receiver.url('/services/T0/B0/canary-9c01') } };
    const slack = await acme.made(chat);
    expect(slack.place).toBe(`127.0.0.1:${receiver.port}`);
    const echoed = await acme.admin('POST', `/channels/${slack.id}/test`);
    expect(echoed.body.answer).toContain('[redacted]');
    expect(JSON.stringify([slack, echoed.body])).not.toContain('canary');
  });

  it('says of a receiver that cannot be called no more than the guarded way out does', async () => {
    const refused = await acme.webhook('https://169.254.169.254/latest');
    const { body } = await acme.admin('POST', `/channels/${refused.id}/test`);
    expect(body).toMatchObject({ outcome: 'later', status: null, reason: 'outbound-refused' });
    receiver.answer = () => ({ status: 302, headers: { location: 'http://169.254.169.254/' } });
    const moved = await acme.webhook(receiver.url());
    const redirected = await acme.admin('POST', `/channels/${moved.id}/test`);
    expect(redirected.body).toMatchObject({
      outcome: 'later',
      // The network is opened as a whole: what answers in it is nobody's business.
      reason: 'outbound-unreachable: unknown',
    });
    expect(receiver.received).toHaveLength(1);
  });

  it('keeps what is secret when it is changed, and takes it to no other place', async () => {
    const { id } = await acme.webhook(receiver.url('/a'), { authorization: AUTHORIZATION });
    const other = await Receiver.start();
    try {
      const to = (url: string, version: number) =>
        acme.admin(
          'PUT',
          `/channels/${id}`,
          { name: `moved-${id}`, kind: 'webhook', params: { url } },
          { 'if-match': `"${version}"` },
        );
      expect((await to(receiver.url('/b'), 1)).body).toMatchObject({ version: 2 });
      await acme.admin('POST', `/channels/${id}/test`);
      expect(receiver.received.at(-1)).toMatchObject({
        path: '/b',
        headers: { authorization: AUTHORIZATION },
      });
      expect((await to(receiver.url('/c'), 1)).status).toBe(412);
      expect((await to(other.url(), 2)).status).toBe(200);
      await acme.admin('POST', `/channels/${id}/test`);
      expect(other.received).toHaveLength(1);
      expect(other.received[0]!.headers['authorization']).toBeUndefined();
    } finally {
      await other.close();
    }
  });

  it('signs with two secrets while one replaces the other', async () => {
    const { id, signingSecret: first } = await acme.webhook(receiver.url());
    const rotate = async (overlapMinutes: number) =>
      (await acme.admin('POST', `/channels/${id}/rotate-secret`, { overlapMinutes })).body;
    const second = await rotate(60);
    expect(second.signingSecret).not.toBe(first);
    expect(Date.parse(second.previousSecretUntil)).toBeGreaterThan(Date.now());
    await acme.admin('POST', `/channels/${id}/test`);
    const both = receiver.received.at(-1)!;
    expect([first, second.signingSecret].map((each) => isSignedBy(each, both))).toEqual([
      true,
      true,
    ]);
    const third = await rotate(0);
    await acme.admin('POST', `/channels/${id}/test`);
    const last = receiver.received.at(-1)!;
    const secrets = [first, second.signingSecret, third.signingSecret];
    expect(secrets.map((each) => isSignedBy(each, last))).toEqual([false, false, true]);
  });

  it('is refused where it cannot be', async () => {
    const post = (body: object) => acme.admin('POST', '/channels', { name: newId(), ...body });
    const url = receiver.url();
    const codes = async (...bodies: object[]) => {
      const answers = await Promise.all(bodies.map(post));
      return answers.map(({ status, body }) => `${status} ${body.code}`);
    };
    expect(
      await codes(
        { kind: 'pigeon', params: {} },
        { kind: 'webhook', params: {} },
        { kind: 'webhook', params: { url, method: 'GET' } },
        { kind: 'slack', params: { url } },
        { kind: 'webhook', params: { url: 'https://user:pass@example.com' } },
        { kind: 'webhook', params: { url: 'ftp://example.com' } },
        { kind: 'teams', secrets: { url: 'https://0x7f.1/' } },
        { kind: 'email', params: { to: ['ada@example.org'] } },
        { kind: 'webhook', params: { url }, secrets: { authorization: 'a\r\nb: c' } },
        { name: 'a\u0007b', kind: 'console' },
      ),
    ).toEqual([
      '400 validation-failed',
      '400 validation-failed',
      '400 validation-failed',
      '400 validation-failed',
      '422 outbound-url-invalid',
      '422 outbound-url-invalid',
      '422 outbound-url-invalid',
      '422 mail-off',
      '400 validation-failed',
      '400 validation-failed',
    ]);
    await acme.made({ name: 'chat', kind: 'console' });
    const twice = await acme.admin('POST', '/channels', { name: 'CHAT', kind: 'console' });
    expect(twice).toMatchObject({ status: 409, body: { code: 'channel-exists' } });
    const keyed = { 'idempotency-key': 'k' };
    const hook = { name: 'hook', kind: 'webhook', params: { url } };
    expect((await acme.admin('POST', '/channels', hook, keyed)).body.code).toBe(
      'idempotency-key-refused',
    );
  });

  it('stays of its kind, and has a secret to rotate only if it signs', async () => {
    const { id } = await acme.made({ kind: 'console' });
    const body = { name: newId(), kind: 'webhook', params: { url: receiver.url() } };
    const changed = await acme.admin('PUT', `/channels/${id}`, body, { 'if-match': '"1"' });
    expect(changed.body.code).toBe('channel-kind-fixed');
    const rotated = await acme.admin('POST', `/channels/${id}/rotate-secret`, {});
    expect(rotated.body.code).toBe('channel-not-signed');
  });

  it('is for whoever manages channels, of its own tenant', async () => {
    const { id } = await acme.webhook(receiver.url());
    const viewer = await acme.as('Viewer');
    expect((await viewer('GET', '/channels')).body.code).toBe('permission-missing');
    expect((await viewer('GET', '/deliveries')).body.code).toBe('permission-missing');
    const { admin: stranger } = await rig.tenant();
    const asked = ['GET /', 'DELETE /', 'POST /test', 'POST /disable', 'POST /rotate-secret'];
    for (const each of asked) {
      const [method = '', path = ''] = each.split(' /');
      const suffix = path === '' ? '' : `/${path}`;
      const body = path === 'rotate-secret' ? {} : undefined;
      const { status } = await stranger(method, `/channels/${id}${suffix}`, body);
      expect([each, status]).toEqual([each, 404]);
    }
    expect(receiver.received).toEqual([]);
  });

  it('is one of so many in a tenant', async () => {
    const { admin, id } = await rig.tenant();
    await rig.sql(
      `insert into channels (tenant_id, id, name, name_key, kind, params, sealed_secrets)
       select $1, gen_random_uuid(), n, n, 'console', '{}', 'x'
       from generate_series(1, $2::int) as i, lateral (select i::text as n) as name`,
      [id, notificationLimits.channelsPerTenant],
    );
    const { status, body } = await admin('POST', '/channels', { name: 'more', kind: 'console' });
    expect([status, body.code]).toEqual([429, 'channel-limit']);
  });
});

it('gives the first tenant the log of the installation as a channel', async () => {
  const rows = await rig.sql(
    `select c.name, c.kind from channels c join tenants t on t.id = c.tenant_id
     where t.slug = 'default'`,
  );
  expect(rows).toEqual([{ name: 'console', kind: 'console' }]);
});

it('has put nothing that is secret into any log, event or audit entry', async () => {
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.filter((line) => /canary|whsec_/.test(line))).toEqual([]);
  const written = await rig.sql<{ text: string }>(
    `select body_text as text from events union all select audit_entries::text from audit_entries
     union all select body from idempotency_keys`,
  );
  expect(written.length).toBeGreaterThan(5);
  expect(written.filter(({ text }) => /canary|whsec_/.test(text))).toEqual([]);
});
