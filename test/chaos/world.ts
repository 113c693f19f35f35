/**
 * A whole cluster of real processes for tests that kill them: APIs, workers, agents with their
 * fronts, a PostgreSQL behind one proxy for each process, and a Redis. Each is started again when it
 * dies. Needs nothing of jest.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ConnectionOptions } from '../../src/platform/database/connection-options.js';
import { builtPrograms, builtServer, type SourceMutation } from '../support/built.js';
import { Client } from '../support/client.js';
import { withClient } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { OwnPostgres } from '../support/own-postgres.js';
import { OwnRedis } from './own-redis.js';
import { PostgresProxy } from './postgres-proxy.js';
import { Supervised } from './supervised.js';

const PASSWORD = 'correct horse battery';
const START_PATIENCE_MS = 60_000;
const OFFSET_STEP = 50;

export interface WorldOptions {
  readonly apis: number;
  readonly workers: number;
  readonly nodes: number;
  readonly mutation?: SourceMutation;
  /** Rate limits refuse; without, they only count. */
  readonly isLimited?: boolean;
  /** Names of clusters besides the environment's own; nodes are dealt out in turn. */
  readonly clusters?: readonly string[];
}

export interface WorldNode {
  readonly name: string;
  readonly cluster: string | undefined;
  readonly directory: string;
  readonly agent: Supervised;
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
const living = new Set<World>();

/** The agents' modules and fronts would outlive this process. */
function stopAll(): void {
  const stopped = [...living].map((world) => world.stop());
  void Promise.allSettled(stopped).finally(() => process.exit(130));
}

export class World {
  readonly apis: Supervised[] = [];
  readonly workers: Supervised[] = [];
  readonly nodes: WorldNode[] = [];
  readonly proxies: PostgresProxy[] = [];
  readonly urls: string[] = [];
  private readonly metricsUrls: string[] = [];

  private constructor(
    private readonly options: WorldOptions,
    readonly home: string,
    readonly postgres: OwnPostgres,
    readonly redis: OwnRedis,
  ) {}

  static async start(options: WorldOptions): Promise<World> {
    const home = await mkdtemp(join(tmpdir(), 'tidegate-chaos-'));
    for (const folder of ['logs', 'effects']) await mkdir(join(home, folder));
    const redis = await OwnRedis.start(await freePort(), home);
    const postgres = await OwnPostgres.start();
    const world = new World(options, home, postgres, redis);
    if (living.size === 0) for (const signal of SIGNALS) process.once(signal, stopAll);
    living.add(world);
    try {
      await world.startServers();
      await world.startNodes();
      return world;
    } catch (error) {
      await world.stop(true);
      throw new Error(`the processes did not start; their logs: ${home}/logs`, { cause: error });
    }
  }

  get effectsFolder(): string {
    return join(this.home, 'effects');
  }

  /** Of the first node and up: what a module's port must leave free. */
  get portOffsets(): number[] {
    return Array.from({ length: this.options.nodes }, (_, index) => (index + 1) * OFFSET_STEP);
  }

  client(api = 0, username = 'admin'): Promise<Client> {
    return Client.login(this.urls[api]!, username, PASSWORD);
  }

  /** The operator of the installation: of its reserved tenant. */
  operator(): Promise<Client> {
    return Client.login(this.urls[0]!, 'admin', PASSWORD, 'platform');
  }

  /** Arms the failpoints of all processes, or none; what has fired before is forgotten. */
  async arm(text: string): Promise<void> {
    await rm(`${this.failpointFile}.fired`, { force: true });
    await writeFile(`${this.failpointFile}.new`, text);
    await rename(`${this.failpointFile}.new`, this.failpointFile);
  }

  get failpointFile(): string {
    return join(this.home, 'failpoints');
  }

  /** Past the API, its proxies and row-level security. */
  rows<T extends object>(sql: string, params: unknown[] = []): Promise<T[]> {
    return withClient(this.postgres.database.superuser, async (client) => {
      const { rows } = await client.query<T>(sql, params);
      return rows;
    });
  }

  async stop(keepsLogs = false): Promise<void> {
    living.delete(this);
    if (living.size === 0) for (const signal of SIGNALS) process.removeListener(signal, stopAll);
    const all = [...this.nodes.map(({ agent }) => agent), ...this.workers, ...this.apis];
    for (const each of all) each.thaw();
    await Promise.all(all.map((each) => each.stop()));
    await Promise.all(this.nodes.map((node) => this.tearDown(node)));
    await Promise.all(this.proxies.map((proxy) => proxy.stop()));
    this.redis.thaw();
    await this.redis.kill();
    await this.postgres.stop();
    if (!keepsLogs) await rm(this.home, { recursive: true, force: true });
  }

  private async startServers(): Promise<void> {
    const { apis, workers, mutation } = this.options;
    const programs = await builtServer(mutation);
    const keys = await this.keyFiles();
    for (let number = 1; number <= apis + workers; number += 1) {
      const isApi = number <= apis;
      const name = isApi ? `api-${number}` : `worker-${number - apis}`;
      const [listen, metrics] = [await freePort(), await freePort()];
      const environment = { ...keys, ...(await this.environment(listen, metrics)) };
      const process = this.supervised(name, [isApi ? programs.api : programs.worker], environment);
      (isApi ? this.apis : this.workers).push(process);
      if (isApi) this.urls.push(`http://127.0.0.1:${listen}`);
      this.metricsUrls.push(`http://127.0.0.1:${metrics}`);
      process.start();
      // The first one makes the tenant and its admin.
      if (number === 1) await this.ready();
    }
    await this.ready();
  }

