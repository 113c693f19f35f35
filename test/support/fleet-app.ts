/** The real fleet and agent routes on a real PostgreSQL, over real HTTP, with agents made by hand. */
import { generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type Abstract, Global, Module, type Provider } from '@nestjs/common';
import { SignJWT } from 'jose';
import {
  AGENT_AUDIENCE,
  AGENT_TOKEN_TYPE,
  type EnrollResponse,
  type ReportRequest,
} from '../../src/agent/protocol/protocol.js';
import { nodeReported } from '../../src/drivers/targets/agent/nodes.events.js';
import { ReleaseFacts } from '../../src/drivers/targets/agent/release-facts.js';
import { Rollouts } from '../../src/drivers/targets/agent/rollouts.js';
import { STATEMENT_KEYS } from '../../src/drivers/targets/agent/statement-keys.js';
import { Targets } from '../../src/drivers/targets/targets.js';
import type { Target } from '../../src/drivers/targets/target.js';
import { SlotRollouts } from '../../src/deployments/runs/rollouts.queries.js';
import type { ObjectStore } from '../../src/drivers/storage/object-store.js';
import { OBJECT_STORE } from '../../src/drivers/storage/object-store.token.js';
import { EnvironmentDefaultsValidator } from '../../src/fleet/environments/environment-defaults-validator.js';
import type { EnvironmentDefaults } from '../../src/fleet/environments/environment.js';
import { FleetModule } from '../../src/fleet/fleet.module.js';
import { NodesModule } from '../../src/releases/nodes/nodes.module.js';
import { systemClock } from '../../src/kernel/clock.js';
import { DomainError } from '../../src/kernel/errors.js';
import { newId } from '../../src/kernel/ids.js';
import type { Role } from '../../src/kernel/permission.js';
import { newSigningKey, publicKeyText } from '../../src/kernel/signature.js';
import { Audit } from '../../src/platform/audit/audit.js';
import { Config } from '../../src/platform/config/config.js';
import { Context, type OpenContext } from '../../src/platform/context.js';
import { Database } from '../../src/platform/database/database.js';
import { Health } from '../../src/platform/health/health.js';
import { closeHttpApp, createHttpApp } from '../../src/platform/http/create-http-app.js';
import { Logger } from '../../src/platform/logging/logger.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { PlatformModule } from '../../src/platform/platform.module.js';
import { InProcessSignal } from '../../src/platform/signal/in-process-signal.js';
import { Signal } from '../../src/platform/signal/signal.js';
import { StoredReleaseFacts } from '../../src/releases/release-facts.queries.js';
import { PasswordHasher } from '../../src/tenancy/auth/password-hasher.js';
import { Seed } from '../../src/tenancy/seed.js';
import { TenancyModule } from '../../src/tenancy/tenancy.module.js';
import { createTenant } from '../../src/tenancy/tenants/create-tenant.js';
import { TenantSeeders } from '../../src/tenancy/tenants/tenant-seeder.js';
import { createUser, grantRole } from '../../src/tenancy/users/users.store.js';
import { freshDatabase, withClient, type TestDatabase } from './database.js';
import { Events } from '../../src/platform/events/events.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are looked at, not typed
  readonly body: any;
}

interface Call {
  readonly method?: string;
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

interface NodeReport {
  readonly tenantId: string;
  readonly nodeId: string;
  readonly clusterId: string;
  readonly changedModuleIds: readonly string[];
}

export interface TestTenant {
  readonly id: string;
  readonly slug: string;
  /** Access tokens by role. */
  readonly tokens: Readonly<Record<'Viewer' | 'Deployer' | 'Admin', string>>;
}

export class FleetApp {
  readonly reports: NodeReport[] = [];
  /** Overwrite it to serve other bytes, or to hold them back. */
  artifact: () => Readable = () => Readable.from([Buffer.from('artifact')]);
  readonly statementKey = newSigningKey();
  private readonly signal = new InProcessSignal();
  private readonly events = new Events(this.signal);
  db!: Database;
  url!: string;
  private inside!: Awaited<ReturnType<typeof createHttpApp>>;
  private database!: TestDatabase;
  private cleanUp: (() => Promise<unknown>)[] = [];

  static async start(environment: Record<string, string> = {}): Promise<FleetApp> {
    const fleet = new FleetApp();
    fleet.database = await freshDatabase();
    fleet.cleanUp.push(() => fleet.database.drop());
    await fleet.open(environment);
    return fleet;
  }

  /** Another API process of the same control plane. */
  async beside(environment: Record<string, string> = {}): Promise<FleetApp> {
    const fleet = new FleetApp();
    fleet.database = this.database;
    await fleet.open(environment);
    return fleet;
  }

  get<T>(type: Abstract<T>): T {
    return this.inside.get<T>(type, { strict: false });
  }

