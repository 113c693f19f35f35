// How many deployments the API accepts: at full speed, and at a steady 100 a second (goal: p95 below
// 50 ms), beside the least that a database could do for it: a transaction of two inserts. All three
// on the same PostgreSQL in the same run, in turn, so that a busy machine disturbs them alike:
//
//   raw       node-pg, pool of 8, 200 tenants: begin, insert, insert, commit; synchronous commit
//   database  DeploymentsService.create() in this process: no HTTP, no token, same transaction
//   http      POST /api/v1/deployments to an API of its own process, with token and JSON
//
// The API runs in cluster mode, without a worker: what is accepted stays Pending, so that only
// accepting is measured. 200 modules give 200 slots, so that no queue fills. Steady load is open:
// a request is sent when its time has come, whether the one before was answered or not, and its
// latency counts from that time. The load is made in this process, on the same machine.
//
//   npm run build && npm run bench:accept [-- --seconds 6]
import { spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Agent, request as httpRequest } from 'node:http';
import { createServer } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import pg from 'pg';
import { pack } from 'tar-stream';
import { readOptions } from '../test/support/options.ts';
import { startBenchRedis } from './engine/bench-redis.ts';
import { endOnSignals, giveUp } from './engine/ending.ts';

const IN_FLIGHT = 32;
const POOL = 8;
const STEADY_PER_SECOND = 100;
const PASSWORD = 'correct horse battery';

const {
  seconds,
  runs,
  goal,
  modules: MODULES,
} = readOptions('Deployments accepted, beside the least a database could do.', {
  seconds: [6, 'of full speed and of steady load, each side and run', 1],
  runs: [3, 'whose median is printed', 1],
  modules: [200, 'that share them, so that no queue fills', 1],
  goal: [50, 'ms that p95 at the steady rate may take; 0: whatever it takes'],
});
// Another build can be measured without touching dist.
const dist = process.env.BENCH_DIST ?? fileURLToPath(new URL('../dist', import.meta.url));
const load = (path) => import(join(dist, path));
const closers = [];
let counter = 0;
let firstFailure;

endOnSignals(tidyUp);
try {
  await main();
} catch (error) {
  await tidyUp();
  giveUp(error);
}
await tidyUp();

async function tidyUp() {
  for (const close of closers.splice(0).reverse()) await close();
}

async function main() {
  if (!existsSync(join(dist, 'apps/api/main.js'))) {
    console.error(`There is no build in ${dist}. Run "npm run build" first, then this again.`);
    process.exitCode = 1;
    return;
  }
  const home = mkdtempSync(join(tmpdir(), 'bench-accept-'));
  closers.push(() => rm(home, { recursive: true, force: true }));
  const access = await startDatabase(home);
  const environment = { ...variables(home, access), REDIS_URL: await startRedis(home) };
  const url = await startApi(environment);
  const token = await login(url);
  await fill(url, token, access.superuser);
  const sides = {
    raw: await rawSide(access),
    database: await databaseSide(environment, access.superuser),
    http: httpSide(url, token),
  };
  const results = { raw: [], database: [], http: [] };
  for (let run = 1; run <= runs; run += 1) {
    for (const [name, send] of Object.entries(sides)) {
      await atFullSpeed(send, 1);
      const full = await atFullSpeed(send, seconds);
      const steady = await atSteadyRate(send, seconds);
      results[name].push({ full, steady });
      await forget(access.superuser);
    }
  }
  print(results);
}

async function startDatabase(home) {
  const { startEmbeddedPostgres } = await load('platform/database/embedded/embedded-postgres.js');
  const { ensureRoles } = await load('platform/database/embedded/roles.js');
  const { Migrator } = await load('platform/database/migrations/migrator.js');
  const postgres = await startEmbeddedPostgres({ dataDir: join(home, 'pg'), log: () => {} });
  closers.push(() => postgres.stop());
  const { host, port } = postgres;
  const superuser = { host, port, ...postgres.superuser, database: 'postgres' };
  const passwordFile = join(home, 'roles.json');
  const access = await ensureRoles(superuser, { database: 'bench', passwordFile });
  await new Migrator({ owner: access.owner }).up();
  return { ...access, superuser: { ...superuser, database: 'bench' } };
}

