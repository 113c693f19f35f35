// What strangers cost everybody else. A stranger has no account; over a number of connections it sends
// what is costly to refuse, as fast as it is answered. Beside it: the probe of a balancer, a person who
// reads a list, and the report of a node. The server is a process of its own with everything in it, the
// stranger is another, and all of them come from one address.
//
//   npm run build && npm run bench:strangers [-- --seconds 5 --connections 0,1,4,16,64 --attacks keys,docs]
import { fork, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request as httpRequest } from 'node:http';
import { createServer } from 'node:net';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { endWithHelp } from '../scripts/help.mjs';
import { SignJWT } from 'jose';

const PASSWORD = 'correct horse battery';
const PAUSE_MS = 20;
const PATIENCE_MS = 10_000;
const JSON_TYPE = { 'content-type': 'application/json' };

const badKeys = (count) =>
  JSON.stringify(
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`bad-key-${at}`, 1])),
  );
const post = (path, body, headers = JSON_TYPE) => ({ method: 'POST', path, body, headers });
const enroll = '/api/v1/agent/enroll';

/** What a stranger sends; each costs the server more than it costs the stranger. */
const ATTACKS = {
  keys: () => post(enroll, badKeys(14_000)),
  items: () => post(enroll, JSON.stringify({ labels: Array(100_000).fill(0) })),
  small: () => post(enroll, badKeys(800)),
  lost: () => post('/api/v1/nowhere', badKeys(14_000)),
  unsigned: () => post('/api/v1/deployments', badKeys(14_000)),
  query: () => ({ path: `/api/v1/deployments?${'a&'.repeat(7_000)}` }),
  docs: () => ({ path: '/api/openapi.json' }),
};

endWithHelp('bench:strangers');
if (process.argv[2] === 'attack') await attack(JSON.parse(process.argv[3]));
else await main();

async function main() {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '5' },
      connections: { type: 'string', default: '0,1,4,16,64' },
      attacks: { type: 'string', default: 'keys' },
    },
  });
  const dist = process.env.BENCH_DIST ?? fileURLToPath(new URL('../dist', import.meta.url));
  if (!existsSync(join(dist, 'apps/api/main.js'))) {
    console.error(`There is no build in ${dist}. Run "npm run build" first, then this again.`);
    process.exitCode = 1;
    return;
  }
  const attacks = values.attacks.split(',');
  const unknown = attacks.find((name) => !Object.hasOwn(ATTACKS, name));
  if (unknown !== undefined) throw new Error(`no attack "${unknown}": ${Object.keys(ATTACKS)}`);
  const home = await mkdtemp(join(tmpdir(), 'bench-strangers-'));
  const server = await startServer(dist, home);
  try {
    const others = await makeOthers(server.url);
    const rows = [];
    for (const name of attacks) {
      for (const connections of values.connections.split(',').map(Number)) {
        rows.push(await measure(server, others, name, connections, Number(values.seconds)));
      }
    }
    console.table(rows);
    console.log(
      `${new Date().toISOString()}, ${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}, load ${loadavg()[0].toFixed(1)}`,
    );
  } finally {
    await server.stop();
    await rm(home, { recursive: true, force: true });
  }
}