  get target(): Target {
    return this.get(Targets).get('agent');
  }

  inTenant<T>(tenantId: string, work: (open: OpenContext) => Promise<T>): Promise<T> {
    return this.db.transaction(Context.system(tenantId, 'test'), work);
  }

  /** As the superuser, whom row-level security does not bind. */
  asSuperuser<Row>(statement: string, parameters: unknown[] = []): Promise<Row[]> {
    return withClient(this.database.superuser, async (client) => {
      return (await client.query(statement, parameters)).rows as Row[];
    });
  }

  async call(path: string, call: Call = {}): Promise<Answer> {
    const { method = 'GET', token, body, headers = {}, signal } = call;
    const response = await fetch(`${this.url}/api/v1/${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      body: isJson ? JSON.parse(text) : text,
    };
  }

  async tenant(slug = `t-${randomUUID().slice(0, 8)}`): Promise<TestTenant> {
    const { id } = await createTenant(this.db, this.get(TenantSeeders), { slug, name: slug });
    const entries: [string, string][] = [];
    for (const role of ['Viewer', 'Deployer', 'Admin'] as Role[]) {
      const username = `${role.toLowerCase()}-${slug}`;
      const password = `the password of ${username}`;
      const passwordHash = await this.get(PasswordHasher).hash(password);
      await this.db.system(async (tx) => {
        const userId = (await createUser(tx, { username, passwordHash }))!;
        await grantRole(tx, { tenantId: id, userId, role });
      });
      const login = await this.call('authentication/login', {
        method: 'POST',
        body: { username, password },
      });
      if (login.status !== 200) throw new Error(`login failed: ${JSON.stringify(login.body)}`);
      entries.push([role, login.body.accessToken]);
    }
    return { id, slug, tokens: Object.fromEntries(entries) as TestTenant['tokens'] };
  }

  async enrollmentToken(tenant: TestTenant, body: object = { environment: 'Development' }) {
    const answer = await this.call('nodes/enrollment-tokens', {
      method: 'POST',
      token: tenant.tokens.Admin,
      body,
    });
    if (answer.status !== 201) throw new Error(`no token: ${JSON.stringify(answer.body)}`);
    return answer.body.token as string;
  }

  async agent(tenant: TestTenant, name: string, body?: object): Promise<TestAgent> {
    const agent = new TestAgent(this, name);
    const answer = await agent.enroll(await this.enrollmentToken(tenant, body));
    if (answer.status !== 200) throw new Error(`not enrolled: ${JSON.stringify(answer.body)}`);
    return agent;
  }

  /** A module with releases `1`, `2`, …; the artifact of each has a digest of its own. */
  async module(tenant: TestTenant, name = `m-${randomUUID().slice(0, 8)}`, releases = 2) {
    const moduleId = newId();
    return this.inTenant(tenant.id, async (open) => {
      await open.tx.execute('insert into modules (tenant_id, id, name) values ($1, $2, $3)', [
        tenant.id,
        moduleId,
        name,
      ]);
      const made: { id: string; releaseDigest: string; artifactDigest: string }[] = [];
      for (let number = 1; number <= releases; number += 1) {
        const release = {
          id: newId(),
          releaseDigest: `sha256:${randomUUID().replaceAll('-', '').repeat(2)}`,
          artifactDigest: `sha256:${randomUUID().replaceAll('-', '').repeat(2)}`,
        };
        await open.tx.execute(
          `insert into artifacts (tenant_id, artifact_digest, size, state) values ($1, $2, 8, 'ready')`,
          [tenant.id, release.artifactDigest],
        );
        await open.tx.execute(
          `insert into releases (tenant_id, id, module_id, version, release_digest, artifact_digest,
             manifest_text, created_by) values ($1, $2, $3, $4, $5, $6, '{"schema":1}', 'test')`,
          [
            tenant.id,
            release.id,
            moduleId,
            String(number),
            release.releaseDigest,
            release.artifactDigest,
          ],
        );
        made.push(release);
      }
      return { id: moduleId, name, releases: made };
    });
  }

  async close(): Promise<void> {
    for (const step of this.cleanUp.reverse()) await step();
  }

  private async open(environment: Record<string, string>): Promise<void> {
    const home = await mkdtemp(join(tmpdir(), 'tidegate-fleet-'));
    this.cleanUp.push(() => rm(home, { recursive: true, force: true }));
    const logger = Logger.silent();
    this.events.hearAfter(nodeReported, ({ tenantId }, { subjectId: nodeId, body }) => {
      this.reports.push({ tenantId, nodeId, ...body });
    });
    const { app, system } = this.database;
    this.db = await Database.open({
      app,
      system,
      poolSize: 8,
      systemPoolSize: 3,
      log: logger,
      recorder: this.events,
    });
    this.cleanUp.push(() => this.db.close());
    const config = Config.read({
      TIDEGATE_HOME: home,
      TIDEGATE_LISTEN: '127.0.0.1:0',
      TIDEGATE_RATE_LIMIT_PROFILE: 'report-only',
      TIDEGATE_DEFAULT_APPROVALS: 'none',
      ...environment,
    });
    const module = fleetModule(config, logger, this.providers());
    this.inside = await createHttpApp({ ...module });
    this.cleanUp.push(() => closeHttpApp(this.inside, 1_000));
    await this.inside.listen(0, '127.0.0.1');
    this.url = (await this.inside.getUrl()).replace('[::1]', '127.0.0.1');
    await this.get(Seed).run();
  }

  private providers(): Provider[] {
    const { privateKey, publicKey } = this.statementKey;
    const kid = 'test-key';
    const published = [{ kid, publicKey: publicKeyText(publicKey) }];
    const store: Partial<ObjectStore> = { get: async () => this.artifact() };
    return [
      { provide: Database, useValue: this.db },
      { provide: Signal, useValue: this.signal },
      { provide: Events, useValue: this.events },
      Audit,
      { provide: OBJECT_STORE, useValue: store },
      { provide: STATEMENT_KEYS, useValue: { kid, privateKey, published } },
      { provide: EnvironmentDefaultsValidator, useValue: { check: checkKinds } },
      { provide: ReleaseFacts, useClass: StoredReleaseFacts },
      { provide: Rollouts, useClass: SlotRollouts },
    ];
  }
}

/** Stands in for the registries above the fleet. */
function checkKinds(rules: { defaults: EnvironmentDefaults }): EnvironmentDefaults {
  if (['direct', 'canary'].includes(rules.defaults.strategy.kind)) return rules.defaults;
  throw new DomainError('invalid', 'validation-failed', 'Known strategies: direct, canary.');
}

function fleetModule(config: Config, logger: Logger, providers: Provider[]) {
  const health = new Health(systemClock, logger);
  const metrics = new Metrics();
  const platform = { config, logger, metrics, health, clock: systemClock, providers };
  @Global()
  @Module({ imports: [PlatformModule.forRoot(platform), TenancyModule, FleetModule, NodesModule] })
  class FleetTestModule {}
  return { platform, module: FleetTestModule };
}

/** What an agent says on the wire, and nothing of what it does. */
export class TestAgent {
  readonly privateKey: KeyObject;
  readonly publicKey: string;
  identity!: EnrollResponse;

  constructor(
    readonly fleet: FleetApp,
    readonly name: string,
    pair = generateKeyPairSync('ed25519'),
  ) {
    this.privateKey = pair.privateKey;
    this.publicKey = publicKeyText(pair.publicKey);
  }

  get nodeId(): string {
    return this.identity.nodeId;
  }

  async enroll(token: string, changes: object = {}): Promise<Answer> {
    const { publicKey, name } = this;
    const body = { protocol: 1, token, publicKey, name, labels: { zone: 'a' }, ...changes };
    const answer = await this.fleet.call('agent/enroll', { method: 'POST', body });
    if (answer.status === 200) this.identity = answer.body;
    return answer;
  }

  token(claims: Record<string, unknown> = {}, header: object = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({
      iss: this.nodeId,
      tenant: this.identity.tenantId,
      aud: AGENT_AUDIENCE,
      iat: now,
      exp: now + 60,
      jti: randomUUID(),
      boot: 'boot',
      ...claims,
    })
      .setProtectedHeader({ alg: 'EdDSA', typ: AGENT_TOKEN_TYPE, kid: this.nodeId, ...header })
      .sign(this.privateKey);
  }

  async report(changes: Partial<ReportRequest> = {}, token?: string): Promise<Answer> {
    const body = {
      protocol: 1,
      bootId: 'boot',
      agentVersion: '0.1.0',
      revision: 0,
      observed: [],
      metrics: [],
      ...changes,
    };
    return this.fleet.call('agent/report', {
      method: 'POST',
      token: token ?? (await this.token()),
      body,
    });
  }

  async desired(after: number, waitMs: number, signal?: AbortSignal): Promise<Answer> {
    const nonce = randomUUID();
    return this.fleet.call(`agent/desired?after=${after}&waitMs=${waitMs}&nonce=${nonce}`, {
      token: await this.token(),
      ...(signal ? { signal } : {}),
    });
  }

  async artifact(digest: string, fleet = this.fleet): Promise<Answer> {
    return fleet.call(`agent/artifacts/${digest}`, { token: await this.token() });
  }
}

/** Polls until the check answers something; fails after the deadline. */
export async function eventually<T>(
  check: () => T | undefined | false | Promise<T | undefined | false>,
  deadlineMs = 20_000,
): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const found = await check();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`did not happen within ${deadlineMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