/** A hint for every deployment goes there, as in production. */
async function startRedis(home) {
  const redis = await startBenchRedis(home);
  closers.push(() => redis.stop());
  return redis.url;
}

function variables(home, { app, system, owner }) {
  const urlOf = ({ host, port, database, user, password }) =>
    `postgres://${user}:${encodeURIComponent(password)}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`;
  const keyFile = (name, { privateKey }) => {
    const file = join(home, `${name}.pem`);
    writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    return file;
  };
  const sealingKeyFile = join(home, 'sealing.key');
  writeFileSync(sealingKeyFile, randomBytes(32).toString('base64'), { mode: 0o600 });
  return {
    TIDEGATE_MODE: 'cluster',
    TIDEGATE_MFA_REQUIRED_ROLES: 'none',
    TIDEGATE_RATE_LIMIT_PROFILE: 'report-only',
    TIDEGATE_DEFAULT_APPROVALS: 'none',
    TIDEGATE_HOME: join(home, 'platform'),
    TIDEGATE_LISTEN: '127.0.0.1:0',
    TIDEGATE_METRICS_LISTEN: '127.0.0.1:0',
    TIDEGATE_ADMIN_PASSWORD: PASSWORD,
    TIDEGATE_LOG_FORMAT: 'json',
    TIDEGATE_LOG_LEVEL: 'warn',
    TIDEGATE_SIGNING_KEY_FILE: keyFile(
      'signing',
      generateKeyPairSync('ec', { namedCurve: 'prime256v1' }),
    ),
    TIDEGATE_AGENT_KEY_FILE: keyFile('agent', generateKeyPairSync('ed25519')),
    TIDEGATE_AUDIT_KEY_FILE: keyFile('audit', generateKeyPairSync('ed25519')),
    TIDEGATE_SEALING_KEY_FILE: sealingKeyFile,
    DATABASE_URL: urlOf(app),
    DATABASE_SYSTEM_URL: urlOf(system),
    DATABASE_OWNER_URL: urlOf(owner),
  };
}

async function startApi(environment) {
  const port = await freePort();
  const child = spawn(process.execPath, [join(dist, 'apps/api/main.js')], {
    env: { PATH: process.env.PATH, ...environment, TIDEGATE_LISTEN: `127.0.0.1:${port}` },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk) => (said = (said + chunk).slice(-4000)));
  stopLater(child);
  const url = `http://127.0.0.1:${port}`;
  const deadline = performance.now() + 60_000;
  while (performance.now() < deadline && child.exitCode === null) {
    const answer = await fetch(`${url}/health/ready`).catch(() => undefined);
    if (answer?.ok) return url;
    await delay(50);
  }
  throw new Error(`The API did not start:\n${said}`);
}

