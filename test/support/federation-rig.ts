/** A tenant that lets pipelines of a local issuer in, behind the real guard. */
import { Controller, Get, Post } from '@nestjs/common';
import { newId } from '../../src/kernel/ids.js';
import { Permission } from '../../src/kernel/permission.js';
import { Context } from '../../src/platform/context.js';
import { Allow, Authenticated } from '../../src/platform/http/access.js';
import { Ctx } from '../../src/platform/http/ctx.js';
import { bindRole, removeRolesOf } from '../../src/tenancy/permissions/role-bindings.store.js';
import { Operation } from '../../src/platform/http/operation.js';
import { CiIssuer, githubJob } from './ci-issuer.js';
import { type Answer, type IdentityApp, identityApp } from './identity-app.js';

const words = { summary: 'A probe', description: 'For this test alone.', errors: [] };

@Controller('probe')
class ProbeController {
  @Get('whoami')
  @Authenticated()
  @Operation(words)
  whoami(@Ctx() ctx: Context) {
    const { tenantId, actor, grants } = ctx;
    return { tenantId, actor, permissions: [...grants.permissions].sort() };
  }

  @Post('deploy/shop/production')
  @Allow(Permission.DeploymentsCreate)
  @Operation(words)
  deployShop(@Ctx() ctx: Context) {
    ctx.require(Permission.DeploymentsCreate, { module: 'shop', environment: 'Production' });
    return { done: true };
  }

  @Post('deploy/shop/staging')
  @Allow(Permission.DeploymentsCreate)
  @Operation(words)
  deployStaging(@Ctx() ctx: Context) {
    ctx.require(Permission.DeploymentsCreate, { module: 'shop', environment: 'Staging' });
    return { done: true };
  }

  @Post('deploy/bank/production')
  @Allow(Permission.DeploymentsCreate)
  @Operation(words)
  deployBank(@Ctx() ctx: Context) {
    ctx.require(Permission.DeploymentsCreate, { module: 'bank', environment: 'Production' });
    return { done: true };
  }
}

export const mainRule = {
  name: 'main',
  clauses: [
    { claim: 'repository_id', oneOf: ['718293104'], label: 'acme/shop' },
    { claim: 'repository_owner_id', oneOf: ['9919'] },
    { claim: 'ref', oneOf: ['refs/heads/main', 'refs/tags/v*'] },
  ],
};

export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const JWT = 'urn:ietf:params:oauth:token-type:jwt';
export const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export class FederationRig {
  private tokens = new Map<string, { readonly token: string; readonly at: number }>();

  private constructor(
    readonly app: IdentityApp,
    readonly issuer: CiIssuer,
    readonly acme: string,
  ) {}

  static async start(allow = '127.0.0.0/8'): Promise<FederationRig> {
    const environment: Record<string, string> = allow ? { TIDEGATE_OUTBOUND_ALLOW: allow } : {};
    const app = await identityApp({ controllers: [ProbeController], environment });
    const issuer = await CiIssuer.start(app.clock);
    const acme = await app.tenant('acme');
    await app.tenant('globex');
    await app.user('boss', { acme: ['Admin'] });
    await app.user('rival', { globex: ['Admin'] });
    await app.user('viewer', { acme: ['Viewer'] });
    return new FederationRig(app, issuer, acme);
  }

  async close(): Promise<void> {
    await this.issuer.close();
    await this.app.close();
  }

  /** Signed in within the last four minutes: a proof is good for five. */
  async as(who: string): Promise<string> {
    const known = this.tokens.get(who);
    const now = this.app.clock.now();
    if (known && now - known.at < 240_000) return known.token;
    const token = (await this.app.login(who)).body.accessToken as string;
    this.tokens.set(who, { token, at: now });
    return token;
  }

  async call(
    who: string,
    name: `${Method} ${string}`,
    body?: unknown,
    headers: Record<string, string> = {},
  ) {
    const [method, path] = name.split(' ') as [Method, string];
    const token = await this.as(who);
    return this.app.send(path, { method, token, headers, ...(body === undefined ? {} : { body }) });
  }

  /** With what is named instead of what it is. */
  async replace(id: string, change: object, who = 'boss'): Promise<Answer> {
    const { body } = await this.call('boss', `GET federated-identities/${id}`);
    const { description, rules, permissions, modules, environments } = body;
    const now = { description, rules, permissions, modules, environments };
    const headers = { 'if-match': `"${body.version}"` };
    return this.call(who, `PUT federated-identities/${id}`, { ...now, ...change }, headers);
  }

  /** Somebody in acme with a role of these permissions alone. */
  async customRole(username: string, permissions: string[]): Promise<void> {
    const userId = await this.app.user(username, { acme: ['Viewer'] });
    await this.app.db.transaction(Context.system(this.acme, 'test'), async (open) => {
      const subject = { kind: 'user', id: userId } as const;
      await removeRolesOf(open, subject);
      const id = newId();
      await open.tx.execute(
        `insert into roles (tenant_id, id, name, name_key, permissions) values ($1, $2, $3, $3, $4)`,
        [this.acme, id, username, permissions],
      );
      await bindRole(open, { role: { id }, subject });
    });
  }

  /** The id of a new identity for jobs of GitHub’s form at the local issuer. */
  async identity(name: string, more: object = {}): Promise<string> {
    const answer = await this.call('boss', 'POST federated-identities', {
      name,
      issuerKind: 'github',
      issuer: this.issuer.url,
      audience: 'tidegate:acme:ci',
      rules: [mainRule],
      permissions: 'deploy',
      modules: ['shop'],
      environments: ['Production'],
      ...more,
    });
    if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
    return answer.body.id as string;
  }

  /** As if it had been made long ago: whatever the clock says, and whether or not its issuer answers. */
  async plant(name: string, { issuer = this.issuer.url, audience = 'tidegate:acme:ci' } = {}) {
    await this.app.db.transaction(Context.system(this.acme, 'test'), ({ tx }) =>
      tx.execute(
        `insert into federated_identities (tenant_id, id, name, issuer_kind, issuer, audience, rules,
           permissions, created_by)
         values ($1, gen_random_uuid(), $2, 'github', $3, $4, $5, '{}', 'test')`,
        [this.acme, name, issuer, audience, JSON.stringify([mainRule])],
      ),
    );
  }

  job(more: Record<string, unknown> = {}, header: Record<string, unknown> = {}): Promise<string> {
    return this.issuer.token({ ...githubJob, ...more }, header);
  }

  exchange(token: string, more: object = {}): Promise<Answer> {
    return this.app.send('authentication/token', {
      method: 'POST',
      body: {
        grant_type: TOKEN_EXCHANGE,
        subject_token: token,
        subject_token_type: JWT,
        ...more,
      },
    });
  }

  /** A token for the job, exchanged. */
  async workload(more: Record<string, unknown> = {}): Promise<string> {
    const answer = await this.exchange(await this.job(more));
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    return answer.body.access_token as string;
  }

  send(token: string, name: `${'GET' | 'POST'} ${string}`): Promise<Answer> {
    const [method, path] = name.split(' ') as ['GET' | 'POST', string];
    return this.app.send(path, { method, token });
  }
}
