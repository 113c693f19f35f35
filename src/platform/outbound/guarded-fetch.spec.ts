import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import {
  createServer as createTcpServer,
  type AddressInfo,
  type Server as TcpServer,
  type Socket,
} from 'node:net';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { authority } from '../../../test/support/certificates.js';
import { DomainError } from '../../kernel/errors.js';
import { Logger } from '../logging/logger.js';
import { GuardedFetch, type GuardedFetchParts } from './guarded-fetch.js';
import type { ResolveHost } from './host-resolver.js';
import { OpenedDestinations } from './opened-destinations.js';

const KEY = 'tenant';
const servers: (Server | TcpServer)[] = [];
const sockets = new Set<Socket>();
const ours = authority();

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
});

async function listening<S extends Server | TcpServer>(server: S, host = '127.0.0.1', port = 0) {
  servers.push(server);
  server.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  return (server.address() as AddressInfo).port;
}

const plain = (listener: RequestListener, host?: string, port?: number) =>
  listening(createServer(listener), host, port);
const secure = (names: readonly string[], from = ours, days?: number) =>
  listening(createSecureServer(from.issue(names, days), (_request, reply) => reply.end('{}')));

/** A name server that says these, one after the other, and the last one for ever. */
function nameServer(...answers: (readonly string[])[]) {
  let asked = 0;
  const resolve: ResolveHost = async () => answers[Math.min(asked++, answers.length - 1)]!;
  return { resolve, asked: () => asked };
}

function guarded(opened: string | null, more: Partial<GuardedFetchParts> = {}): GuardedFetch {
  return new GuardedFetch({
    opened: opened === null ? OpenedDestinations.none : OpenedDestinations.parse(opened),
    log: Logger.silent(),
    resolve: nameServer(['127.0.0.1']).resolve,
    ...more,
  });
}

async function failure(call: Promise<unknown>): Promise<unknown> {
  const error = await call.then(
    () => 'answered',
    (reason: unknown) => reason,
  );
  if (!(error instanceof DomainError)) return error;
  const reason = (error.details?.['reason'] ?? error.details?.['rule']) as string | undefined;
  return reason === undefined ? error.code : `${error.code} ${reason}`;
}

