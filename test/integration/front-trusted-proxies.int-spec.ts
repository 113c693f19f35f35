import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { Front } from '../../src/agent/front/front.js';
import { FrontState } from '../../src/agent/front/front-state.js';
import { ask, FrontRig, table, target, until, type TestInstance } from '../support/front-rig.js';

const SAID = { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'https' };

describe('the proxies that a front trusts', () => {
  let rig: FrontRig;
  let instance: TestInstance;
  beforeEach(async () => {
    rig = await FrontRig.start();
    instance = await rig.instance('instance');
    await rig.front.apply(table(1, rig.port, [target(instance)]));
  });
  afterEach(() => rig.stop());

  const tableOf = (version: number, trustedProxies: string[]) => ({
    ...table(version, rig.port, [target(instance)]),
    trustedProxies,
  });
  const seenOf = async () => {
    await ask(rig.port, { headers: SAID });
    return instance.seen.at(-1)!.headers;
  };

  it('change with the table, for the next request of any connection', async () => {
    expect((await seenOf())['x-forwarded-proto']).toBe('http');
    await rig.front.apply(tableOf(2, ['127.0.0.0/8']));
    expect(await seenOf()).toMatchObject({
      'x-forwarded-for': '203.0.113.9, 127.0.0.1',
      'x-forwarded-proto': 'https',
    });
    await rig.front.apply(tableOf(3, ['10.0.0.0/8', '2001:db8::/32']));
    expect((await seenOf())['x-forwarded-for']).toBe('127.0.0.1');
    await rig.front.apply(table(4, rig.port, [target(instance)]));
    expect((await seenOf())['x-forwarded-for']).toBe('127.0.0.1');
  });

  it('are on disk with the table', async () => {
    await rig.front.apply(tableOf(2, ['127.0.0.1']));
    await rig.front.stop(0);
    const again = new Front({ host: '127.0.0.1', state: new FrontState(rig.stateDir) });
    rig.onStop(() => again.stop(0));
    await again.start();
    expect((await seenOf())['x-forwarded-proto']).toBe('https');
  });

  it('tell a WebSocket’s module about its client, too', async () => {
    await rig.front.apply(tableOf(2, ['127.0.0.1']));
    let seen: unknown;
    instance.server.on('upgrade', ({ headers }, socket) => {
      seen = headers;
      const key = createHash('sha1')
        .update(`${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
        .digest('base64');
      socket.end(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`,
      );
    });
    const socket = connect(rig.port, '127.0.0.1');
    rig.onStop(async () => socket.destroy());
    socket.write(
      'GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.9\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    );
    await until(() => seen !== undefined, 'the handshake at the module');
    expect(seen).toMatchObject({ 'x-forwarded-for': '203.0.113.9, 127.0.0.1' });
  });

  it.each([
    ['everybody', ['0.0.0.0/0'], /would believe every client/],
    ['nothing that is a network', ['lb'], /is no address/],
    ['too many', Array.from({ length: 129 }, (_, at) => `10.0.${at}.0/24`), /128/],
  ])('are never %s: the table is refused, and the one before stays', async (_, networks, text) => {
    await rig.front.apply(tableOf(2, ['127.0.0.1']));
    await expect(rig.front.apply(tableOf(3, networks))).rejects.toMatchObject({
      code: 'invalid-table',
      message: expect.stringMatching(text),
    });
    expect((await seenOf())['x-forwarded-proto']).toBe('https');
  });
});
