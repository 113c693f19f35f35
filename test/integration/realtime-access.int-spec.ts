import { setTimeout as pause } from 'node:timers/promises';
import { createHmac } from 'node:crypto';
import { ManualClock } from '../../src/kernel/clock.js';
import { limits } from '../../src/kernel/limits.js';
import { newId } from '../../src/kernel/ids.js';
import { Database } from '../../src/platform/database/database.js';
import { closeHttpApp } from '../../src/platform/http/create-http-app.js';
import { Config } from '../../src/platform/config/config.js';
import { AccessTokenKeys } from '../../src/tenancy/token-keys/access-token-keys.js';
import { ACCESS_TOKEN, AccessTokens } from '../../src/tenancy/auth/access-tokens.js';
import { PLATFORM_TENANT } from '../../src/tenancy/tenants/platform-tenant.js';
import { eventually } from '../support/fleet-app.js';
import { HubClient } from '../support/hub-client.js';
import { addEntries, deploymentRow, releaseRows } from '../support/journal-rows.js';
import { WholeApp, type Member } from '../support/whole-app.js';

/** A revocation, an end of the session or another role must have cut the socket after this. */
const CUT_MS = 5_000;
/** For a machine that does something else, too: it is still far from never. */
const SLOW_MS = 5_000;

let whole: WholeApp;
let tenantId: string;
let viewer: Member;
beforeAll(async () => {
  whole = await WholeApp.start();
  tenantId = await whole.tenant('acme');
  viewer = await whole.member(tenantId);
});
afterAll(() => whole?.close());

const hub = (auth?: object, options?: Parameters<WholeApp['socket']>[1]) =>
  new HubClient(whole.socket(auth, options));
const refusal = (client: HubClient) =>
  client.connect().then(
    () => undefined,
    (error: Error & { data?: unknown }) => error.data ?? error.message,
  );
const unauthenticated = {
  code: 'unauthenticated',
  message: expect.stringContaining('Sign in first'),
  id: expect.stringMatching(/^[0-9a-f-]{36}$/),
};

function withOtherAlgorithm(token: string): string {
  const [, payload] = token.split('.');
  const header = Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'at+jwt' })).toString('base64url');
  const signature = createHmac('sha256', '').update(`${header}.${payload}`).digest('base64url');
  return `${header}.${payload}.${signature}`;
}

describe('the handshake', () => {
  it.each<[string, () => object | undefined]>([
    ['no token', () => undefined],
    ['an empty token', () => ({ token: '' })],
    ['garbage', () => ({ token: 'not.a.token' })],
    ['something that is no text', () => ({ token: { $ne: null } })],
    ['a token that is too long', () => ({ token: 'x'.repeat(10_000) })],
    ['a token of another algorithm', () => ({ token: withOtherAlgorithm(viewer.token) })],
    ['the token under another name', () => ({ accessToken: viewer.token })],
  ])('refuses %s', async (_name, auth) => {
    expect(await refusal(hub(auth()))).toEqual(unauthenticated);
  });

  it('does not take a token from the query or a header, where it would be logged', async () => {
    const options = {
      query: { token: viewer.token },
      extraHeaders: { authorization: `Bearer ${viewer.token}` },
    };
    expect(await refusal(hub(undefined, options))).toEqual(unauthenticated);
  });

  it('refuses a page of another origin and takes one of this server', async () => {
    const from = (origin: string) => hub({ token: viewer.token }, { extraHeaders: { origin } });
    expect(await refusal(from('https://evil.example'))).toBe('websocket error');
    expect(await refusal(from(whole.url))).toBeUndefined();
  });

  it('speaks WebSocket only, and only in its own namespace', async () => {
    const polling = await fetch(`${whole.url}/socket.io/?EIO=4&transport=polling`);
    expect(polling.status).toBe(400);
    const root = whole.socket({ token: viewer.token });
    (root as unknown as { nsp: string }).nsp = '/';
    expect(await refusal(new HubClient(root))).toBe('use /hubs/deployment');
  });

  it('leaves so many sockets to one person, and gives places back', async () => {
    const member = await whole.member(tenantId);
    const clients = await Promise.all(
      Array.from({ length: limits.socketsPerUser }, () => hub({ token: member.token }).connect()),
    );
    expect(await refusal(hub({ token: member.token }))).toMatchObject({ code: 'too-many-sockets' });
    clients[0]!.socket.disconnect();
    const isBackIn = () => refusal(hub({ token: member.token })).then((why) => why === undefined);
    await eventually(isBackIn);
  });
});

