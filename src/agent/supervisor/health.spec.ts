import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createNetServer, type AddressInfo } from 'node:net';
import type { InstanceRecord } from '../journal/journal.js';
import { manifestSchema, stableMsOf } from '../protocol/manifest.js';
import { probe, untilHealthy } from './health.js';
import { bootId, startTimeOf } from './proc.js';

let server: Server | ReturnType<typeof createNetServer>;
const seen: { host?: string; 'x-probe'?: string }[] = [];

const listen = async (answer: RequestListener) => {
  server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
};
const listenRaw = async (bytes: string, then: 'wait' | 'close') => {
  server = createNetServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => (then === 'close' ? socket.end(bytes) : socket.write(bytes)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
};
const port = () => (server.address() as AddressInfo).port;
const manifestOf = (health: object = {}) =>
  manifestSchema.parse({
    schema: 1,
    run: { command: 'x' },
    traffic: { protocol: 'http', port: 1 },
    health,
  });
const check = (health: object = {}) =>
  probe({ port: port() }, manifestOf({ timeoutMs: 300, ...health }));

afterEach(async () => {
  if ('closeAllConnections' in server) server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe('a health check', () => {
  it.each([200, 204, 299])('is passed with %d', async (status) => {
    await listen((_, response) => response.writeHead(status).end());
    expect(await check()).toBeNull();
  });

  it.each([
    [302, /answered 302: redirects are not followed/],
    [304, /answered 304/],
    [400, /answered 400/],
    [503, /answered 503/],
  ])('is not passed with %d', async (status, message) => {
    await listen((_, response) => response.writeHead(status, { location: '/in' }).end());
    expect(await check()).toMatch(message);
  });

  it.each([
    [
      'a stalled body',
      'Content-Length: 10\r\n\r\nhalf',
      'wait',
      /did not finish its answer \(within 300 ms\)/,
    ],
    ['a cut body', 'Content-Length: 10\r\n\r\nhalf', 'close', /did not finish its answer/],
    ['cut chunks', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhel', 'close', /did not finish/],
    [
      'an endless body',
      `Connection: close\r\n\r\n${'x'.repeat(70_000)}`,
      'wait',
      /more than 64 KiB/,
    ],
  ] as const)('is not passed with %s', async (_, rest, then, message) => {
    await listenRaw(`HTTP/1.1 200 OK\r\n${rest}`, then);
    expect(await check()).toMatch(message);
  });

  it('is passed with 64 KiB', async () => {
    await listen((_, response) => response.end('x'.repeat(64 * 1024)));
    expect(await check({ timeoutMs: 5000 })).toBeNull();
  });

  it('says the host and the headers of the manifest', async () => {
    await listen((request, response) => {
      seen.push(request.headers);
      response.end();
    });
    expect(await check({ host: 'shop.example', headers: { 'X-Probe': 'yes' } })).toBeNull();
    expect(seen.pop()).toMatchObject({ host: 'shop.example', 'x-probe': 'yes' });
    expect(await check()).toBeNull();
    expect(seen.pop()).toMatchObject({ host: `127.0.0.1:${port()}` });
  });
});

describe('a start', () => {
  it('is healthy only when it has been so without a break', async () => {
    const answers: { at: number; isGood: boolean }[] = [];
    const from = performance.now();
    await listen((_, response) => {
      // Good, bad once, and good from then on.
      const isGood = answers.length !== 2;
      answers.push({ at: performance.now() - from, isGood });
      response.writeHead(isGood ? 200 : 503).end();
    });
    const record = {
      port: port(),
      identity: { pid: process.pid, startTime: startTimeOf(process.pid), bootId },
    } as unknown as InstanceRecord;
    const ends = { listeners: () => [] };
    const options = {
      signal: new AbortController().signal,
      launcher: { ends, lastWords: () => '' } as never,
      stableMs: 250,
    };
    await untilHealthy(record, manifestOf({ intervalMs: 50 }), options);
    const bad = answers.find(({ isGood }) => !isGood)!;
    expect(performance.now() - from - bad.at).toBeGreaterThanOrEqual(250);
    expect(answers.slice(3).every(({ isGood }) => isGood)).toBe(true);
  });

  it('is watched for 3 s unless its manifest says', () => {
    expect(stableMsOf(manifestOf().health)).toBe(3000);
    expect(stableMsOf(manifestOf({ stableMs: 0 }).health)).toBe(0);
  });
});
