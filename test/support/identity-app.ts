import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { Test } from '@nestjs/testing';
import { type Clock, ManualClock } from '../../src/kernel/clock.js';
import type { Role } from '../../src/kernel/permission.js';
import { Audit } from '../../src/platform/audit/audit.js';
import { CLOCK } from '../../src/platform/clock.js';
import { Config } from '../../src/platform/config/config.js';
import { Database } from '../../src/platform/database/database.js';
import { requestIdOf } from '../../src/platform/http/request-identity.js';
import { ProblemFilter } from '../../src/platform/http/problem.filter.js';
import { SchemaPipe } from '../../src/platform/http/schema.pipe.js';
import { Logger } from '../../src/platform/logging/logger.js';
import { AccessTokenKeys } from '../../src/tenancy/auth/access-token-keys.js';
import { PasswordHasher } from '../../src/tenancy/auth/password-hasher.js';
import { Seed } from '../../src/tenancy/seed.js';
import { TenancyModule } from '../../src/tenancy/tenancy.module.js';
import { createTenant } from '../../src/tenancy/tenants/create-tenant.js';
import { TenantSeeders } from '../../src/tenancy/tenants/tenant-seeder.js';
import { createUser, grantRole } from '../../src/tenancy/users/create-user.js';
import { freshDatabase } from './database.js';

export interface IdentityAppOptions {
  /** Routes of the test's own, behind the real guard. */
  readonly controllers?: Type[];
  readonly providers?: DynamicModule['providers'];
  readonly environment?: Record<string, string>;
  /** False leaves the database as migrated, to test the seed itself. */
  readonly isSeeded?: boolean;
}

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  /** Tests look into answers of every shape. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

export interface Request {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
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
  readonly document: OpenAPIObject;
  readonly seed: Seed;
  send(path: string, request?: Request): Promise<Answer>;
  login(username: string, password?: string, tenant?: string): Promise<Answer>;
  tenant(slug: string): Promise<string>;
  /** Everybody's password is `passwordOf(username)`. */
  user(username: string, roles: Record<string, Role[]>): Promise<string>;
  close(): Promise<void>;
}

export const passwordOf = (username: string) => `the password of ${username}`;

/** The real TenancyModule on a real PostgreSQL and Fastify; only the clock is held. */
export async function identityApp(options: IdentityAppOptions = {}): Promise<IdentityApp> {
  const database = await freshDatabase();
  const home = await mkdtemp(join(tmpdir(), 'tidegate-identity-'));
  const { app: asApp, system } = database;
  const log = Logger.silent();
  const db = await Database.open({
    ...{ app: asApp, system, poolSize: 5, systemPoolSize: 3 },
    log,
  });
  const clock = new ManualClock(Date.now());
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const privateKey = key.export({ type: 'pkcs8', format: 'pem' }).toString();
  const config = Config.read({ TIDEGATE_HOME: home, ...options.environment });
  const testing = await Test.createTestingModule({
    imports: [platform({ db, clock, config, log }), TenancyModule],
    controllers: options.controllers ?? [],
    providers: options.providers ?? [],
  })
    .overrideProvider(AccessTokenKeys)
    .useValue(AccessTokenKeys.fromPem(privateKey))
    .compile();
  const app = testing.createNestApplication<NestFastifyApplication>(
    new FastifyAdapter({ genReqId: requestIdOf }),
    { logger: false },
  );
  app.setGlobalPrefix('api/v1', { exclude: ['.well-known/jwks.json'] });
  app.useGlobalPipes(new SchemaPipe());
  app.useGlobalFilters(new ProblemFilter(log));
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  const document = SwaggerModule.createDocument(app, new DocumentBuilder().build());
  const seed = app.get(Seed);
  if (options.isSeeded !== false) await seed.run();
  const close = async () => {
    await app.close();
    await db.close();
    await database.drop();
    await rm(home, { recursive: true, force: true });
  };
  return { app, db, clock, privateKey, document, seed, close, ...actions(app, db) };
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
    return {
      status: response.statusCode,
      headers: response.headers,
      body: text ? JSON.parse(text) : null,
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
  return { send, login, tenant, user };
}

interface PlatformParts {
  readonly db: Database;
  readonly clock: Clock;
  readonly config: Config;
  readonly log: Logger;
}

function platform({ db, clock, config, log }: PlatformParts): DynamicModule {
  @Module({})
  class TestPlatformModule {}
  const providers = [
    { provide: Database, useValue: db },
    { provide: CLOCK, useValue: clock },
    { provide: Config, useValue: config },
    { provide: Logger, useValue: log },
    Audit,
  ];
  return { module: TestPlatformModule, global: true, providers, exports: providers };
}
