import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Module, type Provider, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { ManualClock } from '../../src/kernel/clock.js';
import type { Role } from '../../src/kernel/permission.js';
import { Audit } from '../../src/platform/audit/audit.js';
import { Config } from '../../src/platform/config/config.js';
import { Context, type OpenContext } from '../../src/platform/context.js';
import { Database } from '../../src/platform/database/database.js';
import { Events } from '../../src/platform/events/events.js';
import { Health } from '../../src/platform/health/health.js';
import { API_PREFIX, createHttpApp } from '../../src/platform/http/create-http-app.js';
import { ProblemFilter } from '../../src/platform/http/problem.filter.js';
import { requestIdOf } from '../../src/platform/http/request-identity.js';
import { SchemaPipe } from '../../src/platform/http/schema.pipe.js';
import { Logger } from '../../src/platform/logging/logger.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { PlatformModule, type Platform } from '../../src/platform/platform.module.js';
import { PasswordHasher } from '../../src/tenancy/auth/password-hasher.js';
import { Seed } from '../../src/tenancy/seed.js';
import { InProcessSignal } from '../../src/platform/signal/in-process-signal.js';
import { Signal } from '../../src/platform/signal/signal.js';
import { TenancyModule } from '../../src/tenancy/tenancy.module.js';
import { createTenant } from '../../src/tenancy/tenants/create-tenant.js';
import { TenantSeeders } from '../../src/tenancy/tenants/tenant-seeder.js';
import { createUser, grantRole } from '../../src/tenancy/users/users.store.js';
import { freshDatabase, type TestDatabase } from './database.js';
import { quietEvents } from './quiet-events.js';

export interface IdentityAppOptions {
  /** Routes of the test's own, behind the real guard. */
  readonly controllers?: Type[];
  readonly providers?: readonly Provider[];
  readonly environment?: Record<string, string>;
  /** False leaves the database as migrated, to test the seed itself. */
  readonly isSeeded?: boolean;
  /** Lets handlers be that the real start would refuse. */
  readonly isUnchecked?: boolean;
  /** On the database of another, with its files: as a second process of one installation. Close it first. */
  readonly beside?: IdentityApp;
  /** Held with another's hands. */
  readonly clock?: ManualClock;
  readonly logger?: Logger;
}

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  /** Tests look into answers of every shape. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

export interface Request {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly address?: string;
}

export interface IdentityApp {
  readonly app: NestFastifyApplication;
  readonly db: Database;
  readonly clock: ManualClock;
  readonly privateKey: string;
  readonly ground: Ground;
  readonly seed: Seed;
  send(path: string, request?: Request): Promise<Answer>;
  login(username: string, password?: string, tenant?: string): Promise<Answer>;
  tenant(slug: string): Promise<string>;
  /** Everybody's password is `passwordOf(username)`. */
  user(username: string, roles: Record<string, Role[]>): Promise<string>;
  inTenant<T>(tenantId: string, work: (open: OpenContext) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** What the processes of one installation share. */
export interface Ground {
  readonly database: TestDatabase;
  readonly home: string;
  readonly keyFile: string;
  readonly privateKey: string;
  remove(): Promise<void>;
}

async function newGround(): Promise<Ground> {
  const database = await freshDatabase();
  const home = await mkdtemp(join(tmpdir(), 'tidegate-identity-'));
  const keyFile = join(home, 'signing-key.pem');
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const privateKey = key.export({ type: 'pkcs8', format: 'pem' }).toString();
  await writeFile(keyFile, privateKey, { mode: 0o600 });
  const remove = async () => {
    await database.drop();
    await rm(home, { recursive: true, force: true });
  };
  return { database, home, keyFile, privateKey, remove };
}

export const passwordOf = (username: string) => `the password of ${username}`;

/** The real TenancyModule and HTTP side on a real PostgreSQL; only the clock is held. */
export async function identityApp(options: IdentityAppOptions = {}): Promise<IdentityApp> {
  const ground = options.beside?.ground ?? (await newGround());
  const { database, home, keyFile, privateKey } = ground;
  const logger = options.logger ?? Logger.silent();
  const roles = { app: database.app, system: database.system };
  const events = quietEvents();
  const db = await Database.open({
    ...roles,
    poolSize: 5,
    systemPoolSize: 3,
    log: logger,
    recorder: events,
  });
  const clock = options.clock ?? new ManualClock(options.beside?.clock.now() ?? Date.now());
  const config = Config.read({
    TIDEGATE_HOME: home,
    TIDEGATE_SIGNING_KEY_FILE: keyFile,
    TIDEGATE_RATE_LIMIT_PROFILE: 'report-only',
    TIDEGATE_DEFAULT_APPROVALS: 'none',
    ...options.environment,
  });
  const platform: Platform = {
    config,
    logger,
    clock,
    metrics: new Metrics(),
    health: new Health(clock, logger),
    providers: [
      { provide: Database, useValue: db },
      { provide: Signal, useValue: new InProcessSignal() },
      { provide: Events, useValue: events },
      Audit,
    ],
  };

  @Module({
    imports: [PlatformModule.forRoot(platform), TenancyModule],
    controllers: [...(options.controllers ?? [])],
    providers: [...(options.providers ?? [])],
  })
  class TestModule {}

  const starting = options.isUnchecked
    ? uncheckedApp(TestModule, logger)
    : createHttpApp({ platform, module: TestModule });
  const app = await starting.catch(async (error: unknown) => {
    await db.close();
    throw error;
  });
  const seed = app.get(Seed);
  if (options.isSeeded !== false) await seed.run();
  const close = async () => {
    await app.close();
    await db.close();
    if (!options.beside) await ground.remove();
  };
  return { app, db, clock, privateKey, ground, seed, close, ...actions(app, db) };
}

/** Without the check at start and the second lock behind the guard: the guard stands alone. */
async function uncheckedApp(module: Type, logger: Logger): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({ genReqId: requestIdOf });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, { logger: false });
  app.setGlobalPrefix(API_PREFIX, { exclude: ['.well-known/*path', 'health', 'health/*path'] });
  app.useGlobalPipes(new SchemaPipe());
  app.useGlobalFilters(new ProblemFilter(logger));
  await app.init();
  await adapter.getInstance().ready();
  return app;
}

