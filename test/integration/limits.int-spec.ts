/** Rate limits as people meet them: two API processes on one database and one Redis, in the profile of production. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ModulesContainer } from '@nestjs/core';
import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';
import { socketsPerAddress } from '../../src/edges/realtime/realtime.settings.js';
import type { RouteFacts } from '../../src/platform/http/route-facts.js';
import { rates } from '../../src/platform/rate-limits/rates.js';
import { Settings } from '../../src/platform/settings/settings.js';
import { PLATFORM_TENANT } from '../../src/tenancy/tenants/platform-tenant.js';
import { TenantDirectory } from '../../src/tenancy/tenants/tenant-directory.js';
import { withClient } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { HubClient } from '../support/hub-client.js';
import { testRedis, type TestRedis } from '../support/redis.js';
import { ServerProcess } from '../support/server-process.js';
import { type Member, WholeApp } from '../support/whole-app.js';

interface Sent {
  readonly method?: string;
  readonly token?: string;
  readonly from?: string;
  readonly body?: unknown;
  readonly version?: number;
}

/** Each process follows what is set. */
const FOLLOWS_MS = 5_000;

let redis: TestRedis;
let whole: WholeApp;
let beside: ServerProcess;
let acme: string;
let viewer: Member, admin: Member, operator: Member;
let hosts = 0;

beforeAll(async () => {
  redis = await testRedis();
  whole = await WholeApp.start({
    environment: {
      TIDEGATE_RATE_LIMIT_PROFILE: 'production',
      TIDEGATE_TRUSTED_PROXIES: '127.0.0.1',
      REDIS_URL: redis.url,
    },
  });
  acme = await whole.tenant('acme');
  viewer = await whole.member(acme, 'Viewer');
  admin = await whole.member(acme, 'Admin');
  operator = await whole.member(PLATFORM_TENANT.id, 'PlatformAdmin');
  beside = await ServerProcess.start('api', { ...whole.variables, TIDEGATE_LOG_FORMAT: 'json' });
}, 120_000);
afterAll(async () => {
  await beside?.stop();
  await whole?.close();
  await redis?.stop();
});

const freshHost = () => `198.51.${(hosts += 1) >> 8}.${hosts & 255}`;

