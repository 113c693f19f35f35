import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { Body, Controller, Get, Post } from '@nestjs/common';
import { z } from 'zod';
import { ControlServer } from '../../src/agent/front/control-server.js';
import { answerUpgradeOffers } from '../../src/kernel/upgrade-offers.js';
import { Public } from '../../src/platform/http/access.js';
import { Operation } from '../../src/platform/http/operation.js';
import { startOperationsListener } from '../../src/platform/metrics/operations-listener.js';
import { freePort } from '../support/free-port.js';
import { FrontRig, table, target, until } from '../support/front-rig.js';
import { startHttpApp } from '../support/http-app.js';
import { WholeApp } from '../support/whole-app.js';

const notes = { summary: 'Echo', description: 'For tests only.', errors: [] };
const anything = z.record(z.string(), z.unknown());

@Controller('echo')
class EchoController {
  @Get()
  @Public()
  @Operation(notes)
  read() {
    return { said: 'hello' };
  }

  @Post()
  @Public()
  @Operation(notes)
  write(@Body({ schema: anything }) body: Record<string, unknown>) {
    return body;
  }
}

/** A listener of ours: where to connect, and two requests that it answers. */
interface Door {
  readonly to: { readonly port: number } | { readonly path: string };
  readonly get: string;
  readonly post: string;
  /** What the answer to `post` with `BODY` begins with, and holds. */
  readonly status: number;
  readonly answer: RegExp;
  readonly closes?: boolean;
  close(): Promise<unknown>;
}

const BODY = '{"instance":"GET / HTTP/1.1","timeoutMs":0}';
const H2C = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n';
const JSON_BODY = 'Content-Type: application/json\r\n';
const CHUNKED = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;

const doors: Record<string, () => Promise<Door>> = {
  'the API': async () => {
    const app = await startHttpApp({ controllers: [EchoController] });
    const echo = { get: '/api/v1/echo', post: '/api/v1/echo', status: 201 };
    return {
      ...echo,
      to: { port: portOf(app.url) },
      answer: /timeoutMs/,
      close: () => app.close(),
    };
  },
  'the operations listener': async () => {
    const { app, platform } = await startHttpApp();
    const listener = await startOperationsListener({ host: '127.0.0.1', port: 0 }, platform);
    return {
      to: { port: portOf(listener.url) },
      get: '/health/live',
      post: '/metrics',
      status: 405,
      answer: /^/,
      close: async () => Promise.all([listener.close(), app.close()]),
    };
  },
  'the front': async () => {
    const rig = await FrontRig.start();
    const echo = await rig.instance('echo', (request, response) => {
      void request.toArray().then((chunks) => {
        response.end(Buffer.concat(chunks as Buffer[]));
      });
    });
    await rig.front.apply(table(1, rig.port, [target(echo)]));
    const paths = { get: '/', post: '/', status: 200, answer: /timeoutMs/ };
    return { ...paths, to: { port: rig.port }, close: () => rig.stop() };
  },
  'the control socket of a front': async () => {
    const rig = await FrontRig.start();
    const control = new ControlServer(rig.front, { upgrade: async () => ({ pid: 0 }) });
    const path = `${rig.stateDir}/control.sock`;
    await control.listen(path);
    const paths = { get: '/status', post: '/drain', status: 200, answer: /"cut":0/ };
    const close = async () => (await control.close(0), rig.stop());
    return { ...paths, to: { path }, closes: true, close };
  },
};

function portOf(url: string): number {
  return Number(new URL(url).port);
}

const sockets: Socket[] = [];
afterEach(() => sockets.splice(0).forEach((socket) => socket.destroy()));

/** A connection and all that came back on it. */
function open(to: Door['to']) {
  const socket = connect(to as never);
  sockets.push(socket);
  const seen = { text: '', ended: false };
  socket.on('data', (chunk: Buffer) => (seen.text += chunk.toString('latin1')));
  socket.on('end', () => (seen.ended = true));
  socket.on('error', () => (seen.ended = true));
  const statuses = () =>
    [...seen.text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, one]) => Number(one));
  const answers = (...wanted: number[]) =>
    until(
      () => statuses().join() === wanted.join() && isWhole(seen.text),
      `${wanted.join()}, not ${statuses().join()}: ${seen.text}`,
    ).catch(() => expect(seen.text).toBe(wanted.join()));
  return { socket, seen, answers, send: (text: string) => socket.write(text, 'latin1') };
}

/** The last answer's body is there, as far as its headers tell. */
function isWhole(text: string): boolean {
  const [head = '', ...body] = text.slice(text.lastIndexOf('HTTP/1.1 ')).split('\r\n\r\n');
  const length = /^content-length: (\d+)/im.exec(head)?.[1];
  if (length !== undefined) return body.join('\r\n\r\n').length >= Number(length);
  return !/^transfer-encoding: chunked/im.test(head) || text.endsWith('0\r\n\r\n');
}

