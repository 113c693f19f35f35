/** What is folded into one entry, and what is taken for an attack: over the whole API, with clocks in hand. */
import { jest } from '@jest/globals';
import { closeFolds } from '../../src/platform/audit/folds/folded.js';
import { Database } from '../../src/platform/database/database.js';
import { Events } from '../../src/platform/events/events.js';
import { breakGlassUsed } from '../../src/deployments/approvals/break-glass/break-glass.events.js';
import { SuspicionWatch } from '../../src/edges/audit/suspicion/suspicion-watch.js';
import { newId } from '../../src/kernel/ids.js';
import { KeyUses } from '../../src/tenancy/access-keys/key-uses.js';
import { DeniedAttempts } from '../../src/tenancy/permissions/denied-attempts.js';
import { MissedIds } from '../../src/tenancy/permissions/missed-ids.js';
import { RefusedTokens } from '../../src/tenancy/permissions/refused-tokens.js';
import { PLATFORM_TENANT } from '../../src/tenancy/tenants/platform-tenant.js';
import { loginFailed } from '../../src/tenancy/auth/authentication.events.js';
import { withClient } from '../support/database.js';
import { HubClient } from '../support/hub-client.js';
import { type Member, WholeApp } from '../support/whole-app.js';

interface Told {
  readonly action: string;
  readonly who: string;
  readonly address: string | null;
  readonly userAgent: string | null;
  readonly count: number;
  readonly kind: string;
}

let whole: WholeApp;
let tenantId: string;
let admin: Member;
beforeAll(async () => {
  whole = await WholeApp.start({ environment: { TIDEGATE_TRUSTED_PROXIES: '127.0.0.1' } });
}, 60_000);
afterAll(() => whole?.close());
beforeEach(async () => {
  tenantId = await whole.tenant(`t-${newId().slice(-12)}`);
  admin = await whole.member(tenantId, 'Admin');
});

const sql = <Row extends object>(text: string, values: unknown[] = []) =>
  withClient(
    whole.database.superuser,
    async (client) => (await client.query<Row>(text, values)).rows,
  );

const told = (action: string, of = tenantId) =>
  sql<Told>(
    `select action, subject_id as who, source_address as address, user_agent as "userAgent",
       (body_text::json ->> 'count')::integer as count, body_text::json ->> 'kind' as kind
     from audit_entries where tenant_id = $1 and action = $2 order by at, id`,
    [of, action],
  );
const suspicions = async (of = tenantId) =>
  (await told('suspicious-activity-detected', of)).map(({ kind }) => kind);

const ask = (token: string | null, path: string, address = '203.0.113.7', method = 'GET') =>
  fetch(`${whole.url}/api/v1/${path}`, {
    method,
    headers: {
      'x-forwarded-for': address,
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    },
  });

const later = () =>
  sql(
    `update audit_folds set began_at = began_at - interval '25 h', due_at = due_at - interval '25 h'`,
  );

async function signIn({ username }: Member, address = '203.0.113.7'): Promise<void> {
  const answer = await fetch(`${whole.url}/api/v1/authentication/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': address },
    body: JSON.stringify({ username, password: `the password of ${username}` }),
  });
  expect(answer.status).toBe(200);
}

async function newKey(): Promise<string> {
  const answer = await fetch(`${whole.url}/api/v1/access-keys`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${admin.token}` },
    body: JSON.stringify({ name: 'ci', permissions: 'deploy' }),
  });
  return ((await answer.json()) as { secret: string }).secret;
}

async function useKey(secret: string, networks: number): Promise<void> {
  for (let network = 0; network < networks; network += 1) {
    await ask(secret, 'environments', `198.51.${network}.1`);
  }
  await whole.get(KeyUses).settled();
}

describe('what is done again and again', () => {
  it('is one sign-in for each network, and then one with the count', async () => {
    const person = await whole.member(tenantId);
    for (let times = 0; times < 3; times += 1) await signIn(person);
    await signIn(person, '198.51.100.1');
    const mine = async () => (await told('logged-in')).filter(({ who }) => who === person.username);
    // The first of each network: that of the test itself, too.
    expect((await mine()).map(({ count }) => count)).toEqual([1, 1, 1]);
    await later();
    await closeFolds(whole.get(Database));
    expect((await mine()).map(({ count }) => count)).toEqual([1, 1, 1, 2]);
  });

  it('is one denied attempt, and then one with the count', async () => {
    const viewer = await whole.member(tenantId);
    for (let times = 0; times < 5; times += 1) await ask(viewer.token, 'roles');
    await whole.get(DeniedAttempts).settled();
    expect((await told('access-denied')).map(({ count }) => count)).toEqual([1]);
  });

  it('is one read of the signing keys, and one use of an access key', async () => {
    for (let times = 0; times < 3; times += 1) await ask(admin.token, 'signing-keys');
    expect((await told('signing-keys-read')).map(({ count }) => count)).toEqual([1]);
    const secret = await newKey();
    await useKey(secret, 1);
    await useKey(secret, 1);
    expect((await told('access-key-used')).map(({ count }) => count)).toEqual([1]);
  });

  it('is an entry for each network and minute of tokens that were refused, however many', async () => {
    const refused = whole.get(RefusedTokens);
    await refused.settled();
    const before = (await told('tokens-refused', PLATFORM_TENANT.id)).length;
    for (let times = 0; times < 10_000; times += 1) refused.note(`192.0.2.${times % 250}`);
    await ask('forged.token.here', 'environments', '192.0.2.9');
    await refused.settled();
    const entries = (await told('tokens-refused', PLATFORM_TENANT.id)).slice(before);
    expect(entries.map(({ who, count }) => [who, count])).toEqual([['192.0.2.0/24', 10_001]]);
  });

  it('has room for so many networks, and counts the others together', async () => {
    const refused = whole.get(RefusedTokens);
    await refused.settled();
    const before = (await told('tokens-refused', PLATFORM_TENANT.id)).length;
    for (let net = 0; net < 1_500; net += 1) refused.note(`10.${net >> 8}.${net & 255}.1`);
    await refused.settled();
    const entries = (await told('tokens-refused', PLATFORM_TENANT.id)).slice(before);
    expect(entries).toHaveLength(201);
    expect(entries.find(({ who }) => who === 'others')!.count).toBe(1_300);
  });
});

