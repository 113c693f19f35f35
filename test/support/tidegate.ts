/**
 * A whole Tidegate for end-to-end tests: API and worker in this process (so that their lines are
 * counted), on a database of its own, in either mode; or as a real process that can be killed.
 */
import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApi } from '../../src/apps/api/start-api.js';
import { startWorker } from '../../src/apps/worker/start-worker.js';
import { Config } from '../../src/platform/config/config.js';
import type { ConnectionOptions } from '../../src/platform/database/connection-options.js';
import { Logger } from '../../src/platform/logging/logger.js';
import type { RunningProcess } from '../../src/platform/run-process.js';
import { Client } from './client.js';
import { freshDatabase, type TestDatabase } from './database.js';
import { TestNode, type NodeOptions } from './nodes.js';
import { testRedis, type TestRedis } from './redis.js';
import { ServerProcess } from './server-process.js';

export type TestMode = 'standalone' | 'cluster';

export const ADMIN_PASSWORD = 'correct horse battery';

/**
 * Gate times of a test: like the demo's, and shorter. Nothing in the engine knows of it. The floors
 * are high: other tests on the same processors make a good release's answers slower, too.
 */
export const quickGate = {
  pollIntervalMs: 500,
  minWaitMs: 2000,
  maxWaitMs: 60_000,
  baselineMs: 10_000,
  warmUpMs: 1000,
  minRequests: 30,
  minChecks: 3,
  floorCpuMillicores: 500,
  floorLatencyMs: 60,
  trendAfterMs: 60_000,
};

export interface TidegateOptions {
  readonly mode?: TestMode;
  /** A process of its own instead of this one: for what has to be killed. Standalone only. */
  readonly isProcess?: boolean;
  /** So many workers as processes of their own, instead of one in this. Cluster only. */
  readonly workerProcesses?: number;
  /** What one of those gets besides; by its place. */
  readonly workerEnvironments?: readonly Record<string, string>[];
  /** Another database than a fresh one on the run's server. */
  readonly database?: TestDatabase;
  readonly environment?: Record<string, string>;
}

export class Tidegate {
  private parts: RunningProcess[] = [];
  private child: ServerProcess | undefined;
  readonly workers: ServerProcess[] = [];
  private readonly nodes: TestNode[] = [];
  private address = '';

  private constructor(
    private readonly options: TidegateOptions,
    readonly home: string,
    readonly database: TestDatabase,
    readonly redis: TestRedis | null,
  ) {}

  static async start(options: TidegateOptions = {}): Promise<Tidegate> {
    const home = await mkdtemp(join(tmpdir(), 'tidegate-e2e-'));
    const redis = options.mode === 'cluster' ? await testRedis() : null;
    const database = options.database ?? (await freshDatabase());
    const tidegate = new Tidegate(options, home, database, redis);
    try {
      await tidegate.run();
      return tidegate;
    } catch (error) {
      await tidegate.stop();
      throw error;
    }
  }

  get url(): string {
    return this.address;
  }

  /** What a process of its own has said last. */
  get log(): string {
    return [this.child, ...this.workers].map((each) => each?.log ?? '').join('\n');
  }

  async client(username = 'admin', password = ADMIN_PASSWORD): Promise<Client> {
    return Client.login(this.url, username, password);
  }

  /** Enrolled nodes of an environment's cluster, reporting. */
  async addNodes(count: number, options: NodeOptions = {}): Promise<TestNode[]> {
    const client = await this.client();
    const first = this.nodes.length + 1;
    const added = Array.from(
      { length: count },
      (_, index) => new TestNode(this.url, join(this.home, `node-${first + index}`), first + index),
    );
    this.nodes.push(...added);
    await Promise.all(added.map((node) => node.enroll(client, options)));
    const areHealthy = (list: { items: { name: string; state: string }[] }) =>
      added.every((node) =>
        list.items.some(({ name, state }) => name === node.name && state === 'Healthy'),
      );
    // A dozen agents that start at once take their time on a busy machine.
    await client.until('/nodes?limit=200', areHealthy, 90_000);
    return added;
  }

  /** As if the machine had lost power; only with `isProcess`. */
  async kill(): Promise<void> {
    if (!this.child) throw new Error('only a Tidegate of its own process can be killed');
    await this.child.kill();
  }

