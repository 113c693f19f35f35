import { once } from 'node:events';
import { connect } from 'node:net';
import { WebSocket } from 'undici';
import { ProcessInstance } from '../support/front-processes.js';
import { freePort } from '../support/free-port.js';
import { askRaw, FrontRig, table, target, until } from '../support/front-rig.js';

describe('a WebSocket', () => {
  let rig: FrontRig;
  beforeEach(async () => (rig = await FrontRig.start()));
  afterEach(() => rig.stop());

  it('passes, survives a swap, and ends with the close code of its module', async () => {
    const old = await processInstance(rig, 'old');
    const next = await processInstance(rig, 'next');
    await rig.front.apply(table(1, rig.port, [target(old)]));
    const socket = await open(rig.port);
    expect(await echo(socket, 'before')).toBe('before');
    await rig.front.apply(table(2, rig.port, [target(next)]));
    expect(await rig.front.drain('old', 1000)).toEqual({ cut: 0, websockets: 1 });
    expect(await echo(socket, 'after')).toBe('after');
    expect(await rig.counters('old')).toMatchObject({ websockets: 1, inFlight: 0, requests: 0 });
    const closed = once(socket, 'close') as Promise<[{ code: number }]>;
    await old.end('SIGTERM');
    expect((await closed)[0].code).toBe(1001);
    await until(async () => (await rig.counters('old')).websockets === 0, 'no WebSocket left');
  });

  it('ends for both sides when its instance is killed', async () => {
    const instance = await processInstance(rig, 'one');
    await rig.front.apply(table(1, rig.port, [target(instance)]));
    const socket = await open(rig.port);
    const closed = once(socket, 'close') as Promise<[{ code: number }]>;
    await instance.end('SIGKILL');
    expect((await closed)[0].code).toBe(1006);
  });

  it('goes to another instance when the first refuses the connection', async () => {
    const instance = await processInstance(rig, 'one');
    const dead = { name: 'dead', port: await freePort() };
    await rig.front.apply(table(1, rig.port, [target(dead, 60), target(instance, 40)]));
    const socket = await open(rig.port);
    expect(await echo(socket, 'hello')).toBe('hello');
    socket.close();
    await until(async () => (await rig.counters('one')).websockets === 0, 'the end');
  });

  it('gets the ordinary answer of a module that does not switch', async () => {
    const plain = await rig.instance('plain', (_, response) => {
      response.statusCode = 426;
      response.end('no sockets here');
    });
    await rig.front.apply(table(1, rig.port, [target(plain)]));
    const written = await askRaw(rig.port, HANDSHAKE);
    expect(written).toMatch(/^HTTP\/1\.1 426 /);
    expect(written).toMatch(/no sockets here/);
    expect(await rig.counters('plain')).toMatchObject({ requests: 1, websockets: 0, inFlight: 0 });
  });

  it('is answered 503 without an instance and 502 when all refuse', async () => {
    await rig.front.apply(table(1, rig.port, []));
    expect(await askRaw(rig.port, HANDSHAKE)).toMatch(/^HTTP\/1\.1 503 .*\r\nRetry-After: 1/s);
    const dead = { name: 'dead', port: await freePort() };
    await rig.front.apply(table(2, rig.port, [target(dead)]));
    expect(await askRaw(rig.port, HANDSHAKE)).toMatch(/^HTTP\/1\.1 502 /);
    expect(await rig.counters('dead')).toMatchObject({ frontErrors: 1, inFlight: 0 });
  });

  it('is counted as gone when the client leaves during the handshake', async () => {
    const silent = await rig.instance('silent');
    let upgrades = 0;
    silent.server.on('upgrade', () => (upgrades += 1));
    await rig.front.apply(table(1, rig.port, [target(silent)]));
    const socket = connect(rig.port, '127.0.0.1', () => socket.write(HANDSHAKE));
    await until(() => upgrades === 1, 'the handshake at the instance');
    socket.destroy();
    await until(async () => (await rig.counters('silent')).clientGone === 1, 'the count');
    expect(await rig.counters('silent')).toMatchObject({ inFlight: 0, requests: 0 });
  });
});

const HANDSHAKE =
  'GET /chat HTTP/1.1\r\nHost: front\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n';

async function processInstance(rig: FrontRig, name: string): Promise<ProcessInstance> {
  const instance = await ProcessInstance.start(name);
  rig.onStop(() => instance.end());
  return instance;
}

async function open(port: number): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
  await once(socket, 'open');
  return socket;
}

async function echo(socket: WebSocket, text: string): Promise<string> {
  const answered = once(socket, 'message') as Promise<[{ data: string }]>;
  socket.send(text);
  return (await answered)[0].data;
}
