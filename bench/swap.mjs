// How many requests 20 hot swaps under load cost (the goal is none), and what the front adds to a
// request. Everything is measured in the same run, direct and through the front in turn, so that a
// busy machine disturbs both alike. Instances and front are processes of their own.
//
//   npm run build && npm run bench:swap [-- --swaps 20 --runs 3]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, createServer, request as httpRequest } from 'node:http';
import { createServer as createNetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readOptions } from '../test/support/options.ts';
import { endOnSignals } from './engine/ending.ts';

const CLIENTS = 20;
const SWAP_PAUSE_MS = 150;
const LATENCY_REQUESTS = 2000;

/** Those that run: none outlives the bench. */
const instances = new Set();
let options;

if (process.argv[2] === 'instance') {
  serveAsInstance();
} else {
  options = readOptions('What do hot swaps cost the requests of a node?', {
    runs: [3, 'whose median is printed', 1],
    swaps: [20, 'in each run', 1],
    seconds: [2, 'of each measured rate', 1],
  });
  await main();
}

function serveAsInstance() {
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => response.end('hello'));
  });
  process.on('SIGTERM', () => server.close());
  server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
}

async function main() {
  // Another build can be measured without touching dist.
  const dist = process.env.FRONT_DIST ?? fileURLToPath(new URL('../dist', import.meta.url));
  const main = join(dist, 'apps/front/main.js');
  if (!existsSync(main)) {
    console.error(`There is no ${main}. Run "npm run build" first, then this again.`);
    process.exit(1);
  }
  const { ensureFront } = await import(join(dist, 'agent/front/front-process.js'));
  const runs = [];
  let tidyUp = async () => {};
  endOnSignals(() => tidyUp());
  for (let run = 1; run <= options.runs; run += 1) {
    const stateDir = await mkdtemp(join(tmpdir(), 'bench-front-'));
    let front;
    tidyUp = async () => {
      if (front !== undefined) process.kill(front, 'SIGKILL');
      for (const child of instances) child.kill('SIGKILL');
      await rm(stateDir, { recursive: true, force: true });
    };
    try {
      const client = await ensureFront({ stateDir, command: [process.execPath, main] });
      front = (await client.status()).pid;
      runs.push(await measure(client, await freePort()));
    } finally {
      await tidyUp();
    }
  }
  print(runs);
  process.exitCode = runs.some((run) => run.failed > 0) ? 1 : 0;
}

async function measure(client, port) {
  let version = 0;
  const apply = (instance) =>
    client.apply({
      version: (version += 1),
      routes: [
        {
          moduleId: 'bench',
          port,
          reuse: 'idle',
          headersTimeoutMs: 5000,
          targets: [
            { instance: instance.name, releaseId: 'bench', port: instance.port, weight: 100 },
          ],
        },
      ],
    });
  let serving = await startInstance('i-0');
  await apply(serving);

  const swapped = startLoad(port, CLIENTS);
  for (let swap = 1; swap <= options.swaps; swap += 1) {
    const next = await startInstance(`i-${swap}`);
    await apply(next);
    await client.drain(serving.name, 5000);
    await stopInstance(serving);
    serving = next;
    await sleep(SWAP_PAUSE_MS);
  }
  const { requests, failed, firstFailure } = await swapped.stop();

  const direct = await rate(serving.port);
  const front = await rate(port);
  const p50 = await latency(serving.port, port);
  await stopInstance(serving);
  return { requests, failed, firstFailure, direct, front, ...p50 };
}

async function startInstance(name) {
  const its = [...process.execArgv, fileURLToPath(import.meta.url), 'instance'];
  const child = spawn(process.execPath, its, { stdio: ['ignore', 'pipe', 'inherit'] });
  instances.add(child);
  child.once('exit', () => instances.delete(child));
  const [line] = await once(child.stdout, 'data');
  return { name, child, port: Number(line.toString()) };
}

async function stopInstance({ child }) {
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

function startLoad(port, clients) {
  const agent = new Agent({ keepAlive: true });
  let isStopped = false;
  let requests = 0;
  let failed = 0;
  let firstFailure;
  const run = async (client) => {
    while (!isStopped) {
      // Every second client posts: a POST is never sent twice, so it shows every gap.
      const problem = await ask(port, agent, client % 2 === 0 ? 'GET' : 'POST');
      requests += 1;
      if (problem === undefined) continue;
      failed += 1;
      firstFailure ??= problem;
    }
  };
  const running = Array.from({ length: clients }, (_, client) => run(client));
  return {
    async stop() {
      isStopped = true;
      await Promise.all(running);
      agent.destroy();
      return { requests, failed, firstFailure };
    },
  };
}

function ask(port, agent, method) {
  return new Promise((resolve) => {
    const outgoing = httpRequest({ host: '127.0.0.1', port, method, agent }, (response) => {
      response.resume();
      response.on('error', (error) => resolve(error.message));
      response.on('end', () => {
        resolve(response.statusCode === 200 ? undefined : `status ${response.statusCode}`);
      });
    });
    outgoing.on('error', (error) => resolve(error.message));
    outgoing.end(method === 'POST' ? 'x'.repeat(1000) : undefined);
  });
}

async function rate(port) {
  const load = startLoad(port, CLIENTS);
  const rateMs = options.seconds * 1000;
  await sleep(rateMs / 4);
  const warm = performance.now();
  await sleep(rateMs);
  const elapsed = performance.now() - warm;
  const { requests } = await load.stop();
  return requests / ((elapsed + rateMs / 4) / 1000);
}

/** One client, direct and through the front in turn. */
async function latency(directPort, frontPort) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times = { direct: [], front: [] };
  for (let index = 0; index < LATENCY_REQUESTS; index += 1) {
    for (const [name, port] of [
      ['direct', directPort],
      ['front', frontPort],
    ]) {
      const started = performance.now();
      await ask(port, agent, 'GET');
      times[name].push(performance.now() - started);
    }
  }
  agent.destroy();
  const directP50 = median(times.direct);
  return { directP50, addedP50: median(times.front) - directP50 };
}

function print(runs) {
  const of = (name) => median(runs.map((run) => run[name]));
  const rows = [
    [`requests during ${options.swaps} swaps`, of('requests').toFixed(0)],
    ['failed of all runs (goal 0)', runs.reduce((sum, run) => sum + run.failed, 0).toFixed(0)],
    [`requests/s, ${CLIENTS} clients, direct`, of('direct').toFixed(0)],
    [`requests/s, ${CLIENTS} clients, front`, of('front').toFixed(0)],
    ['p50 direct, ms', of('directP50').toFixed(3)],
    ['p50 added by the front, ms', of('addedP50').toFixed(3)],
  ];
  console.log(`| median of ${options.runs} runs | |\n| --- | ---: |`);
  for (const [name, value] of rows) console.log(`| ${name} | ${value} |`);
  const failure = runs.find((run) => run.firstFailure !== undefined)?.firstFailure;
  if (failure !== undefined) console.log(`\nFirst failure: ${failure}`);
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function freePort() {
  const server = createNetServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