describe('a message', () => {
  const invalid = {
    code: 'validation-failed',
    message: expect.any(String),
    id: expect.any(String),
  };

  it.each<[string, string, unknown]>([
    ['no body', 'SubscribeToDeployment', undefined],
    ['an id that is none', 'SubscribeToDeployment', { deploymentId: 'x' }],
    ['an id in capitals', 'SubscribeToDeployment', { deploymentId: newId().toUpperCase() }],
    ['an array', 'SubscribeToDeployment', [newId()]],
    ['a text', 'SubscribeToDeployment', newId()],
    ['an unknown field', 'SubscribeToDeployment', { deploymentId: newId(), tenantId: newId() }],
    ['a negative sequence', 'SubscribeToDeployment', { deploymentId: newId(), afterSequence: -1 }],
    ['a broken sequence', 'SubscribeToDeployment', { deploymentId: newId(), afterSequence: 0.5 }],
    ['a sequence as text', 'SubscribeToDeployment', { deploymentId: newId(), afterSequence: '1' }],
    ['bytes', 'SubscribeToDeployment', Buffer.from('x')],
    ['no id', 'UnsubscribeFromDeployment', {}],
    ['a filter', 'SubscribeToAllDeployments', { status: 'Running' }],
    ['a number', 'UnsubscribeFromAllDeployments', 7],
  ])('with %s is answered with what is wrong (%s)', async (_what, message, body) => {
    const client = await hub({ token: viewer.token }).connect();
    expect(await client.ask(message, body)).toEqual({ error: invalid });
    expect(await client.ask('SubscribeToAllDeployments')).toEqual([]);
    client.socket.disconnect();
  });

  it('that nobody knows is answered with those that there are', async () => {
    const client = await hub({ token: viewer.token }).connect();
    for (const name of ['Subscribe', 'constructor', '__proto__', 'disconnecting2']) {
      const { error } = await client.ask(name, {});
      expect(error).toMatchObject({
        code: 'unknown-message',
        message: expect.stringContaining('SubscribeToDeployment'),
      });
    }
    client.socket.disconnect();
  });

  it('needs the permission, whatever the handshake said', async () => {
    const operator = await whole.member(PLATFORM_TENANT.id, 'PlatformAdmin');
    const client = await hub({ token: operator.token }).connect();
    for (const [name, body] of [
      ['SubscribeToAllDeployments', undefined],
      ['UnsubscribeFromAllDeployments', undefined],
      ['SubscribeToDeployment', { deploymentId: newId() }],
      ['UnsubscribeFromDeployment', { deploymentId: newId() }],
    ] as const) {
      expect((await client.ask(name, body)).error.code).toBe('permission-missing');
    }
    client.socket.disconnect();
  });

  it('of more than 128 KiB ends the connection', async () => {
    const client = await hub({ token: viewer.token }).connect();
    const gone = client.disconnected();
    client.socket.emit('SubscribeToDeployment', 'x'.repeat(limits.socketMessageBytes + 1));
    expect(await gone).toMatch(/transport/);
  });

  it('too many are refused, a flood is cut, and others do not notice', async () => {
    const [flooder, other] = [
      await hub({ token: viewer.token }).connect(),
      await hub({ token: viewer.token }).connect(),
    ];
    const gone = flooder.disconnected();
    const codes: string[] = [];
    for (let sent = 0; sent < 1_000; sent += 1) {
      flooder.socket.emit('SubscribeToAllDeployments', {}, (answer: { error?: { code: string } }) =>
        codes.push(answer.error?.code ?? 'ok'),
      );
    }
    expect(await gone).toBe('io server disconnect');
    expect(codes).toContain('too-many-messages');
    expect(await other.ask('SubscribeToAllDeployments')).toEqual([]);
    other.socket.disconnect();
  });

  it('to follow more deployments than are allowed is refused', async () => {
    const rows = await releaseRows(whole, await whole.tenant('many'));
    const member = await whole.member(rows.tenantId);
    const client = await hub({ token: member.token }).connect();
    const ids = await Promise.all(
      Array.from({ length: limits.subscriptionsPerSocket + 1 }, () => deploymentRow(whole, rows)),
    );
    const answers: string[] = [];
    for (const deploymentId of ids) {
      const ask = () => client.ask('SubscribeToDeployment', { deploymentId });
      // The client keeps to the allowed rate by trying again.
      await eventually(async () => {
        const { error } = await ask();
        if (error?.code === 'too-many-messages') {
          // A client that asked again at once would be a flood, and cut.
          await pause(1000 / limits.socketMessagesPerSecond);
          return false;
        }
        answers.push(error?.code ?? 'ok');
        return true;
      });
    }
    expect(new Set(answers.slice(0, -1))).toEqual(new Set(['ok']));
    expect(answers.at(-1)).toBe('too-many-subscriptions');
  }, 60_000);
});

