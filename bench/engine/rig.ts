/**
 * A Tidegate in cluster mode for benches: PostgreSQL and Redis of its own with the durability of
 * production, the API and workers as processes of their own, so that each one's cost can be read.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { settings } from '../../src/platform/config/settings.js';
import type { ConnectionOptions } from '../../src/platform/database/connection-options.js';
import { Database } from '../../src/platform/database/database.js';
import { startEmbeddedPostgres } from '../../src/platform/database/embedded/embedded-postgres.js';
import { ensureRoles } from '../../src/platform/database/embedded/roles.js';
import { Migrator } from '../../src/platform/database/migrations/migrator.js';
import { Undo } from '../../src/platform/undo.js';
import { freePort } from '../../test/support/free-port.js';
import { quietEvents } from '../../test/support/quiet-events.js';
import { ServerProcess } from '../../test/support/server-process.js';
import { startBenchRedis } from './bench-redis.js';
import { endOnSignals, giveUp } from './ending.js';

export interface RigOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly postgres?: Readonly<Record<string, string>>;
}

/** A bench asks for what no tenant should: its own limits would be what is measured. */
const LIFTED = {
  TIDEGATE_TENANT_MAX_IN_FLIGHT: '10000',
  TIDEGATE_MFA_REQUIRED_ROLES: 'none',
  TIDEGATE_RATE_LIMIT_PROFILE: 'report-only',
  TIDEGATE_DEFAULT_APPROVALS: 'none',
};

export class Rig {
  private readonly undo = new Undo();
  private environment: Record<string, string> = {};
  private pool!: pg.Pool;
  /** In this process, for seeding. */
  database!: Database;
  /** The role that owns the tables: for migrations. */
  owner!: ConnectionOptions;
  /** The roles of the product, for a database of a bench's own making. */
  roles!: { readonly app: ConnectionOptions; readonly system: ConnectionOptions };
  redisUrl = '';
  home = '';
  postgresPid = 0;
  redisPid = 0;
  api: ServerProcess | undefined;
  readonly workers: ServerProcess[] = [];

  static async start(options: RigOptions = {}): Promise<Rig> {
    const rig = new Rig();
    endOnSignals(() => rig.stop());
    try {
      await rig.open(options);
    } catch (error) {
      await rig.stop();
      giveUp(error);
    }
    return rig;
  }

  async startApi(more: Readonly<Record<string, string>> = {}): Promise<ServerProcess> {
    const listen = `127.0.0.1:${await freePort()}`;
    const environment = { ...this.environment, ...more, TIDEGATE_LISTEN: listen };
    const api = await ServerProcess.start('api', environment);
    this.undo.add(() => api.stop());
    this.api = api;
    return api;
  }

  async startWorker(): Promise<ServerProcess> {
    const worker = await ServerProcess.start('worker', this.environment);
    this.workers.push(worker);
    this.undo.add(() => worker.stop());
    return worker;
  }

  /** As the superuser, whom row-level security does not bind. */
  async sql<Row>(statement: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    return (await this.pool.query(statement, parameters as unknown[])).rows as Row[];
  }

  /** The file with the key that signs access tokens. */
  get signingKeyFile(): string {
    return this.environment.TIDEGATE_SIGNING_KEY_FILE!;
  }

  variables(): Readonly<Record<string, string>> {
    return this.environment;
  }

  later(close: () => Promise<unknown>): void {
    this.undo.add(async () => void (await close()));
  }

  stop(): Promise<void> {
    return this.undo.run();
  }

  private async open({ environment = {}, postgres = {} }: RigOptions): Promise<void> {
    this.home = await mkdtemp(join(tmpdir(), 'tidegate-bench-'));
    this.undo.add(() => rm(this.home, { recursive: true, force: true }));
    const server = await startEmbeddedPostgres({
      dataDir: join(this.home, 'pg'),
      log: () => {},
      settings: { shared_buffers: '512MB', max_wal_size: '4GB', ...postgres },
    });
    this.undo.add(() => server.stop());
    const { host, port } = server;
    const superuser = { host, port, ...server.superuser, database: 'postgres' };
    const passwordFile = join(this.home, 'roles.json');
    const access = await ensureRoles(superuser, { database: 'bench', passwordFile });
    this.owner = access.owner;
    await new Migrator({ owner: access.owner }).up();
    this.pool = new pg.Pool({ ...superuser, database: 'bench', max: 4 });
    this.pool.on('error', () => {});
    this.undo.add(() => this.pool.end());
    const [row] = await this.sql<{ text: string }>(`select pg_read_file('postmaster.pid') as text`);
    this.postgresPid = Number(row!.text.split('\n')[0]);
    const { app, system } = access;
    this.roles = { app, system };
    const log = { warn: () => undefined, error: () => undefined };
    this.database = await Database.open({
      app,
      system,
      poolSize: 6,
      systemPoolSize: 2,
      log,
      recorder: quietEvents(),
    });
    this.undo.add(() => this.database.close());
    const redis = await startBenchRedis(this.home);
    this.undo.add(() => redis.stop());
    [this.redisUrl, this.redisPid] = [redis.url, redis.pid];
    this.environment = {
      TIDEGATE_MODE: 'cluster',
      TIDEGATE_HOME: join(this.home, 'platform'),
      TIDEGATE_METRICS_LISTEN: '127.0.0.1:0',
      TIDEGATE_LOG_FORMAT: 'json',
      TIDEGATE_LOG_LEVEL: 'info',
      TIDEGATE_ADMIN_PASSWORD: 'correct horse battery',
      TIDEGATE_SIGNING_KEY_FILE: await this.keyFile('signing', 'ec'),
      TIDEGATE_AGENT_KEY_FILE: await this.keyFile('agent', 'ed25519'),
      TIDEGATE_AUDIT_KEY_FILE: await this.keyFile('audit', 'ed25519'),
      TIDEGATE_SEALING_KEY_FILE: await this.sealingKeyFile(),
      DATABASE_URL: urlOf(access.app),
      DATABASE_SYSTEM_URL: urlOf(access.system),
      DATABASE_OWNER_URL: urlOf(access.owner),
      REDIS_URL: this.redisUrl,
      ...known(LIFTED),
      ...environment,
    };
  }

  private async sealingKeyFile(): Promise<string> {
    const file = join(this.home, 'sealing.key');
    await writeFile(file, randomBytes(32).toString('base64'), { mode: 0o600 });
    return file;
  }

  private async keyFile(name: string, type: 'ec' | 'ed25519'): Promise<string> {
    const file = join(this.home, `${name}.pem`);
    const { privateKey } =
      type === 'ec'
        ? generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
        : generateKeyPairSync('ed25519');
    await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    return file;
  }
}

/** Settings that this version knows: an unknown one keeps a process from starting. */
function known(wanted: Readonly<Record<string, string>>): Record<string, string> {
  const names = new Set<string>(Object.values(settings).map(({ env }) => env));
  return Object.fromEntries(Object.entries(wanted).filter(([name]) => names.has(name)));
}

function urlOf({ host, port, database, user, password = '' }: ConnectionOptions): string {
  const account = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
  return `postgres://${account}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`;
}

export async function until(what: string, isSo: () => Promise<boolean>, ms = 60_000) {
  const deadline = performance.now() + ms;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${ms} ms`);
    await delay(50);
  }
}
