import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SmokeTest } from '../../kernel/smoke-test.js';
import type { DesiredRelease } from '../protocol/protocol.js';
import { passSmokeTests } from './smoke-tests.js';

let server: Server;
let asked: string[];

const listen = async (answer: RequestListener) => {
  asked = [];
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
};
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const pass = (
  tests: Partial<SmokeTest>[],
  timeoutMs = 5000,
  signal = new AbortController().signal,
) =>
  passSmokeTests(
    {
      port: (server.address() as AddressInfo).port,
      moduleName: 'orders',
      release: { version: '2.0.0' } as DesiredRelease,
    },
    { timeoutMs, tests: tests.map((test) => ({ path: '/', status: 200, count: 1, ...test })) },
    { signal, health: { host: 'shop.example', headers: { 'X-Probe': '1' } } },
  );

describe('smoke tests', () => {
  it('ask each path as often as they say, in order', async () => {
    await listen((request, response) => response.end(`you asked ${request.url}`));
    await pass([
      { path: '/one', count: 2 },
      { path: '/two', body: 'asked /two' },
    ]);
    expect(asked).toEqual(['/one', '/one', '/two']);
  });

  it('ask as the health check does', async () => {
    let headers: Record<string, unknown> = {};
    await listen((request, response) => {
      ({ headers } = request);
      response.end();
    });
    await pass([{}]);
    expect(headers).toMatchObject({ host: 'shop.example', 'x-probe': '1' });
  });

  it('are not passed by half an answer', async () => {
    await listen((_, response) => {
      response.writeHead(200, { 'content-length': '10' });
      response.write('half', () => response.destroy());
    });
    await expect(pass([{}])).rejects.toThrow(/did not finish its answer/);
  });

  it('accept any status that is the expected one, and follow no redirect', async () => {
    await listen((_, response) => response.writeHead(302, { location: '/elsewhere' }).end());
    await pass([{ status: 302 }]);
    expect(asked).toEqual(['/']);
  });

  it.each<[string, Partial<SmokeTest>, RegExp]>([
    ['another status', { status: 204 }, /smoke test 1 of 1, GET \/: it answered 200, expected 204/],
    ['another body', { body: 'good' }, /its answer does not contain "good"/],
  ])('stop at %s and say which test it was', async (_, test, message) => {
    await listen((_request, response) => response.end('hello'));
    await expect(pass([test])).rejects.toMatchObject({
      code: 'smoke-test-failed',
      state: 'failed',
      message: expect.stringMatching(message) as string,
    });
  });

  it('stop at the time that fails of many', async () => {
    let count = 0;
    await listen((_, response) => response.writeHead((count += 1) === 3 ? 500 : 200).end());
    await expect(pass([{ path: '/a', count: 9 }])).rejects.toThrow(/GET \/a \(3 of 9\).*500/);
  });

  it('have one time limit for all of them together', async () => {
    await listen((request, response) => {
      if (request.url !== '/slow') response.end();
    });
    await expect(pass([{}, { path: '/slow' }, {}], 1000)).rejects.toThrow(
      /2 of 3, GET \/slow: it did not answer/,
    );
  });

  it('end quietly when the agent has something newer to do', async () => {
    const abort = new AbortController();
    await listen(() => abort.abort());
    await expect(pass([{}], 5000, abort.signal)).rejects.toMatchObject({ name: 'AbortError' });
  });
});
