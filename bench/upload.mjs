// How much memory the server needs to take an artifact, and how fast it is. The server is a process of
// its own with the real HTTP side, the module of releases and a real PostgreSQL; what is measured is
// its resident memory while artifacts of growing size come in. It must not grow with them.
//
//   npm run build && npm run bench:upload [-- --mib 500]
import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream, existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { readOptions } from '../test/support/options.ts';
import { endOnSignals } from './engine/ending.ts';

const MIB = 1024 * 1024;
const BOUNDARY = 'boundary-of-the-benchmark';
const SAMPLE_MS = 20;
/** What the peak may lie above the memory before the first upload: buffers, not artifacts. */
const GROWTH_LIMIT_MIB = 150;

// Another build can be measured without touching dist.
const dist = process.env.BENCH_DIST ?? fileURLToPath(new URL('../dist', import.meta.url));
const load = (path) => import(join(dist, path));

if (process.argv[2] === 'serve') await serve();
else
  await main(
    readOptions('How fast is an artifact taken in, and with how much memory?', {
      mib: [500, 'of the largest one', 1],
    }).mib,
  );

async function main(mib) {
  if (!existsSync(join(dist, 'releases/releases.module.js'))) {
    console.error(`There is no build in ${dist}. Run "npm run build" first, then this again.`);
    process.exit(1);
  }
  const home = await mkdtemp(join(tmpdir(), 'bench-upload-'));
  const closers = [() => rm(home, { recursive: true, force: true })];
  const tidyUp = async () => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  endOnSignals(tidyUp);
  try {
    const tenantId = randomUUID();
    const database = await startDatabase(home, tenantId, closers);
    const server = await startServer(home, tenantId, database, closers);
    const rows = [];
    for (const size of [Math.ceil(mib / 10), mib, mib]) {
      rows.push(await measure(server, home, size, rows.length));
    }
    print(rows);
    const growth = Math.max(...rows.map((row) => row.peak)) - rows[0].before;
    if (growth > GROWTH_LIMIT_MIB) process.exitCode = 1;
  } finally {
    await tidyUp();
  }
}

async function startDatabase(home, tenantId, closers) {
  const { startEmbeddedPostgres } = await load('platform/database/embedded/embedded-postgres.js');
  const { ensureRoles } = await load('platform/database/embedded/roles.js');
  const { Migrator } = await load('platform/database/migrations/migrator.js');
  const { Client } = (await import('pg')).default;
  const postgres = await startEmbeddedPostgres({ dataDir: join(home, 'pg'), log: () => {} });
  closers.push(() => postgres.stop());
  const { host, port } = postgres;
  const superuser = { host, port, ...postgres.superuser, database: 'postgres' };
  const passwordFile = join(home, 'roles.json');
  const access = await ensureRoles(superuser, { database: 'bench', passwordFile });
  const folder = fileURLToPath(new URL('../migrations', import.meta.url));
  await new Migrator({ owner: access.owner, folder }).up();
  const client = new Client({ ...superuser, database: 'bench' });
  await client.connect();
  await client.query(`insert into tenants (id, slug, name) values ($1, 'bench', 'bench')`, [
    tenantId,
  ]);
  await client.end();
  return access;
}

