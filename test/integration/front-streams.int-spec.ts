import { jest } from '@jest/globals';
import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, createServer, type AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { frontLimits } from '../../src/agent/front/front-limits.js';
import { ask, askRaw, FrontRig, table, target, until } from '../support/front-rig.js';

const CHUNK = randomBytes(64 * 1024);
const CHUNKS = 800; // 50 MiB

describe('a large body', () => {
  let rig: FrontRig;
  beforeEach(async () => (rig = await FrontRig.start()));
  afterEach(() => rig.stop());

  it('passes up and down unchanged, through a swap', async () => {
    const old = await rig.instance('old', (request, response) => {
      void pipeline(request, response);
    });
    const next = await rig.instance('next');
    await rig.front.apply(table(1, rig.port, [target(old)]));
    const sent = createHash('sha256');
    const received = createHash('sha256');
    const echo = upload(rig.port, sent);
    await until(() => old.seen.length === 1, 'the upload at the instance');
    await rig.front.apply(table(2, rig.port, [target(next)]));
    const drained = rig.front.drain('old', 60_000);
    for await (const chunk of await echo) received.update(chunk as Buffer);
    expect(received.digest('hex')).toBe(sent.digest('hex'));
    expect(await drained).toEqual({ cut: 0, websockets: 0 });
  }, 60_000);

  it('is not read faster than the client takes it', async () => {
    let written = 0;
    const fast = await rig.instance('fast', (_, response) => {
      const source = Readable.from(
        (function* () {
          for (let index = 0; index < CHUNKS; index += 1) {
            written += CHUNK.length;
            yield CHUNK;
          }
        })(),
      );
      source.pipe(response);
    });
    await rig.front.apply(table(1, rig.port, [target(fast)]));
    const socket = connect(rig.port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: front\r\nConnection: close\r\n\r\n');
    socket.once('readable', () => undefined); // Takes nothing: the kernel's buffers fill up.
    let last = -1;
    let lastAt = performance.now();
    await until(() => {
      if (written !== last) {
        last = written;
        lastAt = performance.now();
      }
      return last > 0 && performance.now() - lastAt > 300;
    }, 'the instance to be held up');
    expect(written).toBeLessThan((CHUNK.length * CHUNKS) / 2);
    let read = 0;
    for await (const chunk of socket) read += (chunk as Buffer).length;
    expect(read).toBeGreaterThan(CHUNK.length * CHUNKS);
  }, 60_000);

  it('gets an early answer, each time, and the connection serves the next request', async () => {
    // It answers at the headers and closes with the upload unread: the kernel resets the connection.
    const picky = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (chunk) => {
        const isUpload = chunk.toString('latin1').startsWith('POST');
        socket.pause();
        const [status, body] = isUpload ? ['413 Too Large', 'too large'] : ['200 OK', 'answer'];
        const head = `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: ${body.length}`;
        socket.write(`${head}\r\n\r\n${body}`, () => socket.destroy());
      });
    });
    await new Promise<void>((resolve) => picky.listen(0, '127.0.0.1', resolve));
    rig.onStop(() => new Promise<void>((resolve) => picky.close(() => resolve())));
    const { port } = picky.address() as AddressInfo;
    await rig.front.apply(table(1, rig.port, [target({ name: 'picky', port })]));
    const body = 'x'.repeat(3_000_000);
    const bytes = `POST / HTTP/1.1\r\nHost: front\r\nContent-Length: ${body.length}\r\n\r\n${body}GET / HTTP/1.1\r\nHost: front\r\nConnection: close\r\n\r\n`;
    for (let time = 0; time < 20; time += 1) {
      const written = await askRaw(rig.port, bytes);
      expect(written.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 200']);
      expect(written).toContain('too large');
    }
    const counted = { requests: 40, errors: 0, frontErrors: 0, cut: 0, refused: 0 };
    expect(await rig.counters('picky')).toMatchObject(counted);
  });

  it('that the instance breaks off is cut for the client too, and counted', async () => {
    const dying = await rig.instance('dying', (_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('half', () => response.socket!.destroy());
    });
    await rig.front.apply(table(1, rig.port, [target(dying)]));
    await expect(ask(rig.port)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await rig.counters('dying')).toMatchObject({ requests: 1, cut: 1, frontErrors: 0 });
    expect(dying.seen).toHaveLength(1);
  });
});

