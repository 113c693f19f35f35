import { jest } from '@jest/globals';
import { connect, type Socket } from 'node:net';
import { frontLimits } from '../../src/agent/front/front-limits.js';
import { bucketLowerMicros, bucketUpperMicros } from '../../src/kernel/histogram.js';
import { FrontRig, table, target, until, type TestInstance } from '../support/front-rig.js';

const HANDSHAKE =
  'GET /live HTTP/1.1\r\nHost: front\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n';

describe('a client that leaves before the answer has begun', () => {
  let rig: FrontRig;
  let silent: TestInstance;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    jest.replaceProperty(frontLimits, 'halfClosedMs', 150 as 5000);
    rig = await FrontRig.start();
    silent = await rig.instance('silent', (request) => request.resume());
    await rig.front.apply(table(1, rig.port, [target(silent)]));
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await rig.stop();
  });

  function client(bytes: string): Socket {
    const socket = connect(rig.port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    socket.on('error', () => undefined);
    sockets.push(socket);
    return socket;
  }

  const counters = () => rig.counters('silent');
  const abandoned = async () =>
    ((await counters()).abandoned ?? []).reduce((sum, [, count]) => sum + count, 0);
  const arrived = (count = 1) => until(() => silent.seen.length === count, 'the request');
  const gone = (count = 1) =>
    until(async () => (await counters()).clientGone === count, 'the client to be missed');

  it.each([
    ['a GET', 'GET / HTTP/1.1\r\nHost: front\r\n\r\n'],
    ['a GET of HTTP/1.0', 'GET / HTTP/1.0\r\nHost: front\r\n\r\n'],
    ['a whole POST', 'POST / HTTP/1.1\r\nHost: front\r\nContent-Length: 2\r\n\r\nhi'],
    [
      'a whole chunked PUT',
      'PUT / HTTP/1.1\r\nHost: front\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
    ],
  ])('is counted with the time it waited: %s', async (_, bytes) => {
    const before = performance.now();
    const socket = client(bytes);
    await arrived();
    const seen = performance.now();
    await until(() => performance.now() - seen > 120, 'patience to end');
    socket.destroy();
    await gone();
    const waited = (performance.now() - before) * 1000;
    const { abandoned: pairs = [], requests, histogram } = await counters();
    expect({ requests, histogram }).toEqual({ requests: 0, histogram: [] });
    expect(pairs).toHaveLength(1);
    expect(pairs[0]![1]).toBe(1);
    expect(bucketUpperMicros(pairs[0]![0])).toBeGreaterThanOrEqual(120_000);
    expect(bucketLowerMicros(pairs[0]![0])).toBeLessThanOrEqual(waited);
  });

  it('is counted when what hangs is a WebSocket handshake', async () => {
    silent.server.on('upgrade', ({ url = '', headers }) => {
      silent.seen.push({ method: 'GET', url, headers });
    });
    const socket = client(HANDSHAKE);
    await arrived();
    socket.destroy();
    await gone();
    expect(await abandoned()).toBe(1);
  });

  it('is counted once for the pipelined requests that reached the instance', async () => {
    const one = 'GET / HTTP/1.1\r\nHost: front\r\n\r\n';
    const socket = client(one + one);
    await arrived(2);
    socket.destroy();
    await gone(2);
    expect(await abandoned()).toBe(2);
  });

  it('is its own doing when it breaks off its upload', async () => {
    const socket = client('POST / HTTP/1.1\r\nHost: front\r\nContent-Length: 10\r\n\r\nhi');
    await arrived();
    socket.destroy();
    await gone();
    expect(await abandoned()).toBe(0);
  });

  it('is no harm once the answer has begun', async () => {
    const stream = await rig.instance('stream', (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
    });
    await rig.front.apply(table(2, rig.port, [target(stream)]));
    const socket = client('GET / HTTP/1.1\r\nHost: front\r\n\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
    socket.destroy();
    await until(
      async () => (await rig.counters('stream')).clientGone === 1,
      'the client to be missed',
    );
    expect((await rig.counters('stream')).abandoned).toEqual([]);
  });

  it('is no harm when a WebSocket handshake was refused in a stream', async () => {
    const stream = await rig.instance('stream');
    stream.server.on('upgrade', (_, socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n');
    });
    await rig.front.apply(table(2, rig.port, [target(stream)]));
    const socket = client(HANDSHAKE);
    await new Promise((resolve) => socket.once('data', resolve));
    socket.destroy();
    await until(
      async () => (await rig.counters('stream')).clientGone === 1,
      'the client to be missed',
    );
    expect((await rig.counters('stream')).abandoned).toEqual([]);
  });
});