async function startServer(dist, home) {
  const port = await freePort();
  const child = spawn(process.execPath, [join(dist, 'apps/api/main.js')], {
    env: {
      PATH: process.env.PATH,
      TIDEGATE_HOME: home,
      TIDEGATE_LISTEN: `127.0.0.1:${port}`,
      TIDEGATE_ADMIN_PASSWORD: PASSWORD,
      TIDEGATE_LOG_FORMAT: 'json',
      TIDEGATE_RATE_LIMIT_PROFILE: 'report-only',
      TIDEGATE_DEFAULT_APPROVALS: 'none',
      TIDEGATE_LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => (said = (said + chunk).slice(-4000)));
  }
  const exited = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  const deadline = performance.now() + 90_000;
  for (;;) {
    const isReady = await fetch(`${url}/health/ready`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (isReady) break;
    if (child.exitCode !== null || performance.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`the server did not start:\n${said}`);
    }
    await delay(100);
  }
  return {
    url,
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** The probe, the person and the node: each a function that sends one request. */
async function makeOthers(url) {
  const agent = new Agent({ keepAlive: true });
  const call = (path, options = {}) => send(url, { agent, path, ...options });
  const login = await call('/api/v1/authentication/login', {
    ...post('', JSON.stringify({ username: 'admin', password: PASSWORD })),
    path: '/api/v1/authentication/login',
  });
  const authorization = `Bearer ${login.json.accessToken}`;
  const headers = { authorization };
  const token = await call('/api/v1/nodes/enrollment-tokens', {
    method: 'POST',
    body: JSON.stringify({ environment: 'QA' }),
    headers: { ...headers, ...JSON_TYPE },
  });
  const keys = generateKeyPairSync('ed25519');
  const node = await call(
    enroll,
    post(
      enroll,
      JSON.stringify({
        protocol: 1,
        token: token.json.token,
        publicKey: keys.publicKey.export({ format: 'jwk' }).x,
        name: 'bench',
      }),
    ),
  );
  if (!node.json.nodeId) throw new Error(`no node: ${JSON.stringify(node.json)}`);
  const report = JSON.stringify({
    ...{ protocol: 1, bootId: 'bench', agentVersion: '0.1.0', revision: 0 },
    ...{ observed: [], metrics: [] },
  });
  return {
    ready: () => call('/health/ready'),
    person: () => call('/api/v1/deployments', { headers }),
    report: async () =>
      call('/api/v1/agent/report', {
        method: 'POST',
        body: report,
        headers: { ...JSON_TYPE, authorization: `Bearer ${await nodeToken(node.json, keys)}` },
      }),
  };
}

function nodeToken({ nodeId, tenantId }, { privateKey }) {
  return new SignJWT({ tenant: tenantId, boot: 'bench' })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'tidegate-agent+jwt', kid: nodeId })
    .setIssuer(nodeId)
    .setAudience('tidegate-control-plane')
    .setIssuedAt()
    .setExpirationTime('50s')
    .setJti(String(Math.random()))
    .sign(privateKey);
}

async function measure(server, others, name, connections, seconds) {
  const stranger = fork(fileURLToPath(import.meta.url), [
    'attack',
    JSON.stringify({ url: server.url, name, connections, seconds }),
  ]);
  const ended = once(stranger, 'exit');
  const sent = once(stranger, 'message');
  const until = performance.now() + seconds * 1000;
  const [ready, person, report] = await Promise.all(
    [others.ready, others.person, others.report].map((one) => repeat(one, until)),
  );
  const [{ answers, failed }] = await sent;
  await ended;
  return {
    attack: name,
    connections,
    'strangers/s': Math.round(Object.values(answers).reduce((a, b) => a + b, 0) / seconds),
    'their answers': `${Object.keys(answers).join(' ')}${failed > 0 ? ` (${failed} cut)` : ''}`,
    'ready p50': percentile(ready, 50),
    'ready p99': percentile(ready, 99),
    'not ready': ready.filter(({ status }) => status !== 200).length,
    'person p50': percentile(person, 50),
    'person p99': percentile(person, 99),
    'report p99': percentile(report, 99),
    'others refused': [...person, ...report].filter(({ status }) => status !== 200).length,
  };
}

async function repeat(one, until) {
  const seen = [];
  while (performance.now() < until) {
    const began = performance.now();
    const { status } = await one().catch(() => ({ status: 0 }));
    seen.push({ ms: performance.now() - began, status });
    await delay(PAUSE_MS);
  }
  return seen;
}

function percentile(seen, percent) {
  const sorted = seen.map(({ ms }) => ms).sort((a, b) => a - b);
  return Math.round(
    sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))],
  );
}

/** The stranger's process. */
async function attack({ url, name, connections, seconds }) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections || 1 });
  const wanted = ATTACKS[name]();
  const until = performance.now() + seconds * 1000;
  const answers = {};
  let failed = 0;
  const loop = async () => {
    while (performance.now() < until) {
      try {
        const { status } = await send(url, { agent, ...wanted });
        answers[status] = (answers[status] ?? 0) + 1;
      } catch {
        failed += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: connections }, loop));
  process.send({ answers, failed });
  agent.destroy();
  process.disconnect();
}

function send(url, { agent, method = 'GET', path, headers = {}, body }) {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const call = httpRequest(
      url + path,
      { agent, method, headers: { ...headers, ...length }, timeout: PATIENCE_MS },
      (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const isJson = response.headers['content-type']?.includes('json');
          resolve({ status: response.statusCode, json: isJson ? JSON.parse(text) : null });
        });
      },
    );
    call.on('error', reject);
    call.on('timeout', () => call.destroy(new Error('no answer')));
    call.end(body);
  });
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}
