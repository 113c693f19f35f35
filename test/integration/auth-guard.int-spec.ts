import { Controller, Get, Post, SetMetadata } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FastifyRequest } from 'fastify';
import { DomainError } from '../../src/kernel/errors.js';
import { Grants } from '../../src/kernel/grants.js';
import { Permission } from '../../src/kernel/permission.js';
import { Context } from '../../src/platform/context.js';
import {
  ACCESS_METADATA,
  AgentOnly,
  Allow,
  Authenticated,
  Public,
} from '../../src/platform/http/access.js';
import { AgentAuthenticator } from '../../src/platform/http/agent-authenticator.js';
import { Ctx } from '../../src/platform/http/ctx.js';
import { TenantSeeders } from '../../src/tenancy/tenants/tenant-seeder.js';
import { withClient, testDatabaseServer } from '../support/database.js';
import { type IdentityApp, identityApp, passwordOf } from '../support/identity-app.js';

@Controller('probe')
class ProbeController {
  @Get('open')
  @Public()
  open() {
    return { open: true };
  }

  @Get('undeclared')
  undeclared() {
    return { reached: true };
  }

  @Get('unknown-kind')
  @SetMetadata(ACCESS_METADATA, { kind: 'everybody' })
  unknownKind() {
    return { reached: true };
  }

  @Get('whoami')
  @Authenticated()
  whoami(@Ctx() ctx: Context) {
    const { tenantId, actor, requestId } = ctx;
    return { tenantId, actor, requestId, permissions: [...ctx.grants.permissions] };
  }

  @Get('environments/:id')
  @Allow(Permission.EnvironmentsRead)
  read(@Ctx() ctx: Context) {
    return { tenantId: ctx.tenantId };
  }

  @Post('environments')
  @Allow(Permission.EnvironmentsManage)
  manage(@Ctx() ctx: Context) {
    return { tenantId: ctx.tenantId };
  }

  @Get('agent')
  @AgentOnly()
  agent(@Ctx() ctx: Context) {
    return { name: ctx.actor.name };
  }
}

/** Stands in for the agent's driver, which is above nothing that this test needs. */
class ProbeAgents extends AgentAuthenticator {
  authenticate(request: FastifyRequest): Promise<Context> {
    const what = request.headers['x-probe'];
    if (what === 'break') throw new Error('the driver broke');
    if (what !== 'node' && what !== 'user') {
      throw new DomainError('unauthenticated', 'unauthenticated', 'not a node');
    }
    const actor = { kind: what, id: 'n1', name: 'node:n1', personId: null } as const;
    const tenantId = '019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f';
    return Promise.resolve(
      new Context({ tenantId, actor, grants: Grants.none, requestId: request.id }),
    );
  }
}

let rig: IdentityApp;
let acme: string;
const tokens: Record<string, string> = {};
const seeded: string[] = [];

beforeAll(async () => {
  rig = await identityApp({
    isUnchecked: true,
    controllers: [ProbeController],
    providers: [{ provide: AgentAuthenticator, useClass: ProbeAgents }],
    environment: { TIDEGATE_PUBLIC_URL: 'http://tidegate.test:8080' },
  });
  rig.app.get(TenantSeeders).register({
    seedTenant: async (ctx: Context) => void seeded.push(ctx.tenantId),
  });
  acme = await rig.tenant('acme');
  await rig.tenant('globex');
  await rig.user('viewer', { acme: ['Viewer'] });
  await rig.user('boss', { acme: ['Admin'] });
  await rig.user('root', { globex: ['Viewer'], platform: ['PlatformAdmin'] });
  await rig.user('pretender', { acme: ['Viewer'] });
  for (const name of ['viewer', 'boss', 'root', 'pretender']) {
    tokens[name] = (await rig.login(name)).body.accessToken;
  }
}, 60_000);

afterAll(() => rig.close());

const get = (path: string, who?: string, headers: Record<string, string> = {}) =>
  rig.send(`probe/${path}`, { headers, ...(who ? { token: tokens[who]! } : {}) });
const post = (who: string, headers: Record<string, string> = {}) =>
  rig.send('probe/environments', { method: 'POST', token: tokens[who]!, headers });

describe('the guard', () => {
  it('closes a handler that says nothing, or something unknown, to everybody', async () => {
    for (const path of ['undeclared', 'unknown-kind']) {
      for (const who of [undefined, 'boss', 'root']) {
        const { status, body } = await get(path, who);
        expect(status).toBeGreaterThanOrEqual(400);
        expect(body).not.toHaveProperty('reached');
      }
    }
    expect((await get('undeclared', 'boss')).body.code).toBe('access-undeclared');
    expect((await get('unknown-kind', 'boss')).body.code).toBe('access-undeclared');
  });

  it('opens public ones to all, whatever token comes along', async () => {
    expect((await get('open')).status).toBe(200);
    expect((await rig.send('probe/open', { token: 'garbage' })).status).toBe(200);
  });

  it('hands on the tenant, the actor and the permissions', async () => {
    const { body } = await get('whoami', 'viewer', { 'x-request-id': 'from-the-caller' });
    expect(body).toMatchObject({
      tenantId: acme,
      actor: { kind: 'user', name: 'viewer' },
      requestId: 'from-the-caller',
    });
    expect(body.actor.personId).toBe(body.actor.id);
    expect(body.permissions.sort()).toEqual([
      'approvals:read',
      'configurations:read',
      'deployments:read',
      'environments:read',
      'fleet:read',
      'releases:read',
      'settings:read',
    ]);
  });

  it('asks for the permission that stands there', async () => {
    expect((await get('environments/1', 'viewer')).status).toBe(200);
    const refused = await post('viewer');
    expect([refused.status, refused.body.code]).toEqual([403, 'permission-missing']);
    expect(refused.body.details).toEqual({
      permission: 'environments:manage',
      roles: ['Admin'],
    });
    expect((await post('boss')).status).toBe(201);
  });

  it('refuses when the question cannot be answered', async () => {
    const other = await identityApp({ controllers: [ProbeController], isUnchecked: true });
    try {
      await other.tenant('acme');
      await other.user('viewer', { acme: ['Viewer'] });
      const token = (await other.login('viewer')).body.accessToken;
      await other.db.close();
      const answer = await other.send('probe/whoami', { token });
      expect(answer.status).toBeGreaterThanOrEqual(500);
      expect(answer.body).not.toHaveProperty('tenantId');
      // No driver provides the agents' authenticator here.
      expect((await other.send('probe/agent')).body).not.toHaveProperty('name');
    } finally {
      await other.close();
    }
  }, 30_000);
});