async function startServer(home, tenantId, database, closers) {
  const child = spawn(
    process.execPath,
    [...process.execArgv, fileURLToPath(import.meta.url), 'serve'],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const ended = once(child, 'exit');
  closers.push(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  child.stdin.end(JSON.stringify({ home, tenantId, database }));
  const [line] = await Promise.race([
    once(child.stdout, 'data'),
    ended.then(() => Promise.reject(new Error('the server did not start'))),
  ]);
  return { pid: child.pid, url: String(line).trim() };
}

async function measure(server, home, mib, index) {
  const file = join(home, 'artifact.tar.gz');
  await makeArtifact(file, mib);
  const before = residentMib(server.pid);
  let peak = before;
  const sampling = setInterval(() => {
    peak = Math.max(peak, residentMib(server.pid));
  }, SAMPLE_MS);
  const start = performance.now();
  const status = await upload(server.url, file, index);
  const seconds = (performance.now() - start) / 1000;
  clearInterval(sampling);
  if (status !== 201) throw new Error(`the upload was answered with ${status}`);
  return { mib, before, peak, seconds, rate: mib / seconds };
}

/** Random bytes, which gzip cannot make smaller; packed fast, since packing is not what is measured. */
async function makeArtifact(file, mib) {
  const tar = pack();
  const written = pipeline(tar, createGzip({ level: 1 }), createWriteStream(file));
  const entry = tar.entry({ name: 'data.bin', size: mib * MIB });
  for (let done = 0; done < mib; done += 1) {
    if (!entry.write(randomBytes(MIB))) await once(entry, 'drain');
  }
  entry.end();
  tar.finalize();
  await written;
}

async function upload(url, file, index) {
  const field = (name, value) =>
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const head =
    field('version', `1.0.${index}`) +
    field('manifest', JSON.stringify({ schema: 1, run: { command: 'true' } })) +
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="artifact"; filename="a.tar.gz"\r\n` +
    'Content-Type: application/gzip\r\n\r\n';
  const tail = `\r\n--${BOUNDARY}--\r\n`;
  const { size } = await stat(file);
  const request = httpRequest(`${url}/api/v1/modules/bench/releases`, {
    method: 'POST',
    headers: {
      'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
      'content-length': Buffer.byteLength(head) + size + Buffer.byteLength(tail),
    },
  });
  request.write(head);
  const answered = once(request, 'response');
  await pipeline(createReadStream(file, { highWaterMark: 256 * 1024 }), request, { end: false });
  request.end(tail);
  const [response] = await answered;
  response.resume();
  return response.statusCode;
}

function residentMib(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)[1]) / 1024;
}

function print(rows) {
  const shown = rows.map(({ mib, before, peak, seconds, rate }) => ({
    'artifact MiB': mib,
    'RSS before MiB': Math.round(before),
    'RSS peak MiB': Math.round(peak),
    'growth MiB': Math.round(peak - before),
    seconds: Number(seconds.toFixed(1)),
    'MiB/s': Math.round(rate),
  }));
  console.table(shown);
}

/** The server's side: what it needs comes over standard input, its address goes to standard output. */
async function serve() {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const { home, tenantId, database } = JSON.parse(Buffer.concat(chunks).toString());
  const { Module } = await import('@nestjs/common');
  const { APP_GUARD } = await import('@nestjs/core');
  const { DriversModule } = await load('drivers/drivers.module.js');
  const { Audit } = await load('platform/audit/audit.js');
  const { Config } = await load('platform/config/config.js');
  const { Context } = await load('platform/context.js');
  const { Database } = await load('platform/database/database.js');
  const { Health } = await load('platform/health/health.js');
  const { createHttpApp } = await load('platform/http/create-http-app.js');
  const { Logger } = await load('platform/logging/logger.js');
  const { Metrics } = await load('platform/metrics/metrics.js');
  const { PlatformModule } = await load('platform/platform.module.js');
  const { ReleasesModule } = await load('releases/releases.module.js');
  const { systemClock } = await load('kernel/clock.js');
  const { permissionsOfRole } = await load('kernel/permission.js');
  const { Grants } = await load('kernel/grants.js');
  const { Events } = await load('platform/events/events.js');
  const { Signal } = await load('platform/signal/signal.js');
  const { InProcessSignal } = await load('platform/signal/in-process-signal.js');

  const logger = Logger.silent();
  const config = Config.read({ TIDEGATE_HOME: home, TIDEGATE_LISTEN: '127.0.0.1:0' });
  const { app: asApp, system } = database;
  const events = new Events({ publish: () => undefined });
  const db = await Database.open({
    app: asApp,
    system,
    poolSize: 4,
    systemPoolSize: 1,
    log: logger,
    recorder: events,
  });
  const platform = {
    ...{ config, logger, clock: systemClock },
    ...{ metrics: new Metrics(), health: new Health(systemClock, logger) },
    providers: [
      { provide: Database, useValue: db },
      { provide: Events, useValue: events },
      { provide: Signal, useValue: new InProcessSignal() },
      Audit,
    ],
  };
  const guard = {
    canActivate(execution) {
      const request = execution.switchToHttp().getRequest();
      request.context = new Context({
        tenantId,
        actor: { kind: 'user', id: tenantId, name: 'bench', personId: null },
        grants: Grants.everywhere(permissionsOfRole.Admin, 'the bench'),
        requestId: request.id,
      });
      return true;
    },
  };
  class Root {}
  Module({
    imports: [PlatformModule.forRoot(platform), DriversModule, ReleasesModule],
    providers: [{ provide: APP_GUARD, useValue: guard }],
  })(Root);
  const app = await createHttpApp({ platform, module: Root });
  await app.listen(0, '127.0.0.1');
  process.on('SIGTERM', () => {
    void app
      .close()
      .then(() => db.close())
      .then(() => process.exit(0));
  });
  process.stdout.write(`${await app.getUrl()}\n`);
}
