import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { type CanActivate, type ExecutionContext, Module, type Type } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { DriversModule } from '../../src/drivers/drivers.module.js';
import { systemClock } from '../../src/kernel/clock.js';
import { newId } from '../../src/kernel/ids.js';
import { Grants } from '../../src/kernel/grants.js';
import { permissionsOfRole, type Role } from '../../src/kernel/permission.js';
import { Audit } from '../../src/platform/audit/audit.js';
import { Config } from '../../src/platform/config/config.js';
import { Context } from '../../src/platform/context.js';
import { Database } from '../../src/platform/database/database.js';
import { Events } from '../../src/platform/events/events.js';
import { Health } from '../../src/platform/health/health.js';
import { closeHttpApp, createHttpApp } from '../../src/platform/http/create-http-app.js';
import { Logger } from '../../src/platform/logging/logger.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { PlatformModule } from '../../src/platform/platform.module.js';
import { InProcessSignal } from '../../src/platform/signal/in-process-signal.js';
import { Signal } from '../../src/platform/signal/signal.js';
import { ReleasesModule } from '../../src/releases/releases.module.js';
import { freshDatabase, withClient } from './database.js';
import { quietEvents } from './quiet-events.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Each test knows what it asked for. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

export interface SendOptions {
  readonly method?: string;
  readonly tenantId?: string;
  readonly role?: Role;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

export interface ReleasesApp {
  readonly url: string;
  readonly db: Database;
  readonly tenantId: string;
  get<T>(type: Type<T>): T;
  send(path: string, options?: SendOptions): Promise<Answer>;
  tenant(): Promise<string>;
  environment(tenantId: string, name: string): Promise<string>;
  readonly storeFolder: string;
  /** Every file in the store, relative to it. */
  files(): Promise<string[]>;
  /** How many rows there are in the tables that a push writes, of all tenants. */
  rows(): Promise<Record<string, number>>;
  sql<T>(statement: string, parameters?: unknown[]): Promise<T[]>;
  close(): Promise<void>;
}

export const NOTHING = { modules: 0, artifacts: 0, releases: 0, audit_entries: 0 };

const DRAIN_MS = 500;

/** One person: idempotency keys belong to one. */
const TESTER = newId();

/** Stands for the guard of identity: headers say who asks. */
class HeaderGuard implements CanActivate {
  canActivate(execution: ExecutionContext): boolean {
    const request = execution.switchToHttp().getRequest<FastifyRequest>();
    const tenantId = request.headers['x-test-tenant'];
    if (typeof tenantId !== 'string') return true;
    request.context = new Context({
      tenantId,
      actor: { kind: 'user', id: TESTER, name: 'tester', personId: null },
      grants: Grants.everywhere(
        permissionsOfRole[request.headers['x-test-role'] as Role],
        'the test',
      ),
      requestId: request.id,
    });
    return true;
  }
}

/** The real module of releases behind the real HTTP side, on a real PostgreSQL and a real folder. */
export async function releasesApp(environment: Record<string, string> = {}): Promise<ReleasesApp> {
  const database = await freshDatabase();
  const home = await mkdtemp(join(tmpdir(), 'tidegate-releases-'));
  const storeFolder = join(home, 'artifacts');
  const logger = Logger.silent();
  const config = Config.read({
    TIDEGATE_HOME: home,
    TIDEGATE_LISTEN: '127.0.0.1:0',
    TIDEGATE_RATE_LIMIT_PROFILE: 'report-only',
    TIDEGATE_DEFAULT_APPROVALS: 'none',
    ...environment,
  });
  const { app: asApp, system } = database;
  const events = quietEvents();
  const db = await Database.open({
    app: asApp,
    system,
    poolSize: 8,
    systemPoolSize: 2,
    log: logger,
    recorder: events,
  });
  const health = new Health(systemClock, logger);
  const platform = {
    config,
    logger,
    metrics: new Metrics(),
    health,
    clock: systemClock,
    providers: [
      { provide: Database, useValue: db },
      { provide: Events, useValue: events },
      { provide: Signal, useValue: new InProcessSignal() },
      Audit,
    ],
  };

  @Module({
    imports: [PlatformModule.forRoot(platform), DriversModule, ReleasesModule],
    providers: [{ provide: APP_GUARD, useClass: HeaderGuard }],
  })
  class TestModule {}

  const app = await createHttpApp({ platform, module: TestModule });
  await app.listen(0, '127.0.0.1');
  const url = `${(await app.getUrl()).replace('[::1]', '127.0.0.1')}/api/v1`;
  const sql = async <T>(statement: string, parameters: unknown[] = []): Promise<T[]> =>
    withClient(
      database.superuser,
      async (client) => (await client.query(statement, parameters)).rows as T[],
    );
  const tenant = async () => {
    const id = newId();
    await sql('insert into tenants (id, slug, name) values ($1, $2, $2)', [id, `t-${id}`]);
    return id;
  };
  const tenantId = await tenant();
  return {
    url,
    db,
    tenantId,
    tenant,
    sql,
    storeFolder,
    get: (type) => app.get(type, { strict: false }),
    send: (path, options) => send(`${url}/${path}`, { tenantId, ...options }),
    environment: async (owner, name) => {
      const id = newId();
      await sql(
        `insert into environments (tenant_id, id, name, name_key, defaults, allowed_strategies,
           signature_policy) values ($1, $2, $3, lower($3), '{}', '{}', 'if-present')`,
        [owner, id, name],
      );
      return id;
    },
    files: () => filesIn(storeFolder),
    rows: async () => {
      const [row] = await sql<Record<string, number>>(
        `select ${Object.keys(NOTHING)
          .map((table) => `(select count(*)::int from ${table}) as ${table}`)
          .join(', ')}`,
      );
      return row!;
    },
    close: async () => {
      // As a process does: what a client keeps open is cut after a moment.
      await closeHttpApp(app, DRAIN_MS);
      await db.close();
      await database.drop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

async function send(url: string, options: SendOptions): Promise<Answer> {
  const { method = 'GET', tenantId = '', role = 'Admin', body, headers = {} } = options;
  const isForm = body instanceof FormData;
  const response = await fetch(url, {
    method,
    headers: {
      'x-test-tenant': tenantId,
      'x-test-role': role,
      ...(body === undefined || isForm ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  const parsed: unknown = isJson ? JSON.parse(bytes.toString()) : bytes;
  return { status: response.status, headers: response.headers, body: parsed };
}

async function filesIn(directory: string): Promise<string[]> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .sort();
}