describe('the guarded fetch', () => {
  it('connects to the address that was judged, whatever the name says next', async () => {
    const port = await plain((_request, reply) => reply.end('outside'), '127.0.0.2');
    await plain((_request, reply) => reply.end('inside'), '127.0.0.1', port);
    const names = nameServer(['127.0.0.2'], ['127.0.0.1']);
    const outbound = guarded('127.0.0.2', { resolve: names.resolve });
    const answer = await outbound.request(`http://rebinding.test:${port}/`, { key: KEY });
    expect(answer.body.toString()).toBe('outside');
    expect(names.asked()).toBe(1);
    const again = outbound.request(`http://rebinding.test:${port}/`, { key: KEY });
    expect(await failure(again)).toBe('outbound-url-invalid scheme');
  });

  it('asks the name of the host and of nobody else for its certificate', async () => {
    const port = await secure(['issuer.test']);
    const call = (host: string, ca = ours.cert) =>
      guarded('127.0.0.1', { ca }).getJson(`https://${host}:${port}/`, { key: KEY });
    expect((await call('issuer.test')).value).toEqual({});
    expect(await failure(call('other.test'))).toBe('outbound-unreachable unknown');
    expect(await failure(call('issuer.test', authority().cert))).toBe(
      'outbound-unreachable unknown',
    );
  });

  it('says what is wrong with a certificate of a host that is no secret', async () => {
    const good = await secure(['127.0.0.1']);
    const byAddress = guarded(`127.0.0.1:${good}`, { ca: ours.cert });
    expect((await byAddress.getJson(`https://127.0.0.1:${good}/`, { key: KEY })).value).toEqual({});
    const bad = [
      await secure(['other.test']),
      await secure(['host.test'], authority('Somebody else')),
      await secure(['host.test'], ours, -1),
    ];
    for (const port of bad) {
      const outbound = guarded('host.test', { ca: ours.cert });
      const call = outbound.getJson(`https://host.test:${port}/`, { key: KEY });
      expect(await failure(call)).toBe('outbound-unreachable certificate');
    }
  });

  it('tells the same of a name without an address, one inside, and one that does not answer', async () => {
    const texts = new Set<string>();
    const never: ResolveHost = () => new Promise(() => undefined);
    const resolvers = [
      nameServer([]).resolve,
      nameServer(['10.0.0.1']).resolve,
      nameServer(['8.8.8.8', '127.0.0.1']).resolve,
      nameServer(['::1']).resolve,
      nameServer(['169.254.169.254']).resolve,
      () => Promise.reject(new Error('ENOTFOUND inside.corp')),
      never,
    ];
    for (const resolve of resolvers) {
      const outbound = guarded('10.20.0.0/16', { resolve, deadlineMs: 200 });
      for (const url of ['https://inside.corp/', 'http://inside.corp:8080/']) {
        const error = await outbound.request(url, { key: KEY }).catch((reason: unknown) => reason);
        const { code, message, details } = error as DomainError;
        texts.add(`${url} ${code} ${message} ${JSON.stringify(details)}`);
      }
    }
    expect([...texts]).toEqual([
      expect.stringContaining('outbound-refused'),
      expect.stringContaining('outbound-url-invalid'),
    ]);
  });

  it('does not look up what could not be called whatever its address', async () => {
    const names = nameServer(['8.8.8.8']);
    const outbound = guarded('gitlab.test:3000', { resolve: names.resolve });
    for (const url of ['http://host.test/', 'https://host.test:22/', 'http://gitlab.test:3001/']) {
      expect(await failure(outbound.request(url, { key: KEY }))).toMatch('outbound-url-invalid');
    }
    expect(names.asked()).toBe(0);
  });

  it('refuses addresses in place of names, too', async () => {
    for (const host of ['127.0.0.1', '[::1]', '10.0.0.1', '[64:ff9b::a00:1]', '[fd00::1]']) {
      const call = guarded(null).request(`https://${host}/`, { key: KEY });
      expect([host, await failure(call)]).toEqual([host, 'outbound-refused']);
    }
  });
});