function actions(app: NestFastifyApplication, db: Database) {
  const send = async (path: string, request: Request = {}): Promise<Answer> => {
    const { method = 'GET', token, body, headers = {}, address = '127.0.0.1' } = request;
    const response = await app.inject({
      method,
      url: path.startsWith('/') ? path : `/api/v1/${path}`,
      headers: { ...headers, ...(token ? { authorization: `Bearer ${token}` } : {}) },
      remoteAddress: address,
      ...(body === undefined ? {} : { payload: body as object }),
    });
    const text = response.body;
    const isJson = /json/.test(String(response.headers['content-type']));
    return {
      status: response.statusCode,
      headers: response.headers,
      body: isJson ? JSON.parse(text) : text || null,
    };
  };
  const login = (username: string, password = passwordOf(username), tenant?: string) =>
    send('authentication/login', {
      method: 'POST',
      body: { username, password, ...(tenant ? { tenant } : {}) },
    });
  const tenant = async (slug: string) => {
    const seeders = app.get(TenantSeeders);
    return (await createTenant(db, seeders, { slug, name: slug })).id;
  };
  const user = async (username: string, roles: Record<string, Role[]>) => {
    const passwordHash = await app.get(PasswordHasher).hash(passwordOf(username));
    return db.system(async (tx) => {
      const userId = (await createUser(tx, { username, passwordHash }))!;
      for (const [slug, held] of Object.entries(roles)) {
        const [row] = await tx.query<{ id: string }>('select id from tenants where slug = $1', [
          slug,
        ]);
        for (const role of held) await grantRole(tx, { tenantId: row!.id, userId, role });
      }
      return userId;
    });
  };
  const inTenant = <T>(tenantId: string, work: (open: OpenContext) => Promise<T>) =>
    db.transaction(Context.system(tenantId, 'test'), work);
  return { send, login, tenant, user, inTenant };
}
