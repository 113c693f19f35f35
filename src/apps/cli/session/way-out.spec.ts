import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getGlobalDispatcher, setGlobalDispatcher } from 'undici';
import { createTidegate } from '#sdk';
import { takeWayOut, uploadAgentFor, type Way } from './way-out.js';

const way = (more: Partial<Way['proxies']>): Way => ({
  ca: undefined,
  proxies: { http: undefined, https: 'http://proxy:3128', none: undefined, ...more },
});

describe('a pushed artifact', () => {
  it.each([
    ['https://tidegate.example.com', {}, true],
    ['http://tidegate.example.com', {}, false],
    ['http://tidegate.example.com', { http: 'http://proxy:3128' }, true],
    ['https://tidegate.example.com', { https: undefined }, false],
    ['https://tidegate.example.com', { none: 'example.com' }, false],
    ['https://tidegate.example.com', { none: 'other.com, .example.com' }, false],
    ['https://tidegate.example.com', { none: '*' }, false],
    ['https://notexample.com', { none: 'example.com' }, true],
    ['https://tidegate.example.com:8443', { none: 'example.com:443' }, true],
    ['https://tidegate.example.com:8443', { none: 'example.com:8443' }, false],
    ['https://localhost:8443', {}, false],
    ['https://127.0.0.1', {}, false],
  ])('to %s with %j goes by the proxy: %s', (server, proxies, isProxied) => {
    expect(uploadAgentFor(server, way(proxies)) !== undefined).toBe(isProxied);
  });
});

describe('a proxy', () => {
  it('is asked for the server by name, for what is fetched and for what is pushed', async () => {
    const before = getGlobalDispatcher();
    const folder = await mkdtemp(join(tmpdir(), 'tidegate-way-'));
    const api = createServer((request, response) => {
      request.resume();
      response
        .writeHead(request.method === 'POST' ? 201 : 200)
        .end('{"items":[],"nextCursor":null}');
    });
    const asked: string[] = [];
    const proxy = createServer();
    const sockets: Socket[] = [];
    proxy.on('connect', (request: IncomingMessage, client: Socket) => {
      asked.push(request.url ?? '');
      const there = connect((api.address() as AddressInfo).port, '127.0.0.1', () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        there.pipe(client).pipe(there);
      });
      sockets.push(there, client);
      for (const socket of [there, client]) socket.on('error', () => undefined);
    });
    for (const server of [api, proxy]) {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    }
    try {
      const { port } = proxy.address() as AddressInfo;
      const taken = way({ http: `http://127.0.0.1:${port}`, https: undefined });
      takeWayOut(taken);
      const baseUrl = 'http://tidegate.invalid:8080';
      const client = createTidegate({
        baseUrl,
        token: 'key',
        uploadAgent: uploadAgentFor(baseUrl, taken),
      });
      const { data } = await client.api.GET('/api/v1/nodes');
      expect(data).toEqual({ items: [], nextCursor: null });
      const artifactFile = join(folder, 'a.tar.gz');
      await writeFile(artifactFile, 'bytes');
      const manifest = { schema: 1, run: { command: 'node' } };
      const pushed = await client.pushRelease({
        moduleName: 'm',
        version: '1',
        manifest,
        artifactFile,
      });
      expect(pushed.isNew).toBe(true);
      expect(asked).toEqual(['tidegate.invalid:8080', 'tidegate.invalid:8080']);
    } finally {
      setGlobalDispatcher(before);
      for (const socket of sockets) socket.destroy();
      for (const server of [api, proxy]) server.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