describe.each(Object.entries(doors))('an offer to upgrade, ignored by %s', (_, start) => {
  let door: Door;
  beforeAll(async () => (door = await start()));
  afterAll(() => door?.close());

  const get = (more = '', version = '1.1') =>
    `GET ${door.get} HTTP/${version}\r\nHost: a\r\n${more}\r\n`;
  const post = (more = '') =>
    `POST ${door.post} HTTP/1.1\r\nHost: a\r\n${JSON_BODY}${more}Content-Length: ${BODY.length}\r\n\r\n${BODY}`;
  const chunked = (more = '') =>
    `POST ${door.post} HTTP/1.1\r\nHost: a\r\n${JSON_BODY}${more}Transfer-Encoding: chunked\r\n\r\n${CHUNKED}`;

  it.each([
    H2C,
    'Connection: upgrade\r\nUpgrade: TLS/1.0\r\n',
    'Connection: upgrade\r\nUpgrade: h2c, TLS/1.3\r\n',
    'Connection: upgrade\r\nUpgrade: h2c\r\nUpgrade: irc/6.9\r\n',
  ])('changes nothing in the answer to %j', async (offer) => {
    const { send, answers, seen } = open(door.to);
    send(get(offer));
    await answers(200);
    if (door.closes) return;
    send(get());
    await answers(200, 200);
    expect(seen.ended).toBe(false);
  });

  it.each([
    ['Content-Length', () => post(H2C)],
    ['chunks', () => chunked(H2C)],
    ['a WebSocket offered', () => post('Connection: upgrade\r\nUpgrade: websocket\r\n')],
  ])('lets a body arrive whole, with %s', async (_name, bytes) => {
    const { send, answers, seen } = open(door.to);
    send(bytes());
    await answers(door.status);
    expect(seen.text).toMatch(door.answer);
  });

  it('lets a body arrive that comes in pieces', async () => {
    const { send, answers, seen, socket } = open(door.to);
    const bytes = post(H2C);
    for (let index = 0; index < bytes.length; index += 7) {
      send(bytes.slice(index, index + 7));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await answers(door.status);
    expect(seen.text).toMatch(door.answer);
    expect(socket.bytesWritten).toBe(bytes.length);
  });

  it('lets a client that expects 100 send its body', async () => {
    const { send, answers, seen } = open(door.to);
    const [head = '', body = ''] = post(`${H2C}Expect: 100-continue\r\n`).split('\r\n\r\n');
    send(`${head}\r\n\r\n`);
    await until(() => seen.text.startsWith('HTTP/1.1 '), 'an interim answer');
    if (door.status === 405) return;
    await answers(100);
    send(body);
    await answers(100, door.status);
  });

  it('is ignored wherever it stands among pipelined requests', async () => {
    if (door.closes) return;
    const { send, answers } = open(door.to);
    send([get(), get(H2C), post(H2C), chunked(H2C), post(), get(H2C), get()].join(''));
    const { status } = door;
    await answers(200, 200, status, status, status, 200, 200);
  });

  it('leaves HTTP/1.0 what it is: the connection is closed', async () => {
    const { send, answers, seen } = open(door.to);
    send(get('Connection: upgrade\r\nUpgrade: h2c\r\n', '1.0'));
    await answers(200);
    await until(() => seen.ended, 'the end');
  });

  it('is told when there are more headers than are read', async () => {
    const { send, seen } = open(door.to);
    send(get(`${H2C}${'A: b\r\n'.repeat(2100)}`));
    await until(() => seen.ended, 'the end');
    expect(seen.text).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('gets an answer also as CONNECT', async () => {
    const { send, answers } = open(door.to);
    send('CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n');
    await answers(501);
  });
});

describe('an offer to upgrade', () => {
  it('that waits behind an answer larger than the buffers does not stop that one', async () => {
    const large = Buffer.alloc(8 * 1024 * 1024, 'x');
    const server = createServer((request, response) => {
      if (request.url !== '/large') return response.end('small');
      response.writeHead(200, { 'content-length': large.length });
      let at = 0;
      const more = () => {
        while (at < large.length && response.write(large.subarray(at, (at += 65_536))));
        if (at >= large.length) response.end();
        else response.once('drain', more);
      };
      more();
      return undefined;
    });
    answerUpgradeOffers(server);
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const { send, seen } = open({ port });
    send(`GET /large HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n${H2C}\r\n`);
    await until(() => seen.text.endsWith('small'), 'both answers');
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  describe('of a WebSocket to the whole API', () => {
    let whole: WholeApp;
    beforeAll(async () => (whole = await WholeApp.start()));
    afterAll(() => whole?.close());

    const handshake = (path: string, offered: string) =>
      `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: ${offered}\r\n` +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n';
    const ask = async (bytes: string, status: number) => {
      const connection = open({ port: portOf(whole.url) });
      connection.send(bytes);
      await connection.answers(status);
      return connection.seen.text;
    };

    it.each(['/', '/ws', '/api/v1/nothing', '/socket.io'])(
      'is answered where nobody serves it: %s',
      async (path) => {
        const text = await ask(handshake(path, 'websocket'), 404);
        expect(text).toMatch(/application\/problem\+json/);
      },
    );

    it.each(['websocket', 'WebSocket, h2c', 'h2c, websocket'])('is taken as %s', (offered) =>
      ask(handshake('/socket.io/?EIO=4&transport=websocket', offered), 101),
    );

    it('is told what is wrong with it where it is served', async () => {
      await ask(handshake('/socket.io/?EIO=4', 'websocket'), 400);
      await ask(handshake('/socket.io/?EIO=4&transport=websocket', 'h2c'), 400);
    });
  });
});