async function send(path: string, sent: Sent = {}, url = whole.url) {
  const { method = 'GET', token, from = freshHost(), body, version } = sent;
  const answer = await fetch(`${url}/api/v1/${path}`, {
    method,
    headers: {
      'x-forwarded-for': from,
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(version === undefined ? {} : { 'if-match': `"${version}"` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each test knows what it asked for
  const json = (await answer.json()) as any;
  const limit = Number(answer.headers.get('x-ratelimit-limit'));
  return { status: answer.status, body: json, limit, headers: answer.headers };
}

async function setLimit(limit: string, perMinute: number | null, { token } = operator) {
  const { body } = await send(`rate-limits/${limit}`, { token });
  return send(`rate-limits/${limit}`, {
    method: 'PUT',
    token,
    version: body.version,
    body: { perMinute },
  });
}

describe('a rate limit', () => {
  it('is changed by whoever runs the platform, and counts in every process', async () => {
    const { token } = await whole.member(acme);
    expect((await send('me', { token })).limit).toBe(600);
    expect((await setLimit('other', 3)).body).toMatchObject({
      limit: 'other',
      setting: 'rate-limits.other',
      perMinute: 3,
      default: 600,
      isSet: true,
      version: 1,
    });
    const changedAt = performance.now();
    const { token: fresh } = await whole.member(acme);
    await eventually(async () => {
      for (const url of [whole.url, beside.url]) {
        const { body } = await send('rate-limits', { token: admin.token }, url);
        const other = (body.limits ?? []).find(({ limit }: { limit: string }) => limit === 'other');
        expect(other?.perMinute ?? 3).toBe(3);
      }
    });
    expect(performance.now() - changedAt).toBeLessThan(FOLLOWS_MS);
    const answers = [];
    for (let at = 0; at < 6; at += 1) {
      answers.push(await send('me', { token: fresh }, at % 2 === 0 ? whole.url : beside.url));
    }
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429, 429, 429]);
    expect(answers[3]!.body).toMatchObject({
      code: 'rate-limited',
      details: { limit: 'other', perMinute: 3, retryAfterSeconds: 20 },
    });
    // They are two whom the others' limit does not bind: the operator has their own.
    await eventually(async () => {
      expect((await setLimit('other', null)).body).toMatchObject({ perMinute: 600, isSet: false });
    }, 60_000);
    await eventually(async () => {
      expect((await send('me', { token: fresh }, beside.url)).status).toBe(200);
    });
  }, 90_000);

  it('is read by a tenant as it holds for it, and changed by nobody of it', async () => {
    const { body } = await send('rate-limits', { token: viewer.token });
    expect(body.profile).toBe('production');
    expect(body.limits.map(({ limit }: { limit: string }) => limit)).toEqual(Object.keys(rates));
    for (const { token } of [viewer, admin]) {
      const put = { method: 'PUT', token, version: 0, body: { perMinute: 9 } };
      expect((await send('rate-limits/other', put)).body.code).toBe('permission-missing');
      expect((await send('rate-limits/other', { token })).body.code).toBe('permission-missing');
    }
  });

  it.each([
    [{ perMinute: 0 }, 0, 'validation-failed'],
    [{ perMinute: 1_000_001 }, 0, 'validation-failed'],
    [{ perMinute: 1.5 }, 0, 'validation-failed'],
    [{}, 0, 'validation-failed'],
    [{ perMinute: 5, forever: true }, 0, 'validation-failed'],
    [{ perMinute: 5 }, 7, 'version-mismatch'],
    [{ perMinute: 5 }, undefined, 'if-match-required'],
  ])('is not changed by %j at version %s', async (body, version, code) => {
    const { token } = operator;
    const put = { method: 'PUT', token, body, ...(version === undefined ? {} : { version }) };
    expect((await send('rate-limits/approvals', put)).body.code).toBe(code);
    expect((await send('rate-limits/nothing', { token })).body.code).toBe('validation-failed');
  });

  it('is multiplied by the tier of the tenant', async () => {
    const other = await whole.tenant('multiplied');
    const { token } = await whole.member(other);
    const numberOf = async () => {
      const { body } = await send('rate-limits', { token });
      return body.limits.find(({ limit }: { limit: string }) => limit === 'other').perMinute;
    };
    const before = await numberOf();
    await withClient(whole.database.superuser, (client) =>
      client.query(
        `update tiers set rate_multiplier = 3 where id in (
        select tier from tenants where id = $1)`,
        [other],
      ),
    );
    await whole.get(TenantDirectory).look();
    expect(await numberOf()).toBe(before * 3);
    await withClient(whole.database.superuser, (client) =>
      client.query(
        `update tiers set rate_multiplier = 1 where id in (
        select tier from tenants where id = $1)`,
        [other],
      ),
    );
    await whole.get(TenantDirectory).look();
  });

  it('of a key is its own, where it was made for fewer', async () => {
    const body = { name: 'slow', permissions: 'read-only', requestsPerMinute: 2 };
    const made = await send('access-keys', { method: 'POST', token: admin.token, body });
    expect(made.body).toMatchObject({ requestsPerMinute: 2 });
    const token = made.body.secret as string;
    const answers = [];
    for (let at = 0; at < 3; at += 1) answers.push(await send('environments', { token }));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(answers[2]!.body.details).toMatchObject({ limit: 'key', perMinute: 2 });
    const none = { ...body, requestsPerMinute: 0 };
    const refused = await send('access-keys', { method: 'POST', token: admin.token, body: none });
    expect(refused.body.code).toBe('validation-failed');
  });
});

describe('signing in', () => {
  const login = (username: string, from: string, password = `the password of ${username}`) =>
    send('authentication/login', { method: 'POST', from, body: { username, password } });

  it('to one name from one address has five tries a minute, right or wrong; elsewhere nobody waits', async () => {
    const { username } = await whole.member(acme);
    const from = freshHost();
    const tries = [];
    for (let at = 0; at < 7; at += 1)
      tries.push(await login(username, from, 'a guess of somebody'));
    expect(tries.slice(0, 5).map(({ body }) => body.code)).toEqual(Array(5).fill('login-failed'));
    expect(tries[6]!.body).toMatchObject({
      code: 'rate-limited',
      details: { limit: 'account', perMinute: 5 },
    });
    expect(Number(tries[6]!.headers.get('retry-after'))).toBeGreaterThan(0);
    // The same name from elsewhere, and another name from there.
    expect((await login(username, freshHost())).status).toBe(200);
    const neighbour = await whole.member(acme);
    expect((await login(neighbour.username, from)).status).toBe(200);
  });

  it('is counted for names that nobody bears alike', async () => {
    const from = freshHost();
    const codes = [];
    for (let at = 0; at < 7; at += 1) codes.push((await login('nobody', from, 'guess')).body.code);
    expect(codes.slice(0, 5)).toEqual(Array(5).fill('login-failed'));
    expect(codes[6]).toBe('rate-limited');
  });
});

describe('live sockets', () => {
  const connect = (member: Member, from: string) =>
    new HubClient(
      whole.socket({ token: member.token }, { extraHeaders: { 'x-forwarded-for': from } }),
    ).connect();

  it('are as many from one address as is set, whoever opens them', async () => {
    const { token } = operator;
    const key = `settings/${socketsPerAddress.key}`;
    const { version } = (await send(key, { token })).body;
    await send(key, { method: 'PUT', token, version, body: { value: 2 } });
    await eventually(() => expect(whole.get(Settings).valueOf(socketsPerAddress)).toBe(2));
    const from = freshHost();
    await connect(viewer, from);
    const second = await connect(admin, from);
    await expect(connect(viewer, from)).rejects.toMatchObject({
      data: { code: 'too-many-sockets' },
    });
    await connect(viewer, freshHost());
    second.socket.disconnect();
    await eventually(async () => {
      await connect(viewer, from);
    });
  });
});

it('every route counts as what it is', () => {
  const counted: string[] = [];
  for (const { controllers } of whole.get(ModulesContainer).values()) {
    for (const { metatype } of controllers.values()) {
      const prototype = (metatype as { prototype: object }).prototype;
      for (const name of Object.getOwnPropertyNames(prototype)) {
        const handler = (prototype as Record<string, unknown>)[name];
        if (typeof handler !== 'function') continue;
        const facts = Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, handler) as
          RouteFacts | undefined;
        if (facts?.rate) counted.push(`${facts.rate} ${metatype!.name}.${name}`);
      }
    }
  }
  expect([...new Set(counted)].sort()).toMatchInlineSnapshot(`
    [
      "approvals DecisionsController.approve",
      "approvals DecisionsController.comment",
      "approvals DecisionsController.reject",
      "approvals DecisionsController.withdraw",
      "clusters ClustersController.create",
      "clusters ClustersController.replace",
      "clusters DrainController.drain",
      "clusters EnvironmentsController.create",
      "clusters EnvironmentsController.replace",
      "clusters NodesController.cordon",
      "clusters NodesController.revoke",
      "clusters NodesController.uncordon",
      "deployments DeploymentsController.create",
      "deployments ReturnsController.retry",
      "none HealthController.detail",
      "signIn AcceptanceController.accept",
      "signIn AccountController.confirmEmail",
      "signIn AuthenticationController.login",
      "signIn AuthenticationController.loginByPasskey",
      "signIn BrowserSessionsController.login",
      "signIn BrowserSessionsController.passkey",
      "signIn BrowserSessionsController.provider",
      "signIn OidcController.callback",
      "signIn OidcController.complete",
      "signIn OidcController.start",
      "signIn PasswordsController.confirmReset",
      "signIn PasswordsController.requestReset",
    ]
  `);
});