describe('a route for agents', () => {
  it('takes what the driver vouches for, and only nodes', async () => {
    expect((await get('agent', undefined, { 'x-probe': 'node' })).body).toEqual({
      name: 'node:n1',
    });
    expect((await get('agent', undefined, { 'x-probe': 'user' })).status).toBe(401);
    expect((await get('agent', undefined, { 'x-probe': 'break' })).status).toBe(500);
    expect((await get('agent', 'boss')).status).toBe(401);
  });
});

describe('X-Tenant', () => {
  it('must agree with the token', async () => {
    expect((await get('whoami', 'boss', { 'x-tenant': 'acme' })).status).toBe(200);
    for (const slug of ['globex', 'ACME', '', 'no-such', 'acme, acme']) {
      const { status, body } = await get('whoami', 'boss', { 'x-tenant': slug });
      expect([slug, status, body.code]).toEqual([slug, 403, 'tenant-mismatch']);
    }
  });

  it('is told by the subdomain as well, which must agree with both', async () => {
    const of = (slug: string, name: string, headers: Record<string, string> = {}) =>
      get('whoami', name, { ...headers, host: `${slug}.tidegate.test:8080` });
    expect((await of('acme', 'boss')).status).toBe(200);
    expect((await of('acme', 'boss', { 'x-tenant': 'acme' })).status).toBe(200);
    const refused = [of('globex', 'boss'), of('acme', 'root', { 'x-tenant': 'globex' })];
    for (const { status, body } of await Promise.all(refused)) {
      expect([status, body.code]).toEqual([403, 'tenant-mismatch']);
    }
    expect((await of('acme', 'root')).body.tenantId).toBe(acme);
  });

  it('lets a platform admin look into any tenant', async () => {
    const { status, body } = await get('environments/1', 'root', { 'x-tenant': 'acme' });
    expect([status, body.tenantId]).toEqual([200, acme]);
    const whoami = await get('whoami', 'root', { 'x-tenant': 'acme' });
    expect(whoami.body.permissions).not.toContain('environments:manage');
    expect((await get('whoami', 'root', { 'x-tenant': 'no-such' })).status).toBe(404);
    expect((await get('whoami', 'root', { 'x-tenant': `x' or 1=1` })).status).toBe(404);
  });

  it('lets a platform admin change something with a reason, which is audited there', async () => {
    for (const reason of [undefined, '', '   ', 'x'.repeat(501)]) {
      const headers = { 'x-tenant': 'acme', ...(reason ? { 'x-act-as-reason': reason } : {}) };
      const { status, body } = await post('root', headers);
      expect([status, body.code]).toEqual([403, 'act-as-reason-required']);
    }
    const headers = { 'x-tenant': 'acme', 'x-act-as-reason': 'ticket 4711' };
    const { status, body } = await post('root', headers);
    expect([status, body.tenantId]).toEqual([201, acme]);
    const entries = await auditIn(acme);
    expect(entries).toEqual([{ actor: 'root', body: expect.stringContaining('ticket 4711') }]);
  });

  it('counts the role in the reserved tenant only', async () => {
    await expect(rig.user('imposter', { acme: ['PlatformAdmin'] })).rejects.toThrow(
      'violates check constraint',
    );
    const refused = await get('whoami', 'pretender', { 'x-tenant': 'globex' });
    expect([refused.status, refused.body.code]).toEqual([403, 'tenant-mismatch']);
    expect((await rig.login('root', passwordOf('root'))).body.user).toMatchObject({
      tenant: 'globex',
      roles: ['PlatformAdmin', 'Viewer'],
    });
  });
});

describe('a new tenant', () => {
  it('is seeded by every module that registered', async () => {
    const id = await rig.tenant('fresh');
    expect(seeded).toContain(id);
  });

  it.each(['fresh', 'platform', 'Upper', '-x', ''])('cannot be called "%s"', async (slug) => {
    await rig.tenant('fresh').catch(() => undefined);
    await expect(rig.tenant(slug)).rejects.toThrow(DomainError);
  });
});

async function auditIn(tenantId: string) {
  const [row] = await rig.db.system((tx) =>
    tx.query<{ name: string }>('select current_database() as name'),
  );
  const connection = { ...testDatabaseServer().superuser, database: row!.name };
  return withClient(connection, async (client) => {
    const { rows } = await client.query<Record<string, string>>(
      `select actor, body_text as body from audit_entries
       where tenant_id = $1 and action = 'acted-as-platform-admin'`,
      [tenantId],
    );
    return rows;
  });
}