const UPLOAD = 'POST / HTTP/1.1\r\nHost: front\r\nContent-Length: 3\r\n\r\nabc';

describe('a client that leaves', () => {
  let rig: FrontRig;
  beforeEach(async () => {
    jest.replaceProperty(frontLimits, 'halfClosedMs', 150 as 5000);
    rig = await FrontRig.start();
  });
  afterEach(() => rig.stop());

  it.each([
    ['before the answer', 'GET / HTTP/1.1\r\nHost: front\r\n\r\n', false],
    ['in the middle of the answer', 'GET / HTTP/1.1\r\nHost: front\r\n\r\n', true],
    [
      'in its own upload',
      'POST / HTTP/1.1\r\nHost: front\r\nContent-Length: 9999\r\n\r\nabc',
      false,
    ],
  ])('%s ends the work at the instance and is no error', async (_, bytes, answers) => {
    const held: { request: IncomingMessage; response: ServerResponse }[] = [];
    let isGone = false;
    const instance = await rig.instance('one', (request, response) => {
      held.push({ request, response });
      request.on('error', () => undefined);
      request.resume();
      response.on('close', () => (isGone = true));
      if (answers) response.write('first part');
    });
    await rig.front.apply(table(1, rig.port, [target(instance)]));
    const socket = connect(rig.port, '127.0.0.1', () => socket.write(bytes));
    let received = '';
    socket.on('data', (chunk) => (received += chunk.toString()));
    await until(() => held.length === 1, 'the request at the instance');
    if (answers) await until(() => received.includes('first part'), 'the first part');
    socket.destroy();
    await until(() => isGone, 'the instance to notice');
    expect(await rig.counters('one')).toMatchObject({
      inFlight: 0,
      requests: 0,
      errors: 0,
      frontErrors: 0,
      cut: 0,
      retries: 0,
      clientGone: 1,
    });
    expect(held).toHaveLength(1);
  });

  it.each(['GET / HTTP/1.1\r\nHost: front\r\n\r\n', UPLOAD])(
    'after having waited for an answer to %j counts at once',
    async (bytes) => {
      jest.replaceProperty(frontLimits, 'halfClosedMs', 600_000 as 5000);
      jest.replaceProperty(frontLimits, 'halfCloseMs', 20 as 250);
      let seenAt = 0;
      const silent = await rig.instance('silent', (request) => {
        request.resume();
        request.once('end', () => (seenAt = performance.now()));
      });
      await rig.front.apply(table(1, rig.port, [target(silent)]));
      const socket = connect(rig.port, '127.0.0.1', () => socket.write(bytes));
      await until(() => seenAt > 0 && performance.now() - seenAt > 50, 'the client to have waited');
      socket.destroy();
      await until(
        async () => (await rig.counters('silent')).clientGone === 1,
        'the front to notice',
      );
      expect(await rig.counters('silent')).toMatchObject({ inFlight: 0, requests: 0 });
      expect((await rig.counters('silent')).abandoned).toEqual([[expect.any(Number), 1]]);
    },
  );
});

function upload(port: number, hash: ReturnType<typeof createHash>): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      { host: '127.0.0.1', port, method: 'POST', agent: false },
      resolve,
    );
    outgoing.on('error', reject);
    const source = Readable.from(
      (function* () {
        for (let index = 0; index < CHUNKS; index += 1) {
          hash.update(CHUNK);
          yield CHUNK;
        }
      })(),
    );
    source.pipe(outgoing);
  });
}
