/** Requests that a client sends on one connection without waiting for answers. */
import type { ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { frontLimits } from '../../src/agent/front/front-limits.js';
import { FrontRig, table, target, until } from '../support/front-rig.js';

describe('pipelined requests', () => {
  let rig: FrontRig;
  let socket: Socket;
  /** What the service works on, by path, in the order in which it came. */
  const held = new Map<string, ServerResponse>();
  beforeEach(async () => {
    held.clear();
    rig = await FrontRig.start();
    const instance = await rig.instance('one', (request, response) => {
      held.set(request.url!, response);
      request.resume();
    });
    await rig.front.apply(table(1, rig.port, [target(instance)]));
  });
  afterEach(() => {
    socket.destroy();
    return rig.stop();
  });

  function send(...lines: string[]): { text: string } {
    const received = { text: '' };
    const bytes = lines.map((line) => `${line} HTTP/1.1\r\nHost: front\r\n\r\n`).join('');
    socket = connect(rig.port, '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (chunk) => (received.text += chunk.toString()));
    socket.on('error', () => undefined);
    return received;
  }

  const reached = () => [...held.keys()].sort().join(' ');
  const arrive = (paths: string) => until(() => reached() === paths, `${paths} at the service`);
  /** A request of another connection has been through since: whatever was to come has come. */
  async function settle(): Promise<void> {
    const other = connect(rig.port, '127.0.0.1');
    other.write('GET /other HTTP/1.1\r\nHost: front\r\n\r\n');
    await until(() => held.has('/other'), 'another request');
    held.get('/other')!.end();
    held.delete('/other');
    other.destroy();
  }

  it('that change nothing run side by side', async () => {
    send('GET /1', 'HEAD /2', 'OPTIONS /3');
    await arrive('/1 /2 /3');
  });

  it('wait for one that changes something, and it for those before', async () => {
    const received = send('GET /1', 'POST /2', 'GET /3', 'GET /4', 'DELETE /5');
    await arrive('/1');
    await settle();
    expect(reached()).toBe('/1');
    held.get('/1')!.end('one');
    await arrive('/1 /2');
    await settle();
    expect(reached()).toBe('/1 /2');
    held.get('/2')!.end('two');
    await arrive('/1 /2 /3 /4');
    held.get('/4')!.end('four');
    await settle();
    expect(reached()).toBe('/1 /2 /3 /4');
    held.get('/3')!.end('three');
    await arrive('/1 /2 /3 /4 /5');
    held.get('/5')!.end('five');
    await until(() => received.text.includes('five'), 'the last answer');
    expect(received.text.match(/one|two|three|four|five/g)).toEqual([
      'one',
      'two',
      'three',
      'four',
      'five',
    ]);
  });

  it('are not begun once their client has left', async () => {
    send('POST /1', 'POST /2');
    await arrive('/1');
    socket.destroy();
    const response = held.get('/1')!;
    await until(() => response.destroyed, 'the service to notice');
    await settle();
    expect(reached()).toBe('/1');
  });

  it('are refused beyond a limit, after those within it are answered', async () => {
    jest.replaceProperty(frontLimits, 'pipelinedWaiting', 1 as 100);
    const received = send('POST /1', 'POST /2', 'POST /3');
    await arrive('/1');
    held.get('/1')!.end('one');
    await arrive('/1 /2');
    held.get('/2')!.end('two');
    await until(() => received.text.includes('Wait for answers'), 'the refusal');
    expect(received.text.match(/HTTP\/1.1 (\d+)/g)).toEqual([
      'HTTP/1.1 200',
      'HTTP/1.1 200',
      'HTTP/1.1 503',
    ]);
    expect(reached()).toBe('/1 /2');
  });
});
