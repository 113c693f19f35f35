// The customers: sends steady traffic through the fronts of all nodes, in a process of its own so that
// nothing else in the demo disturbs its clock. Forked by traffic.mjs, and ends with it.
//
// An open loop, as customers are: a slow answer does not make the next request come later.
import http from 'node:http';
import { HISTOGRAM_BUCKETS, bucketIndex } from '../../dist/kernel/histogram.js';

const requestTimeoutMs = 10_000;
const reportMs = 250;
/** Beyond this the machine, not the service, is what is too slow; and memory has an end. */
const openPerNode = 200;

const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity });
const phases = new Map();
let phase = 'start';

function counts() {
  let found = phases.get(phase);
  if (!found) {
    found = { sent: 0, requests: 0, failed: 0, failures: {}, releases: {}, perNode: {} };
    found.histogram = new Array(HISTOGRAM_BUCKETS).fill(0);
    phases.set(phase, found);
  }
  return found;
}

function pay(node) {
  // A request belongs to the phase in which it was sent.
  const own = counts();
  own.sent += 1;
  node.open += 1;
  const since = performance.now();
  const body = JSON.stringify({ amountCents: 100 + Math.floor(Math.random() * 9900) });
  let isOver = false;
  const finish = (failure, release) => {
    if (isOver) return;
    isOver = true;
    node.open -= 1;
    own.requests += 1;
    own.perNode[node.name] = (own.perNode[node.name] ?? 0) + 1;
    own.histogram[bucketIndex((performance.now() - since) * 1000)] += 1;
    if (release) own.releases[release] = (own.releases[release] ?? 0) + 1;
    if (!failure) return;
    own.failed += 1;
    own.failures[failure] = (own.failures[failure] ?? 0) + 1;
  };
  const request = http.request(
    {
      ...{ host: '127.0.0.1', port: node.port, path: '/payments', method: 'POST', agent },
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      timeout: requestTimeoutMs,
    },
    (response) => {
      const { statusCode, headers } = response;
      response.resume();
      response.on('error', () => finish('answer cut off', headers['x-release']));
      response.on('end', () =>
        finish(statusCode === 200 ? null : `status ${statusCode}`, headers['x-release']),
      );
    },
  );
  request.on('timeout', () => {
    finish('no answer in time');
    request.destroy();
  });
  request.on('error', (error) => finish(error.code ?? error.message));
  request.end(body);
}

function sendSteadily(node, everyMs, delayMs) {
  let next = performance.now() + delayMs;
  const turn = () => {
    if (node.open < openPerNode) pay(node);
    // After a standstill of this process the missed requests are not sent all at once.
    next = Math.max(next + everyMs, performance.now() - everyMs);
    setTimeout(turn, Math.max(0, next - performance.now()));
  };
  setTimeout(turn, delayMs);
}

process.on('message', (message) => {
  if (message.phase !== undefined) phase = message.phase;
  if (message.nodes === undefined) return;
  const everyMs = 1000 / message.perSecond;
  for (const [index, { name, port }] of message.nodes.entries()) {
    sendSteadily({ name, port, open: 0 }, everyMs, (index * everyMs) / message.nodes.length);
  }
  setInterval(() => process.send(Object.fromEntries(phases), () => undefined), reportMs);
});
process.on('disconnect', () => process.exit(0));