describe('an open socket', () => {
  // Each of somebody of its own, and seconds of waiting: side by side.
  const post = (path: string, token: string) =>
    fetch(`${whole.url}/api/v1/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
    });
  const sql = (statement: string, parameters: unknown[]) =>
    whole.get(Database).system((tx) => tx.execute(statement, parameters));

  it.concurrent.each<[string, (member: Member) => Promise<unknown>]>([
    ['a logout', ({ token }) => post('authentication/logout', token)],
    [
      'the end of the session elsewhere',
      ({ userId }) =>
        sql('update credentials set revoked_at = clock_timestamp() where subject_id = $1', [
          userId,
        ]),
    ],
    [
      'a disabled account',
      ({ userId }) =>
        sql('update users set disabled_at = clock_timestamp() where id = $1', [userId]),
    ],
    [
      'the loss of the role',
      ({ userId }) => sql('delete from memberships where user_id = $1', [userId]),
    ],
    [
      'another role',
      ({ userId, tenantId: id }) =>
        sql(
          `insert into role_bindings (tenant_id, id, built_in_role, subject_kind, subject_id)
           values ($1, gen_random_uuid(), 'Admin', 'user', $2)`,
          [id, userId],
        ),
    ],
    [
      'a deleted tenant',
      ({ tenantId: id }) => sql(`update tenants set status = 'deleting' where id = $1`, [id]),
    ],
  ])(
    `is cut within 5 s of %s, or 10 on a busy machine`,
    async (_what, revoke) => {
      const own = await whole.tenant(`t-${newId()}`);
      const member = await whole.member(own);
      const client = await hub({ token: member.token }).connect();
      // A fresh answer about this person is remembered: the worst case.
      expect(
        (
          await fetch(`${whole.url}/api/v1/authentication/me`, {
            headers: { authorization: `Bearer ${member.token}` },
          })
        ).status,
      ).toBe(200);
      const gone = client.disconnected();
      await revoke(member);
      const began = performance.now();
      expect(await gone).toBe('io server disconnect');
      expect(performance.now() - began).toBeLessThan(CUT_MS + SLOW_MS);
    },
    20_000,
  );

  it.concurrent(
    'of an access key is let in, may what the key may, and is cut when that is revoked',
    async () => {
      const deployer = await whole.member(tenantId, 'Deployer');
      const made = await fetch(`${whole.url}/api/v1/access-keys`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${deployer.token}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({ name: 'ci', permissions: 'read-only' }),
      });
      const { id, secret } = (await made.json()) as { id: string; secret: string };
      const client = await hub({ token: secret }).connect();
      expect(await client.ask('SubscribeToAllDeployments')).toEqual([]);
      expect(await refusal(hub({ token: `${secret.slice(0, -1)}-` }))).toMatchObject({
        code: 'unauthenticated',
      });
      const gone = client.disconnected();
      // As another process would do it: this one remembers an answer.
      await whole.inTenant(tenantId, (open) =>
        open.tx.execute('update access_keys set revoked_at = now() where id = $1', [id]),
      );
      const began = performance.now();
      expect(await gone).toBe('io server disconnect');
      expect(performance.now() - began).toBeLessThan(CUT_MS + SLOW_MS);
      expect(await refusal(hub({ token: secret }))).toMatchObject({ code: 'unauthenticated' });
    },
    20_000,
  );

  it.concurrent(
    'is cut when its token is over, and hears nothing more',
    async () => {
      const rows = await releaseRows(whole, await whole.tenant('expiry'));
      const id = await deploymentRow(whole, rows);
      const member = await whole.member(rows.tenantId);
      const client = await hub({ token: await nearlyOver(member, 6_000) }).connect();
      await client.ask('SubscribeToDeployment', { deploymentId: id });
      const began = performance.now();
      expect(await client.disconnected()).toBe('io server disconnect');
      expect(performance.now() - began).toBeLessThan(6_000 + CUT_MS + SLOW_MS);
      await addEntries(whole, rows.tenantId, id, { count: 1 });
      expect(await refusal(client)).toEqual(unauthenticated);
      const word = { code: 'unauthenticated', message: 'The session has ended. Sign in again.' };
      expect(client.events).toEqual([{ name: 'SocketCut', payload: word }]);
    },
    30_000,
  );

  it.concurrent(
    'stays while nothing changes',
    async () => {
      const member = await whole.member(tenantId);
      const client = await hub({ token: member.token }).connect();
      const began = performance.now();
      await eventually(async () => {
        expect(await client.ask('SubscribeToAllDeployments')).toEqual([]);
        await new Promise((resolve) => setTimeout(resolve, 300));
        return performance.now() - began > 6_000;
      }, 10_000);
      expect(client.socket.connected).toBe(true);
    },
    20_000,
  );
});

describe('a server that stops', () => {
  it('closes its sockets and is gone at once', async () => {
    const other = await WholeApp.start();
    const member = await other.member(await other.tenant('acme'));
    const client = await new HubClient(other.socket({ token: member.token })).connect();
    await client.ask('SubscribeToAllDeployments');
    const gone = client.disconnected();
    const began = performance.now();
    await closeHttpApp(other.app, 5_000);
    expect(await gone).toMatch(/io server disconnect|transport close/);
    expect(performance.now() - began).toBeLessThan(2_500);
    await other.close();
  }, 30_000);
});

/** A token of the member's own session that is good for so many milliseconds more. */
async function nearlyOver(member: Member, leftMs: number): Promise<string> {
  const claims = JSON.parse(
    Buffer.from(member.token.split('.')[1]!, 'base64url').toString(),
  ) as Record<'sid' | 'tenant', string>;
  const keys = whole.get(AccessTokenKeys);
  const config = whole.get(Config);
  const { skewSeconds, lifetimeSeconds } = ACCESS_TOKEN;
  const clock = new ManualClock(Date.now() - (lifetimeSeconds + skewSeconds) * 1000 + leftMs);
  return new AccessTokens(keys, clock, config).issue({
    userId: member.userId,
    username: member.username,
    tenantId: member.tenantId,
    tenantSlug: claims.tenant,
    sessionId: claims.sid,
  });
}
