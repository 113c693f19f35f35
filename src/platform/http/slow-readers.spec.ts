import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { eventually } from '../../../test/support/eventually.js';
import { ManualClock } from '../../kernel/clock.js';
import { SlowReaders } from './slow-readers.js';

const CHUNK = Buffer.alloc(64 * 1024);

let server: Server;
let clock: ManualClock;
let readers: SlowReaders;
let cut: number;
let ended: number;
beforeEach(async () => {
  [cut, ended] = [0, 0];
  clock = new ManualClock();
  readers = new SlowReaders(clock, () => (cut += 1));
  server = createServer((_request, response) => {
    const endless = new Readable({ read: () => void endless.push(CHUNK) });
    response.once('close', () => {
      ended += 1;
      endless.destroy();
    });
    endless.pipe(response);
  });
  server.on('connection', (socket) => readers.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** Asks, and reads nothing until it is told to. */
function ask(): Socket {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => undefined).pause();
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  return socket;
}

/** So many seconds of the server's, in which a client may do something every second. */
async function seconds(count: number, each: () => Promise<void> = async () => undefined) {
  for (let second = 0; second < count && cut === 0; second += 1) {
    await each();
    // The event loop has to come round for what is written and read.
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    clock.advance(1_000);
    readers.look();
  }
}

const connections = () =>
  new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)));

describe('a client that does not read', () => {
  it('is cut after a while, and what was to be sent is let go', async () => {
    const socket = ask();
    await eventually(async () => expect(await connections()).toBe(1));
    await seconds(20);
    expect(cut).toBe(0);
    await seconds(100);
    expect(cut).toBe(1);
    await eventually(() => expect(ended).toBe(1));
    await eventually(async () => expect(await connections()).toBe(0));
    socket.destroy();
  }, 60_000);

  it('is served for as long as it takes when it reads slowly and steadily', async () => {
    const socket = ask();
    await eventually(async () => expect(await connections()).toBe(1));
    socket.resume();
    let taken = 0;
    socket.on('data', (chunk) => (taken += chunk.length));
    const takeSome = async () => {
      const wanted = taken + 256 * 1024;
      socket.resume();
      await eventually(() => expect(taken).toBeGreaterThan(wanted));
      socket.pause();
    };
    await seconds(300, takeSome);
    expect(cut).toBe(0);
    // A byte now and then buys nothing.
    socket.removeAllListeners('data');
    socket.pause();
    await seconds(200);
    expect(cut).toBe(1);
    socket.destroy();
  }, 120_000);

  it('is left alone while there is nothing to read', async () => {
    server.removeAllListeners('request');
    server.on('request', () => undefined);
    const socket = ask();
    await eventually(async () => expect(await connections()).toBe(1));
    await seconds(1_000);
    expect(cut).toBe(0);
    socket.destroy();
  });

  it('is not blamed for the time in which nobody looked', async () => {
    const socket = ask();
    await eventually(async () => expect(await connections()).toBe(1));
    await seconds(5);
    clock.advance(10 * 60_000);
    readers.look();
    expect(cut).toBe(0);
    socket.destroy();
  });
});