describe('an entry of what came over a socket', () => {
  it('says from where and with what', async () => {
    const secret = await newKey();
    const socket = whole.socket(
      { token: secret },
      { extraHeaders: { 'x-forwarded-for': '198.51.100.77', 'user-agent': 'dashboard/1' } },
    );
    await new HubClient(socket).connect();
    await whole.get(KeyUses).settled();
    expect(await told('access-key-used')).toEqual([
      expect.objectContaining({ address: '198.51.100.77', userAgent: 'dashboard/1' }),
    ]);
  });
});

describe('suspicious activity', () => {
  const fail = (username: string, address: string) =>
    whole.inTenant(tenantId, (open) => open.record(loginFailed(username, { address }, 'denied')));

  it('is many failures on one account, told once', async () => {
    for (let n = 0; n < 9; n += 1) await fail('ada', `10.0.${n}.1`);
    expect(await suspicions()).toEqual([]);
    for (let n = 0; n < 5; n += 1) await fail('ada', `10.1.${n}.1`);
    expect(await suspicions()).toEqual(['account-failures']);
  });

  it('is told again in another window, and old failures count no more', async () => {
    const watch = whole.get(SuspicionWatch);
    const clock = (watch as unknown as { clock: { now(): number } }).clock;
    const real = Date.now();
    const now = jest.spyOn(clock, 'now');
    try {
      now.mockImplementation(() => real);
      for (let n = 0; n < 10; n += 1) await fail('grace', `10.2.${n}.1`);
      now.mockImplementation(() => real + 11 * 60_000);
      for (let n = 0; n < 9; n += 1) await fail('grace', `10.2.${n}.1`);
      expect(await suspicions()).toEqual(['account-failures']);
      await fail('grace', '10.2.0.1');
      expect(await suspicions()).toEqual(['account-failures', 'account-failures']);
    } finally {
      now.mockRestore();
    }
  });

  it('is many failures from one network, on whichever accounts', async () => {
    for (let n = 0; n < 50; n += 1) await fail(`person-${n}`, `192.0.2.${n}`);
    expect(await suspicions()).toEqual(['network-failures']);
  });

  it('is a key that is used from many networks', async () => {
    const secret = await newKey();
    await useKey(secret, 4);
    expect(await suspicions()).toEqual([]);
    await useKey(secret, 6);
    expect(await suspicions()).toEqual(['key-networks']);
  });

  it('is somebody who asks for ids of what is not theirs', async () => {
    const missed = whole.get(MissedIds);
    for (let n = 0; n < 99; n += 1) await ask(admin.token, `clusters/${newId()}`);
    await missed.settled();
    expect(await suspicions()).toEqual([]);
    await ask(admin.token, `clusters/${newId()}`);
    await missed.settled();
    expect(await suspicions()).toEqual(['missed-ids']);
  });

  it('is a deployment that starts without approvals when nobody is at work', async () => {
    const watch = whole.get(SuspicionWatch);
    const clock = (watch as unknown as { clock: { now(): number } }).clock;
    const now = jest.spyOn(clock, 'now');
    const listeners = (
      whole.get(Events) as unknown as {
        during: Map<unknown, ((open: unknown, event: unknown) => Promise<void>)[]>;
      }
    ).during.get(breakGlassUsed);
    const use = () =>
      whole.inTenant(tenantId, async (open) => {
        const event = { type: breakGlassUsed, subjectId: newId(), body: { personId: newId() } };
        // Of those who listen the last: the others want a deployment.
        await listeners!.at(-1)!(open, event);
      });
    try {
      now.mockImplementation(() => Date.parse('2026-11-30T12:00:00Z'));
      await use();
      expect(await suspicions()).toEqual([]);
      now.mockImplementation(() => Date.parse('2026-11-29T12:00:00Z'));
      await use();
      expect(await suspicions()).toEqual(['break-glass-out-of-hours']);
    } finally {
      now.mockRestore();
    }
  });

  it('is not what people do on a day: a typing error, a lost page, a laptop at home', async () => {
    const person = await whole.member(tenantId);
    for (let n = 0; n < 3; n += 1) await fail(person.username, '203.0.113.7');
    await signIn(person);
    await signIn(person, '198.51.100.1');
    for (let n = 0; n < 10; n += 1) await ask(admin.token, `clusters/${newId()}`);
    await useKey(await newKey(), 2);
    await whole.get(MissedIds).settled();
    expect(await suspicions()).toEqual([]);
  });
});
