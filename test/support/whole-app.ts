/** The whole API as a process would start it, on a database of its own, listening on a free port. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Abstract, Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { io, type Socket } from 'socket.io-client';
import { ApiModule } from '../../src/apps/api/api.module.js';
import { workerModules } from '../../src/apps/worker/worker.module.js';
import { systemClock } from '../../src/kernel/clock.js';
import type { Role } from '../../src/kernel/permission.js';
import { Config } from '../../src/platform/config/config.js';
import type { ConnectionOptions } from '../../src/platform/database/connection-options.js';
import { Context, type OpenContext } from '../../src/platform/context.js';
import { Database } from '../../src/platform/database/database.js';
import { Health } from '../../src/platform/health/health.js';
import { closeHttpApp, createHttpApp } from '../../src/platform/http/create-http-app.js';
import { Logger } from '../../src/platform/logging/logger.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { startPlatform } from '../../src/platform/start-platform.js';
import { Undo } from '../../src/platform/undo.js';
import { Seed } from '../../src/tenancy/seed.js';
import { PasswordHasher } from '../../src/tenancy/auth/password-hasher.js';
import { createTenant } from '../../src/tenancy/tenants/create-tenant.js';
import { TenantSeeders } from '../../src/tenancy/tenants/tenant-seeder.js';
import { createUser, grantRole } from '../../src/tenancy/users/users.store.js';
import { freshDatabase, type TestDatabase } from './database.js';

export interface WholeAppOptions {
  readonly environment?: Record<string, string>;
  /** The engine beside the API, as in standalone mode. */
  readonly isWorker?: boolean;
  /** Of the test's own, beside those of the product. */
  readonly modules?: readonly Type[];
  readonly logger?: Logger;
}

export interface Member {
  readonly tenantId: string;
  readonly userId: string;
  readonly username: string;
  readonly token: string;
}

export class WholeApp {
  app!: NestFastifyApplication;
  url!: string;
  database!: TestDatabase;
  /** What it was started with: for a process beside it. */
  variables!: Readonly<Record<string, string>>;
  private readonly undo = new Undo();
  private readonly sockets: Socket[] = [];
  private members = 0;

  static async start(options: WholeAppOptions = {}): Promise<WholeApp> {
    const whole = new WholeApp();
    try {
      await whole.open(options);
    } catch (error) {
      await whole.close();
      throw error;
    }
    return whole;
  }

  get<T>(type: Abstract<T> | Type<T>): T {
    return this.app.get<T>(type, { strict: false });
  }

  inTenant<T>(tenantId: string, work: (open: OpenContext) => Promise<T>): Promise<T> {
    return this.get(Database).transaction(Context.system(tenantId, 'test'), work);
  }

  async tenant(slug: string): Promise<string> {
    const made = await createTenant(this.get(Database), this.get(TenantSeeders), {
      slug,
      name: slug,
    });
    return made.id;
  }

  /** Somebody new, signed in over HTTP. */
  async member(tenantId: string, role: Role = 'Viewer'): Promise<Member> {
    this.members += 1;
    const username = `member-${this.members}`;
    const password = `the password of ${username}`;
    const passwordHash = await this.get(PasswordHasher).hash(password);
    const userId = await this.get(Database).system(async (tx) => {
      const id = (await createUser(tx, { username, passwordHash }))!;
      await grantRole(tx, { tenantId, userId: id, role });
      return id;
    });
    const answer = await fetch(`${this.url}/api/v1/authentication/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username, password }),
    });
    const { accessToken: token } = (await answer.json()) as { accessToken: string };
    return { tenantId, userId, username, token };
  }

  /** A client of the hub that does not reconnect by itself; closed with the app. */
  socket(
    auth: object | undefined,
    options: Parameters<typeof io>[1] = {},
    hub = 'deployment',
  ): Socket {
    const socket = io(`${this.url}/hubs/${hub}`, {
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      autoConnect: false,
      ...(auth ? { auth } : {}),
      ...options,
    });
    this.sockets.push(socket);
    return socket;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.disconnect();
    await this.undo.run();
  }

  private async open(options: WholeAppOptions): Promise<void> {
    const { environment = {}, isWorker = false, modules = [] } = options;
    this.database = await freshDatabase();
    this.undo.add(() => this.database.drop());
    const home = await mkdtemp(join(tmpdir(), 'tidegate-whole-'));
    this.undo.add(() => rm(home, { recursive: true, force: true }));
    this.variables = {
      TIDEGATE_HOME: home,
      TIDEGATE_LISTEN: '127.0.0.1:0',
      TIDEGATE_RATE_LIMIT_PROFILE: 'report-only',
      TIDEGATE_DEFAULT_APPROVALS: 'none',
      DATABASE_URL: urlOf(this.database.app),
      DATABASE_SYSTEM_URL: urlOf(this.database.system),
      DATABASE_OWNER_URL: urlOf(this.database.owner),
      ...environment,
    };
    const config = Config.read(this.variables);
    const logger = options.logger ?? Logger.silent();
    const health = new Health(systemClock, logger);
    const metrics = new Metrics({ runtime: true });
    const started = await startPlatform({ config, logger, health, metrics });
    this.undo.add(() => started.stop());
    const { providers } = started;
    const platform = { config, logger, health, metrics, clock: systemClock, providers };
    const module = ApiModule.forRoot(platform, [...(isWorker ? workerModules : []), ...modules]);
    this.app = await createHttpApp({ platform, module });
    this.undo.add(() => closeHttpApp(this.app, 1_000));
    await this.get(Seed).run();
    await this.app.listen(0, '127.0.0.1');
    this.url = (await this.app.getUrl()).replace('[::1]', '127.0.0.1');
  }
}

function urlOf({ host, port, user, password = '', database }: ConnectionOptions): string {
  const url = new URL('postgres://localhost');
  url.username = encodeURIComponent(user);
  url.password = encodeURIComponent(password);
  url.port = String(port);
  url.pathname = `/${database}`;
  // A folder (of a Unix socket) does not fit where a URL has its host.
  url.searchParams.set('host', host);
  return url.toString();
}