describe('an answer to the guarded fetch', () => {
  const ask = async (listener: RequestListener, more: Partial<GuardedFetchParts> = {}) => {
    const port = await plain(listener);
    return guarded('host.test', more).request(`http://host.test:${port}/a?b=c`, { key: KEY });
  };

  it('is not followed to another address', async () => {
    let isFollowed = false;
    const inside = await plain((_request, reply) => {
      isFollowed = true;
      reply.end();
    });
    for (const status of [301, 302, 303, 307, 308, 304]) {
      const location = `http://host.test:${inside}/`;
      const call = ask((_request, reply) => reply.writeHead(status, { location }).end());
      expect(await failure(call)).toBe('outbound-answer-unusable redirect');
    }
    expect(isFollowed).toBe(false);
  });

  it('is no longer than allowed, whether it says how long it is or not', async () => {
    let sent = 0;
    const endless: RequestListener = (_request, reply) => {
      const timer = setInterval(() => {
        sent += 65_536;
        reply.write(Buffer.alloc(65_536));
      }, 1);
      reply.on('close', () => clearInterval(timer));
    };
    expect(await failure(ask(endless))).toBe('outbound-answer-unusable too-large');
    expect(sent).toBeLessThan(64 * 1024 * 1024);
    const announced: RequestListener = (_request, reply) =>
      reply.writeHead(200, { 'content-length': '65537' }).flushHeaders();
    expect(await failure(ask(announced))).toBe('outbound-answer-unusable too-large');
    const whole = await ask((_request, reply) => reply.end(Buffer.alloc(65_536)));
    expect(whole.body.length).toBe(65_536);
  });

  it('may be larger where the caller says so, and never larger than the limit', async () => {
    const port = await plain((_request, reply) => reply.end(Buffer.alloc(600 * 1024)));
    const outbound = guarded('host.test');
    const call = outbound.request(`http://host.test:${port}/`, { key: KEY, maxBytes: 1e9 });
    expect(await failure(call)).toBe('outbound-answer-unusable too-large');
  });

  it('is not unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024));
    const heads: unknown[] = [];
    const call = ask((request, reply) => {
      heads.push(request.headers['accept-encoding']);
      reply.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
    });
    expect(await failure(call)).toBe('outbound-answer-unusable encoding');
    expect(heads).toEqual(['identity']);
  });

  it('comes in full before the deadline, however slowly it drips', async () => {
    const drip = (bytes: string): Promise<number> =>
      listening(
        createTcpServer((socket) => {
          socket.write(bytes);
          const timer = setInterval(() => socket.write('x'), 20);
          socket.on('close', () => clearInterval(timer)).on('error', () => undefined);
        }),
      );
    const silent = await listening(
      createTcpServer((socket) => socket.on('error', () => undefined)),
    );
    const ports = [
      await drip('HTTP/1.1 200 OK\r\nX-Slow: '),
      await drip('HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n'),
      await drip('HTTP/1.1 200 OK\r\n\r\n'),
      silent,
    ];
    for (const port of ports) {
      const since = performance.now();
      const outbound = guarded('host.test', { deadlineMs: 150 });
      const call = outbound.request(`http://host.test:${port}/`, { key: KEY });
      expect(await failure(call)).toBe('outbound-unreachable late');
      expect(performance.now() - since).toBeLessThan(2_000);
    }
  });

  it('is none when it breaks off, is no HTTP, has headers without end, or is another protocol', async () => {
    const says = (bytes: string) =>
      listening(createTcpServer((socket) => socket.on('error', () => undefined).end(bytes)));
    const ports = [
      await says('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'),
      await says('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhalf'),
      await says('SSH-2.0-OpenSSH_9.2\r\n'),
      await says(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`),
      await says('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
      await says(''),
    ];
    for (const port of ports) {
      const call = guarded('host.test').request(`http://host.test:${port}/`, { key: KEY });
      expect(await failure(call)).toBe('outbound-unreachable connection');
    }
  });

  it('is asked for with what the caller sends, and without cookies or a proxy', async () => {
    const seen: unknown[] = [];
    const port = await plain((request, reply) => {
      const { method, url, headers } = request;
      request.on('data', (chunk: Buffer) => seen.push(chunk.toString()));
      request.on('end', () => {
        seen.push(method, url, headers);
        reply.end('{"ok":true}');
      });
    });
    const answer = await guarded('host.test').postJson(
      `http://host.test:${port}/hook?a=1`,
      { event: 'x' },
      { key: KEY, headers: { 'x-signature': 'abc' }, schema: z.object({ ok: z.boolean() }) },
    );
    expect(answer.value.ok).toBe(true);
    expect(seen).toEqual([
      '{"event":"x"}',
      'POST',
      '/hook?a=1',
      {
        accept: 'application/json',
        'accept-encoding': 'identity',
        connection: 'close',
        'content-length': '13',
        'content-type': 'application/json',
        host: `host.test:${port}`,
        'user-agent': expect.stringMatching(/^tidegate\//),
        'x-signature': 'abc',
      },
    ]);
  });

  it('does not let the caller write what is not his', async () => {
    for (const name of ['Host', 'Transfer-Encoding', 'content-length', 'Proxy-Authorization']) {
      const call = guarded('host.test').request('http://host.test/', {
        key: KEY,
        headers: { [name]: 'x' },
      });
      await expect(call).rejects.toThrow(TypeError);
    }
    const split = guarded('host.test').request('http://host.test/', {
      key: KEY,
      headers: { 'x-a': 'b\r\nHost: evil' },
    });
    await expect(split).rejects.toThrow();
  });

  it('is JSON that all read alike, of the form that is asked for, with how long it is good', async () => {
    const json = async (body: string, status = 200, headers = {}) => {
      const port = await plain((_request, reply) => reply.writeHead(status, headers).end(body));
      const schema = z.object({ a: z.number() });
      return guarded('host.test').getJson(`http://host.test:${port}/`, { key: KEY, schema });
    };
    const headers = { etag: '"v1"', 'cache-control': 'public, max-age=300' };
    expect(await json('{"a":1}', 200, headers)).toEqual({
      value: { a: 1 },
      etag: '"v1"',
      maxAgeMs: 300_000,
    });
    expect((await json('{"a":1}')).maxAgeMs).toBeNull();
    const unkept = { 'cache-control': 'no-store, max-age=300' };
    expect((await json('{"a":1}', 200, unkept)).maxAgeMs).toBe(0);
    const failures = {
      '{"a":1,"a":2}': 'json',
      '<html>': 'json',
      '{"a":"1"}': 'schema',
    };
    for (const [body, reason] of Object.entries(failures)) {
      expect(await failure(json(body))).toBe(`outbound-answer-unusable ${reason}`);
    }
    expect(await failure(json('{"a":1}', 404))).toBe('outbound-answer-unusable status');
  });

  it('tells nothing of who answers in a network that was opened as a whole', async () => {
    const closed = await plain(() => undefined);
    await new Promise((resolve) => servers.pop()!.close(resolve));
    const ports = [
      await plain((_request, reply) => reply.writeHead(404).end()),
      await plain((_request, reply) => reply.writeHead(302, { location: '/' }).end()),
      await plain((_request, reply) => reply.end('no JSON')),
      await listening(createTcpServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'))),
      closed,
    ];
    for (const port of ports) {
      const call = guarded('127.0.0.0/8').getJson(`http://any.test:${port}/`, { key: KEY });
      expect(await failure(call)).toBe('outbound-unreachable unknown');
    }
  });
});

describe('the places of the guarded fetch', () => {
  it('are counted for each key: whoever calls somebody slow waits alone', async () => {
    const held: (() => void)[] = [];
    const slow = await plain((_request, reply) => void held.push(() => reply.end()));
    const quick = await plain((_request, reply) => reply.end());
    const places = { perKey: 2, waitingPerKey: 1, perProcess: 10 };
    const outcomes: string[] = [];
    const onOutcome = (outcome: string) => void outcomes.push(outcome);
    const outbound = guarded('host.test', { places, onOutcome });
    const call = (key: string, port: number) =>
      outbound.request(`http://host.test:${port}/`, { key });
    const under = [call('a', slow), call('a', slow), call('a', slow)];
    expect(await failure(call('a', quick))).toBe('outbound-busy');
    expect((await call('b', quick)).status).toBe(200);
    while (held.length < 2) await new Promise((resolve) => setImmediate(resolve));
    held.splice(0).forEach((answer) => answer());
    while (held.length < 1) await new Promise((resolve) => setImmediate(resolve));
    held.splice(0).forEach((answer) => answer());
    expect((await Promise.all(under)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(outcomes.sort()).toEqual([
      'answered',
      'answered',
      'answered',
      'answered',
      'outbound-busy',
    ]);
  });

  it('are not waited for longer than the deadline', async () => {
    const slow = await plain(() => undefined);
    const places = { perKey: 1, waitingPerKey: 5, perProcess: 10 };
    const outbound = guarded('host.test', { places, deadlineMs: 400 });
    const call = (signal?: AbortSignal) =>
      outbound.request(`http://host.test:${slow}/`, { key: KEY, signal });
    const first = failure(call());
    expect(await failure(call(AbortSignal.timeout(20)))).toBe('outbound-busy');
    expect(await first).toBe('outbound-unreachable late');
  });
});
