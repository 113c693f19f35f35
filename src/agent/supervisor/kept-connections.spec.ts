import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createNetServer, type Socket } from 'node:net';
import { ManualClock } from '../../kernel/clock.js';
import { manifestSchema } from '../protocol/manifest.js';
import { KeptConnections } from './kept-connections.js';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

const clock = new ManualClock();
let connections: KeptConnections;
let server: Server | ReturnType<typeof createNetServer>;
const sockets = new Set<Socket>();
/** How many connections there have been. */
let opened = 0;
/** Over which connection each request came. */
let requests: number[] = [];

beforeEach(() => {
  connections = new KeptConnections(clock);
  opened = 0;
  requests = [];
});
afterEach(async () => {
  connections.closeAll();
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await new Promise((resolve) => server.close(resolve));
});

async function listen(made: typeof server): Promise<void> {
  server = made;
  server.on('connection', (socket: Socket) => {
    opened += 1;
    sockets.add(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}

/** Answers over HTTP, and notes over which connection it was asked. */
const answers = (listener: RequestListener = (_, response) => response.end('ok')) =>
  listen(
    createServer((request, response) => {
      requests.push(opened);
      listener(request, response);
    }),
  );

/** Says what `act` makes of each request of a connection; the first is 1. */
const speaks = (act: (socket: Socket, request: number) => void) =>
  listen(
    createNetServer((socket) => {
      let count = 0;
      socket.on('error', () => undefined);
      socket.on('data', () => {
        requests.push(opened);
        act(socket, (count += 1));
      });
    }),
  );

function check(health: object = {}, { mayKeep = true, reuse = 'idle', timeoutMs = 5000 } = {}) {
  const manifest = manifestSchema.parse({
    schema: 1,
    run: { command: 'x' },
    traffic: { protocol: 'http', port: 1, reuse },
    health: { timeoutMs, ...health },
  });
  const { port } = server.address() as AddressInfo;
  return connections.probe({ instance: 'i', port }, manifest, mayKeep);
}

/** As if the service had closed it while nobody asked. */
async function closeIdle(): Promise<void> {
  const ended = [...sockets].map((socket) => once(socket, 'close'));
  for (const socket of sockets) socket.end();
  await Promise.all(ended);
  sockets.clear();
}

describe('a check over a connection that is kept', () => {
  it('opens none for the next one', async () => {
    await answers();
    for (let time = 0; time < 5; time += 1) expect(await check()).toBeNull();
    expect(requests).toEqual([1, 1, 1, 1, 1]);
  });

  it('judges as one over a new connection does', async () => {
    let status = 200;
    let body = 'ok';
    await answers((_, response) => response.writeHead(status).end(body));
    expect(await check()).toBeNull();
    status = 503;
    expect(await check()).toMatch(/^\/healthz answered 503$/);
    status = 302;
    expect(await check()).toMatch(/answered 302: redirects are not followed/);
    status = 200;
    clock.advance(3_600_000);
    expect(await check()).toBeNull();
    body = 'x'.repeat(70_000);
    expect(await check()).toMatch(/more than 64 KiB/);
  });

  it('says the host and the headers of the manifest', async () => {
    const seen: object[] = [];
    await answers((request, response) => {
      seen.push(request.headers);
      response.end();
    });
    expect(await check({ host: 'shop.example', headers: { 'X-Probe': 'yes' } })).toBeNull();
    expect(seen).toEqual([expect.objectContaining({ host: 'shop.example', 'x-probe': 'yes' })]);
  });

  it('is passed when the service has closed the connection since', async () => {
    await answers();
    expect(await check()).toBeNull();
    await closeIdle();
    expect(await check()).toBeNull();
    expect(requests).toEqual([1, 2]);
  });

  it('is passed when the service closes it just when it is asked', async () => {
    await speaks((socket, request) => (request === 1 ? socket.write(OK) : socket.destroy()));
    expect(await check()).toBeNull();
    expect(await check()).toBeNull();
    // Asked over the old one, then over a new one.
    expect(requests).toEqual([1, 1, 2]);
  });

  it('is passed with services that close each connection, with and without a word', async () => {
    await speaks((socket) => socket.end(OK));
    for (let time = 0; time < 3; time += 1) {
      expect(await check()).toBeNull();
      await closeIdle();
    }
    expect(opened).toBe(3);
  });

  it('is not passed when nobody takes the new connection either', async () => {
    await answers();
    expect(await check()).toBeNull();
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => {
      server.close(resolve);
      for (const socket of sockets) socket.destroy();
    });
    const manifest = manifestSchema.parse({
      schema: 1,
      run: { command: 'x' },
      traffic: { protocol: 'http', port: 1 },
    });
    expect(await connections.probe({ instance: 'i', port }, manifest, true)).toMatch(
      /ECONNREFUSED/,
    );
    await answers();
  });

  it('is not passed when the answer breaks off or stalls', async () => {
    await speaks((socket, request) =>
      request === 1
        ? socket.write(OK)
        : socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx'),
    );
    expect(await check()).toBeNull();
    expect(await check()).toMatch(/did not finish its answer/);
  });

  it('is not passed by one that hangs, and those after it go over new connections', async () => {
    await speaks((socket, request) => request === 1 && socket.write(OK));
    expect(await check()).toBeNull();
    expect(await check({}, { timeoutMs: 100 })).toBe('/healthz did not answer (within 100 ms)');
    for (let time = 0; time < 3; time += 1) expect(await check()).toBeNull();
    expect(opened).toBe(4);
    // After a while it is tried again.
    clock.advance(3_600_000);
    expect(await check()).toBeNull();
    expect(await check({}, { timeoutMs: 100 })).not.toBeNull();
    expect(opened).toBe(5);
  });

  it('finds before long that no new connections are taken', async () => {
    await answers();
    for (let second = 0; second < 20; second += 2) {
      expect(await check()).toBeNull();
      clock.advance(2000);
    }
    const times = requests.map((connection) => requests.filter((one) => one === connection).length);
    expect(Math.max(...times)).toBeLessThanOrEqual(5);
    expect(opened).toBeGreaterThan(1);
  });

  it.each([
    ['the manifest says that none is to be kept', { reuse: 'never' }],
    ['it is told that this is not the time', { mayKeep: false }],
  ])('goes over a new connection when %s', async (_what, how) => {
    await answers();
    for (let time = 0; time < 3; time += 1) expect(await check({}, how)).toBeNull();
    expect(requests).toEqual([1, 2, 3]);
  });

  it('leaves no connection to one that is to end', async () => {
    await answers();
    expect(await check()).toBeNull();
    const gone = [...sockets].map((socket) => once(socket, 'close'));
    connections.close('i');
    await Promise.all(gone);
  });
});
