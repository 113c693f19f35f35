import { jest } from '@jest/globals';
import type { Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { OpenAPIObject } from '@nestjs/swagger';
import { entriesOf } from '../../src/apps/docs/permissions-page.js';
import { ManualClock } from '../../src/kernel/clock.js';
import { newId } from '../../src/kernel/ids.js';
import { Config } from '../../src/platform/config/config.js';
import { AccessTokenKeys } from '../../src/tenancy/token-keys/access-token-keys.js';
import { ACCESS_COUNT_METADATA } from '../../src/platform/http/access.js';
import { checkAccess, handlersOf } from '../../src/platform/http/access-check.js';
import { ACCESS_TOKEN, AccessTokens } from '../../src/tenancy/auth/access-tokens.js';
import { PLATFORM_TENANT } from '../../src/tenancy/tenants/platform-tenant.js';
import { openapiFaults } from '../support/openapi-assertions.js';
import { limits } from '../../src/kernel/limits.js';
import { unauthorizedRoutes } from '../support/unauthorized-routes.js';
import { WholeApp } from '../support/whole-app.js';

/** Whoever adds a line here has to say why nobody needs to be signed in. */
const PUBLIC_ROUTES = [
  // They are how somebody gets signed in.
  'POST /api/v1/authentication/login',
  'POST /api/v1/authentication/passkey',
  'POST /api/v1/authentication/passkey/options',
  'POST /api/v1/authentication/refresh',
  // The same by an identity provider: which there are, there, back, and the tokens.
  'GET /api/v1/authentication/providers',
  'GET /api/v1/authentication/oidc/{id}/start',
  'GET /api/v1/authentication/oidc/{id}/callback',
  'POST /api/v1/authentication/oidc/complete',
  // The same for pages of this server, which get a cookie.
  'POST /api/v1/authentication/browser/login',
  'POST /api/v1/authentication/browser/passkey',
  'POST /api/v1/authentication/browser/oidc',
  // A pipeline brings a token of its own issuer.
  'POST /api/v1/authentication/token',
  // Bring tokens of their own, good for one use, or ask that one be mailed.
  'POST /api/v1/authentication/invitations/accept',
  'POST /api/v1/authentication/password-reset',
  'POST /api/v1/authentication/password-reset/confirm',
  'POST /api/v1/authentication/email-change/confirm',
  // 404 outside demo mode; in it the credentials are well known anyway.
  'GET /api/v1/authentication/demo-credentials',
  // Is signed with the secret of its gate.
  'POST /api/v1/approvals/external/{gate}/callback',
  // Brings a token of its own, good for one enrolment.
  'POST /api/v1/agent/enroll',
  // For editors; it is in the documentation as well.
  'GET /api/v1/schemas/manifest',
  // Probes say one word; public keys are public.
  'GET /health/live',
  'GET /health/ready',
  'GET /.well-known/jwks.json',
];

let whole: WholeApp;
let document: OpenAPIObject;
beforeAll(async () => {
  // Every route is asked several times from one address, by nobody in particular.
  jest.replaceProperty(limits, 'strangerRequestsBurst', 10_000 as 300);
  whole = await WholeApp.start({ isWorker: true });
  document = (await (await fetch(`${whole.url}/api/openapi.json`)).json()) as OpenAPIObject;
});
afterAll(() => whole?.close());

/** Right in everything but the time, and by no more than it must be. */
async function expiredToken(): Promise<string> {
  const member = await whole.member(await whole.tenant('acme'), 'Admin');
  const payload = member.token.split('.')[1]!;
  const { sid } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { sid: string };
  const { lifetimeSeconds, skewSeconds } = ACCESS_TOKEN;
  const clock = new ManualClock(Date.now() - (lifetimeSeconds + skewSeconds + 1) * 1000);
  const { tenantId, userId, username } = member;
  return new AccessTokens(whole.get(AccessTokenKeys), clock, whole.get(Config)).issue({
    tenantId,
    userId,
    username,
    tenantSlug: 'acme',
    sessionId: sid,
  });
}

describe('the whole API', () => {
  it('refuses a caller who is not signed in on every route that is not listed', async () => {
    const { checked, faults } = await unauthorizedRoutes({
      document,
      publicRoutes: PUBLIC_ROUTES,
      expiredToken: await expiredToken(),
      send: async ({ method, path, authorization }) => {
        const answer = await fetch(`${whole.url}${path}`, {
          method,
          headers: authorization ? { authorization } : {},
        });
        await answer.arrayBuffer();
        return answer.status;
      },
    });
    expect(faults).toEqual([]);
    expect(checked).toBeGreaterThanOrEqual(40);
  });

  it('opens nothing but /scim/v2 to a directory', async () => {
    const { token } = await whole.member(await whole.tenant('directed'), 'Admin');
    const made = await fetch(`${whole.url}/api/v1/directory-tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'Entra ID' }),
    });
    const { secret } = (await made.json()) as { secret: string };
    const paths = Object.keys(document.paths).filter((path) => !path.startsWith('/scim/'));
    const others = Object.fromEntries(paths.map((path) => [path, document.paths[path]!]));
    const { checked, faults } = await unauthorizedRoutes({
      document: { ...document, paths: others },
      publicRoutes: PUBLIC_ROUTES,
      expiredToken: secret,
      send: async ({ method, path, authorization }) => {
        const headers: Record<string, string> = authorization ? { authorization } : {};
        return (await fetch(`${whole.url}${path}`, { method, headers })).status;
      },
    });
    expect(faults).toEqual([]);
    expect(checked).toBeGreaterThanOrEqual(100);
    const own = await fetch(`${whole.url}/scim/v2/Users`, {
      headers: { authorization: `Bearer ${secret}` },
    });
    expect(own.status).toBe(200);
  });

  it('describes every operation: words, schemas, examples, errors', () => {
    expect(openapiFaults(document)).toEqual([]);
    const areas = new Set(
      Object.keys(document.paths).map((path) => path.split('/').slice(0, 4).join('/')),
    );
    for (const area of ['agent', 'authentication', 'clusters', 'deployments', 'environments']) {
      expect(areas).toContain(`/api/v1/${area}`);
    }
    for (const area of ['modules', 'nodes', 'signing-keys']) {
      expect(areas).toContain(`/api/v1/${area}`);
    }
  });

  it('answers an id of nobody with a problem, never with a 500', async () => {
    const { token } = await whole.member(await whole.tenant('globex'), 'Admin');
    const faults: string[] = [];
    let asked = 0;
    for (const [template, item] of Object.entries(document.paths)) {
      if (!item.get || !template.includes('{') || template.includes('/agent/')) continue;
      // Of a directory, whose token is of another kind: scim.int-spec.ts.
      if (template.startsWith('/scim/')) continue;
      // Not the tenant's: whoever may not look there hears that first.
      if (isOfPlatform(template)) continue;
      // Whatever the id, no browser has begun a sign-in there.
      if (template.endsWith('/oidc/{id}/callback')) continue;
      // Lists by what entries are about: of nobody there are none.
      if (/audit-logs\/(deployments|approvals|authentication)\//.test(template)) continue;
      const url = `${whole.url}${template.replaceAll(/\{[^}]+\}/g, () => newId())}`;
      const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
      const type = answer.headers.get('content-type');
      asked += 1;
      if ([400, 404].includes(answer.status) && type?.includes('problem+json')) continue;
      faults.push(`GET ${template} answered ${answer.status} (${type})`);
    }
    expect(faults).toEqual([]);
    expect(asked).toBeGreaterThanOrEqual(8);
  });
});

/** What the tenant, the role or the right of somebody else would be called. */
const SMUGGLED = { tenantId: newId(), isPlatformAdmin: true };

describe('the house', () => {
  it('has one of each provider: of two, each half would know what the other does not', () => {
    const homes = new Map<unknown, string[]>();
    for (const module of whole.get(ModulesContainer).values()) {
      for (const [token, { isAlias, metatype }] of module.providers) {
        // Nest gives each module some of its own.
        if (isAlias || token === module.metatype || typeof token !== 'function') continue;
        if (metatype === null || ['ModuleRef', 'ApplicationConfig'].includes(token.name)) continue;
        homes.set(token, [...(homes.get(token) ?? []), module.name]);
      }
    }
    const doubled = [...homes].filter(([, modules]) => modules.length > 1);
    expect(homes.size).toBeGreaterThan(150);
    expect(doubled.map(([token, modules]) => [(token as Type).name, modules])).toEqual([]);
  });
});

describe('every route of the document', () => {
  const routes = () =>
    entriesOf({ document, handlers: checkAccess(whole.get(ModulesContainer)) })
      .filter(({ name }) => !name.startsWith('socket '))
      .map(({ name, access }) => {
        const [method, path] = name.split(' ') as [string, string];
        return { name, access, method, path };
      });
  const urlOf = (path: string) =>
    whole.url +
    path
      .replace('{name}', 'orders')
      .replace('{environment}', 'QA')
      .replace('{version}', '1.0.0')
      .replaceAll(/\{[^}]+\}/g, () => newId());

  it('has a handler that says exactly once who may call it, and so has every message', () => {
    const handlers = checkAccess(whole.get(ModulesContainer));
    const http = handlers.filter(({ transport }) => transport === 'http');
    expect(http).toHaveLength(routes().length);
    for (const handler of handlersOf(whole.get(ModulesContainer))) {
      const count: unknown = Reflect.getMetadata(ACCESS_COUNT_METADATA, handler.target);
      expect([handler.label, count]).toEqual([handler.label, 1]);
    }
  });

  it('refuses fields of a body that it does not know, tenant and right among them', async () => {
    const member = await whole.member(await whole.tenant('smuggler'), 'Admin');
    const operator = await whole.member(PLATFORM_TENANT.id, 'PlatformAdmin');
    const faults: string[] = [];
    let asked = 0;
    for (const { name, access, method, path } of routes()) {
      const operation = document.paths[path]![method.toLowerCase() as 'post'];
      const json = bodyOf(operation);
      // Nodes have a token of their own kind: agent-refusals.int-spec.ts.
      if (!json || access.kind === 'agent') continue;
      asked += 1;
      const { token } = isOfPlatform(path) ? operator : member;
      const answer = await fetch(urlOf(path), {
        method,
        headers: {
          'content-type': 'application/json',
          'if-match': '"1"',
          ...(access.kind === 'public' ? {} : { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify({ ...(json.example as object), ...SMUGGLED }),
      });
      const { code, details } = (await answer.json()) as { code: string; details?: object };
      const told = JSON.stringify(details ?? {});
      const isNamed = Object.keys(SMUGGLED).every((field) => told.includes(field));
      if (answer.status === 400 && code === 'validation-failed' && isNamed) continue;
      faults.push(`${name} answered ${answer.status} ${code} ${told}`);
    }
    expect(faults).toEqual([]);
    expect(asked).toBeGreaterThanOrEqual(15);
  });

  it('takes the tenant from the token alone: a header that names another is refused or not read', async () => {
    const own = await whole.tenant('own-tenant');
    await whole.tenant('other-tenant');
    const member = await whole.member(own, 'Admin');
    const operator = await whole.member(PLATFORM_TENANT.id, 'PlatformAdmin');
    const ask = async (
      method: string,
      path: string,
      headers: Record<string, string>,
      { token } = member,
    ) => {
      const given = { authorization: `Bearer ${token}`, ...headers };
      const answer = await fetch(urlOf(path), { method, headers: given });
      return { status: answer.status, text: await answer.text() };
    };
    // A refusal (of a query that lacks something) has an id of its own.
    const told = ({ text }: { text: string }) => text.replace(/,"id":"[^"]{36}"/, '');
    type Asking = () => Promise<{ status: number; text: string }>;
    /** Between two questions a log may have grown; what is another answer stays one. */
    const areSame = async (plain: Asking, other: Asking) => {
      for (let times = 0; times < 5; times += 1) {
        if (told(await plain()) === told(await other())) return true;
      }
      return false;
    };
    const faults: string[] = [];
    for (const { name, access, method, path } of routes()) {
      if (['public', 'agent', 'directory'].includes(access.kind)) continue;
      const { status, text } = await ask(method, path, { 'x-tenant': 'other-tenant' });
      if (status !== 403 || !text.includes('"tenant-mismatch"')) faults.push(`${name}: ${text}`);
      if (method !== 'GET' || path.includes('{') || path.includes('/me/')) continue;
      const asker = isOfPlatform(path) ? operator : member;
      const plain = () => ask(method, path, {}, asker);
      const named = () => ask(method, path, { 'x-tenant-id': newId() }, asker);
      if (!(await areSame(plain, named))) faults.push(`${name} reads X-Tenant-Id`);
      const asked = () => ask(method, `${path}?tenantId=${newId()}`, {}, asker);
      const isRefused = (await asked()).status === 400;
      if (!isRefused && !(await areSame(plain, asked))) faults.push(`${name} reads ?tenantId`);
    }
    expect(faults).toEqual([]);
  });
});

/** What is no tenant's, whoever wears which role in one. */
const isOfPlatform = (path: string) =>
  /^\/api\/v1\/(platform|tenants|tiers|rate-limits)(\/|$)/.test(path);

function bodyOf(operation: unknown): { readonly example?: unknown } | undefined {
  const { requestBody } = operation as {
    requestBody?: { content?: Record<string, { example?: unknown }> };
  };
  return requestBody?.content?.['application/json'];
}