async function login(url) {
  const response = await fetch(`${url}/api/v1/authentication/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'admin', password: PASSWORD }),
  });
  if (!response.ok) throw new Error(`login: ${response.status} ${await response.text()}`);
  return (await response.json()).accessToken;
}

/** Modules with a release each, and one node that never falls silent. */
async function fill(url, token, superuser) {
  const tar = pack();
  tar.entry({ name: 'server.cjs' }, 'process.exit(0)');
  tar.finalize();
  const artifact = new Blob([gzipSync(await buffer(tar))]);
  const manifest = { schema: 1, run: { command: 'node', args: ['server.cjs'] } };
  for (let index = 0; index < MODULES; index += 1) {
    const form = new FormData();
    form.set('version', '1.0.0');
    form.set('manifest', JSON.stringify(manifest));
    form.set('artifact', artifact, 'artifact.tar.gz');
    const response = await fetch(`${url}/api/v1/modules/${moduleName(index)}/releases`, {
      ...{ method: 'POST', body: form, headers: { authorization: `Bearer ${token}` } },
    });
    if (response.status !== 201) throw new Error(`push: ${await response.text()}`);
  }
  await withClient(superuser, async (client) => {
    await client.query(
      `with node as (
         insert into nodes (tenant_id, id, cluster_id, name, public_key)
         select c.tenant_id, gen_random_uuid(), c.id, 'node-1', 'none' from clusters c
         join environments e on e.id = c.environment_id where e.name = 'QA' limit 1
         returning tenant_id, id)
       insert into node_presence (tenant_id, node_id, last_report_at, boot_id, agent_version, health,
         health_at)
       select tenant_id, id, now() + interval '1 day', 'bench', 'bench', 'Healthy', now() from node`,
    );
    await client.query(
      `create table bench_deployments (like deployments including defaults including indexes);
       create table bench_journal (like journal including defaults including indexes);
       grant insert on bench_deployments, bench_journal to tidegate_app`,
    );
  });
}

function moduleName(index) {
  return `module-${index % MODULES}`;
}

function bodyOf(index) {
  const strategy = { kind: 'direct' };
  return { moduleName: moduleName(index), version: '1.0.0', targetEnvironment: 'QA', strategy };
}

async function rawSide({ app }) {
  const pool = new pg.Pool({ ...app, max: POOL });
  closers.push(() => pool.end());
  const tenants = Array.from({ length: MODULES }, () => randomUUID());
  const other = randomUUID();
  return async (index) => {
    const tenant = tenants[index % MODULES];
    const id = randomUUID();
    const client = await pool.connect();
    try {
      await client.query('begin');
      await client.query(
        `insert into bench_deployments (tenant_id, id, environment_id, cluster_id, module_id,
           release_id, strategy, status, spec_text, subject_digest, requested_by)
         values ($1, $2, $3, $3, $3, $3, 'direct', 'Pending', $4, 'sha256:0', 'bench')`,
        [tenant, id, other, JSON.stringify(bodyOf(index))],
      );
      await client.query(
        `insert into bench_journal (tenant_id, deployment_id, seq, at, plan_number, kind, actor)
         values ($1, $2, 1, clock_timestamp(), 0, 'created', 'bench')`,
        [tenant, id],
      );
      await client.query('commit');
    } finally {
      client.release();
    }
  };
}

/** The API's own parts without its HTTP side. */
async function databaseSide(environment, superuser) {
  const { NestFactory } = await import('@nestjs/core');
  const { systemClock } = await load('kernel/clock.js');
  const { Permission } = await load('kernel/permission.js');
  const { Grants } = await load('kernel/grants.js');
  const { Config } = await load('platform/config/config.js');
  const { Context } = await load('platform/context.js');
  const { Health } = await load('platform/health/health.js');
  const { Logger } = await load('platform/logging/logger.js');
  const { Metrics } = await load('platform/metrics/metrics.js');
  const { PlatformModule } = await load('platform/platform.module.js');
  const { startPlatform } = await load('platform/start-platform.js');
  const { DeploymentsModule } = await load('deployments/deployments.module.js');
  const { DeploymentsService } = await load('deployments/deployments.service.js');
  const { DriversModule } = await load('drivers/drivers.module.js');
  const { outboxModule } = await load('apps/outbox-consumers.js');
  const { deploymentRequest } = await load('deployments/deployments.dto.js');

  const config = Config.read(environment);
  const logger = Logger.silent();
  const [health, metrics] = [new Health(systemClock, logger), new Metrics()];
  const { providers, stop } = await startPlatform({ config, logger, health, metrics });
  closers.push(stop);
  const platform = { config, logger, health, metrics, clock: systemClock, providers };
  class BenchModule {}
  const app = await NestFactory.createApplicationContext(
    {
      module: BenchModule,
      imports: [PlatformModule.forRoot(platform), DriversModule, outboxModule, DeploymentsModule],
    },
    { logger: false, abortOnError: false },
  );
  closers.push(() => app.close());
  const service = app.get(DeploymentsService, { strict: false });
  const tenantId = await withClient(superuser, async (client) => {
    const { rows } = await client.query(`select id from tenants where slug = 'default'`);
    return rows[0].id;
  });
  const actor = { kind: 'user', id: randomUUID(), name: 'bench', personId: randomUUID() };
  const grants = Grants.everywhere(Object.values(Permission), 'the bench');
  return async (index) => {
    const context = new Context({ tenantId, actor, grants, requestId: randomUUID() });
    await service.create(context, deploymentRequest.parse(bodyOf(index)), undefined);
  };
}

function httpSide(url, token) {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  closers.push(async () => agent.destroy());
  const { hostname, port } = new URL(url);
  const options = {
    ...{ hostname, port, agent, method: 'POST', path: '/api/v1/deployments' },
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  };
  return (index) =>
    new Promise((resolve, reject) => {
      const call = httpRequest(options, (response) => {
        let text = '';
        response.on('data', (chunk) => (text += chunk));
        response.on('end', () => {
          if (response.statusCode === 202) resolve();
          else reject(new Error(`${response.statusCode} ${text}`));
        });
      });
      call.on('error', reject);
      call.end(JSON.stringify(bodyOf(index)));
    });
}

async function atFullSpeed(send, forSeconds) {
  const latencies = [];
  let failed = 0;
  const start = performance.now();
  const until = start + forSeconds * 1000;
  const loop = async () => {
    for (let now = performance.now(); now < until; now = performance.now()) {
      const isAccepted = await settled(send((counter += 1)));
      if (isAccepted) latencies.push(performance.now() - now);
      else failed += 1;
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, loop));
  return { perSecond: latencies.length / ((performance.now() - start) / 1000), latencies, failed };
}

async function atSteadyRate(send, forSeconds) {
  const latencies = [];
  let failed = 0;
  const open = [];
  const start = performance.now();
  for (let at = 0; at < forSeconds * STEADY_PER_SECOND; at += 1) {
    const intended = start + (at * 1000) / STEADY_PER_SECOND;
    const early = intended - performance.now();
    if (early > 0) await delay(early);
    const ended = settled(send((counter += 1))).then((isAccepted) => {
      if (isAccepted) latencies.push(performance.now() - intended);
      else failed += 1;
    });
    open.push(ended);
  }
  await Promise.all(open);
  return { perSecond: latencies.length / ((performance.now() - start) / 1000), latencies, failed };
}

/** Why the first one failed is worth a line; how many, a column. */
function settled(sent) {
  return sent.then(
    () => true,
    (error) => {
      firstFailure ??= error.message;
      return false;
    },
  );
}

/** What was accepted must not fill the queues of what comes. */
async function forget(superuser) {
  await withClient(superuser, async (client) => {
    await client.query(
      `update deployments set status = 'Cancelled' where status = 'Pending';
       update runs set wake_at = null where wake_at is not null;
       truncate bench_deployments, bench_journal`,
    );
    await client.query('checkpoint');
  });
}

function print(results) {
  const figures = (runs, load) => {
    const of = (figure) => median(runs.map((run) => figure(run[load])));
    return {
      perSecond: of((run) => run.perSecond),
      failed: runs.reduce((sum, run) => sum + run[load].failed, 0),
      ...Object.fromEntries(
        [50, 95, 99].map((p) => [`p${p}`, of(({ latencies }) => percentile(latencies, p))]),
      ),
    };
  };
  console.log(`${cpus().length} × ${cpus()[0].model}; Node ${process.version}; median of ${runs}`);
  console.log(`runs of ${seconds} s; full speed: ${IN_FLIGHT} at once, raw on a pool of ${POOL}\n`);
  const cells = (values) => values.map((value) => String(value).padStart(10)).join('');
  console.log(
    cells(['load', 'side', 'per s', 'of raw', 'p50 ms', 'p95 ms', 'p99 ms', 'p95/raw', 'failed']),
  );
  for (const load of ['full', 'steady']) {
    const raw = figures(results.raw, load);
    for (const [side, runs] of Object.entries(results)) {
      const own = figures(runs, load);
      const ms = [own.p50, own.p95, own.p99].map((value) => value.toFixed(1));
      const rates = [own.perSecond.toFixed(0), (own.perSecond / raw.perSecond).toFixed(2)];
      console.log(cells([load, side, ...rates, ...ms, (own.p95 / raw.p95).toFixed(1), own.failed]));
      if (load === 'steady' && side === 'http' && goal > 0 && own.p95 > goal) process.exitCode = 1;
    }
  }
  if (firstFailure) console.log(`\nThe first failure: ${firstFailure}`);
}

function percentile(values, percent) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil((percent / 100) * sorted.length) - 1)];
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

async function withClient(connection, work) {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function stopLater(child) {
  const ended = once(child, 'exit');
  closers.push(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await ended;
  });
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