  /** Told to stop, and gone; only with `isProcess`. `restart` brings it back. */
  async end(): Promise<void> {
    if (!this.child) throw new Error('only a Tidegate of its own process can be ended');
    await this.child.stop();
  }

  /** The same home, database and address again. */
  async restart(): Promise<void> {
    await this.run(new URL(this.address).host);
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.nodes.map((node) => node.destroy()));
    for (const part of this.parts.splice(0).reverse()) await part.stop().catch(() => undefined);
    await Promise.all([this.child, ...this.workers].map(async (each) => each?.stop()));
    await this.redis?.stop();
    await this.database.drop();
    await rm(this.home, { recursive: true, force: true });
  }

  private async run(listen = '127.0.0.1:0'): Promise<void> {
    const environment = await this.environment(listen);
    if (this.options.isProcess) {
      this.child = await ServerProcess.start('api', environment);
      this.address = this.child.url;
      return;
    }
    const config = Config.read(environment);
    const api = await startApi(config, Logger.silent());
    this.parts.push(api);
    this.address = urlIn(api.ready);
    if (config.mode !== 'cluster') return;
    const { workerProcesses, workerEnvironments = [] } = this.options;
    if (workerProcesses === undefined) {
      this.parts.push(await startWorker(config, Logger.silent()));
    } else {
      const all = Array.from({ length: workerProcesses }, (_, at) =>
        ServerProcess.start('worker', { ...environment, ...workerEnvironments[at] }),
      );
      this.workers.push(...(await Promise.all(all)));
    }
  }

  private async environment(listen: string): Promise<Record<string, string>> {
    const { app, system, owner } = this.database;
    const cluster: Record<string, string> = {};
    if (this.redis) {
      cluster.TIDEGATE_MODE = 'cluster';
      cluster.TIDEGATE_MFA_REQUIRED_ROLES = 'none';
      cluster.REDIS_URL = this.redis.url;
      cluster.TIDEGATE_METRICS_LISTEN = '127.0.0.1:0';
      cluster.TIDEGATE_SIGNING_KEY_FILE = await this.keyFile('signing.pem', () =>
        pemOf(generateKeyPairSync('ec', { namedCurve: 'prime256v1' })),
      );
      cluster.TIDEGATE_AGENT_KEY_FILE = await this.keyFile('agent.pem', () =>
        pemOf(generateKeyPairSync('ed25519')),
      );
      cluster.TIDEGATE_AUDIT_KEY_FILE = await this.keyFile('audit.pem', () =>
        pemOf(generateKeyPairSync('ed25519')),
      );
      cluster.TIDEGATE_SEALING_KEY_FILE = await this.keyFile('sealing.key', () =>
        randomBytes(32).toString('base64'),
      );
    }
    return {
      TIDEGATE_HOME: join(this.home, 'platform'),
      TIDEGATE_LISTEN: listen,
      TIDEGATE_ADMIN_PASSWORD: ADMIN_PASSWORD,
      TIDEGATE_REPORT_INTERVAL_MS: '500',
      TIDEGATE_RATE_LIMIT_PROFILE: 'report-only',
      TIDEGATE_DEFAULT_APPROVALS: 'none',
      TIDEGATE_LOG_FORMAT: 'json',
      DATABASE_URL: urlOf(app),
      DATABASE_SYSTEM_URL: urlOf(system),
      DATABASE_OWNER_URL: urlOf(owner),
      ...cluster,
      ...this.options.environment,
    };
  }

  private async keyFile(name: string, make: () => string): Promise<string> {
    const file = join(this.home, name);
    if (!existsSync(file)) await writeFile(file, make(), { mode: 0o600 });
    return file;
  }
}

function pemOf({ privateKey }: { readonly privateKey: KeyObject }): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function urlIn(text: string): string {
  const url = /http:\/\/[^\s"]+/.exec(text)?.[0];
  if (!url) throw new Error(`no address in: ${text}`);
  return url;
}

/** A URL for a server behind a Unix socket. */
function urlOf({ host, port, database, user, password = '' }: ConnectionOptions): string {
  const account = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
  return `postgres://${account}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`;
}