  /** All APIs and workers can work. */
  async ready(): Promise<void> {
    await eventually(async () => {
      for (const url of this.metricsUrls) {
        const { status } = await fetch(`${url}/health/ready`);
        if (status !== 200) throw new Error(`${url} is not ready`);
      }
    }, START_PATIENCE_MS);
  }

  /** The sum over all processes that answer. */
  async metric(name: string): Promise<number> {
    const values = await Promise.all(
      this.metricsUrls.map(async (url) => {
        const text = await fetch(`${url}/metrics`).then(
          (response) => response.text(),
          () => '',
        );
        return Number(new RegExp(`^${name} (\\d+)`, 'm').exec(text)?.[1] ?? 0);
      }),
    );
    return values.reduce((sum, value) => sum + value, 0);
  }

  private supervised(name: string, program: string[], environment: Record<string, string>) {
    const arm = resolve('test/chaos/arm-failpoints.mjs');
    const args = ['--import', arm, ...program];
    const logFile = join(this.home, 'logs', `${name}.log`);
    const failpoints = { TIDEGATE_FAILPOINTS: `@${this.failpointFile}` };
    return new Supervised(name, { args, environment: { ...environment, ...failpoints }, logFile });
  }

  private async environment(listen: number, metrics: number): Promise<Record<string, string>> {
    const { app, system } = this.postgres.database;
    const proxy = await PostgresProxy.start(join(app.host, `.s.PGSQL.${app.port}`));
    this.proxies.push(proxy);
    const through = (connection: ConnectionOptions) => urlOf(connection, proxy.port);
    return {
      TIDEGATE_MODE: 'cluster',
      TIDEGATE_MFA_REQUIRED_ROLES: 'none',
      TIDEGATE_RATE_LIMIT_PROFILE: this.options.isLimited ? 'production' : 'report-only',
      TIDEGATE_DEFAULT_APPROVALS: 'none',
      TIDEGATE_OUTBOUND_ALLOW: '127.0.0.1',
      TIDEGATE_HOME: join(this.home, 'platform'),
      TIDEGATE_LISTEN: `127.0.0.1:${listen}`,
      TIDEGATE_METRICS_LISTEN: `127.0.0.1:${metrics}`,
      TIDEGATE_ADMIN_PASSWORD: PASSWORD,
      TIDEGATE_REPORT_INTERVAL_MS: '500',
      TIDEGATE_LOG_FORMAT: 'json',
      TIDEGATE_DATABASE_POOL: '6',
      DATABASE_URL: through(app),
      DATABASE_SYSTEM_URL: through(system),
      REDIS_URL: this.redis.url,
    };
  }

  private async keyFiles(): Promise<Record<string, string>> {
    const made = {
      TIDEGATE_SIGNING_KEY_FILE: generateKeyPairSync('ec', { namedCurve: 'prime256v1' }),
      TIDEGATE_AGENT_KEY_FILE: generateKeyPairSync('ed25519'),
      TIDEGATE_AUDIT_KEY_FILE: generateKeyPairSync('ed25519'),
    };
    const files: Record<string, string> = {};
    for (const [variable, { privateKey }] of Object.entries(made)) {
      files[variable] = join(this.home, `${variable.toLowerCase()}.pem`);
      const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
      await writeFile(files[variable], pem, { mode: 0o600 });
    }
    const sealing = join(this.home, 'sealing.key');
    await writeFile(sealing, randomBytes(32).toString('base64'), { mode: 0o600 });
    files.TIDEGATE_SEALING_KEY_FILE = sealing;
    return files;
  }

  private async startNodes(): Promise<void> {
    const { nodes, clusters = [], mutation } = this.options;
    const { agent: program } = await builtPrograms(mutation);
    const client = await this.client();
    for (const name of clusters) await client.post('/clusters', { name, environment: 'QA' });
    for (let number = 1; number <= nodes; number += 1) {
      const name = `node-${number}`;
      const cluster = clusters[(number - 1) % Math.max(1, clusters.length)];
      const place = { environment: 'QA', ...(cluster ? { cluster } : {}) };
      const { body } = await client.post('/nodes/enrollment-tokens', place);
      const directory = join(this.home, name);
      const server = this.urls[(number - 1) % this.urls.length]!;
      const args = ['--server', server, '--dir', directory, '--name', name];
      const run = [program, ...args, '--port-offset', String(number * OFFSET_STEP)];
      const agent = this.supervised(name, run, { TIDEGATE_ENROLLMENT_TOKEN: String(body.token) });
      this.nodes.push({ name, cluster, directory, agent });
      agent.start();
    }
    type List = { items: { state: string }[] };
    const areHealthy = ({ items }: List) =>
      items.filter(({ state }) => state === 'Healthy').length === nodes;
    await client.until('/nodes?limit=200', areHealthy, START_PATIENCE_MS);
  }

  private async tearDown({ directory }: WorldNode): Promise<void> {
    const { agent } = await builtPrograms(this.options.mutation);
    const child = spawn(process.execPath, [agent, '--teardown', '--dir', directory], {
      stdio: 'ignore',
    });
    await once(child, 'exit');
  }
}

function urlOf({ database, user, password = '' }: ConnectionOptions, port: number): string {
  const account = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
  return `postgres://${account}@127.0.0.1:${port}/${database}`;
}
