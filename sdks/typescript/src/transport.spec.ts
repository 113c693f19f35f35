import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createTidegate, answer } from './tidegate.js';
import { TidegateError, UnreachableError } from './tidegate-error.js';
import { isCreating } from './transport.js';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const servers: ReturnType<typeof createServer>[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

/** A server whose answers the test writes; it keeps what it was asked. */
async function serve(reply: (seen: Seen, response: ServerResponse, number: number) => void) {
  const asked: Seen[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const seen = { method, url, headers, body: Buffer.concat(chunks).toString() };
      asked.push(seen);
      reply(seen, response, asked.length);
    });
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { asked, baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function send(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

const problem = (status: number, code: string) => ({
  type: `urn:tidegate:error:${code}`,
  title: code,
  status,
  code,
  detail: `About ${code}.`,
  instance: '/',
  id: 'request-1',
});
const deployment = { moduleName: 'payments', version: '1', targetEnvironment: 'QA' };

describe('a call', () => {
  it('carries the token, and throws a refusal with its code, id and details', async () => {
    const { asked, baseUrl } = await serve((_seen, response) =>
      send(response, 404, { ...problem(404, 'node-not-found'), details: { a: 1 } }),
    );
    const { api } = createTidegate({ baseUrl, token: 'key' });
    const error = await answer(api.GET('/api/v1/nodes')).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(TidegateError);
    expect(error).toMatchObject({
      code: 'node-not-found',
      status: 404,
      id: 'request-1',
      details: { a: 1 },
      message: 'About node-not-found.',
    });
    expect(asked[0]?.headers.authorization).toBe('Bearer key');
  });

  it('says so when a proxy answers instead', async () => {
    const { baseUrl } = await serve((_seen, response) =>
      response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>'),
    );
    const { api } = createTidegate({ baseUrl, token: 'key' });
    await expect(api.GET('/api/v1/nodes')).rejects.toMatchObject({
      code: 'unexpected-answer',
      status: 502,
    });
  });

  it('names the server that does not answer', async () => {
    const { baseUrl } = await serve(() => undefined);
    servers.splice(0).forEach((server) => server.close());
    const { api } = createTidegate({ baseUrl, token: 'key' });
    const error = await api.GET('/api/v1/nodes').catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(UnreachableError);
    expect((error as Error).message).toBe(`${baseUrl} does not answer (ECONNREFUSED)`);
  });

  it('is repeated after 503 and 429 when it may be, as long as the server asks', async () => {
    const { asked, baseUrl } = await serve((_seen, response, number) => {
      if (number === 3) return send(response, 200, { items: [], nextCursor: null });
      const status = number === 1 ? 503 : 429;
      send(response, status, problem(status, 'busy'), { 'retry-after': '0' });
    });
    const { api } = createTidegate({ baseUrl, token: 'key' });
    expect(await answer(api.GET('/api/v1/nodes'))).toEqual({ items: [], nextCursor: null });
    expect(asked).toHaveLength(3);
  });

  it('is not repeated when the server asks for more patience than a call has', async () => {
    const { asked, baseUrl } = await serve((_seen, response) =>
      send(response, 429, problem(429, 'quota-exceeded'), { 'retry-after': '3600' }),
    );
    const { api } = createTidegate({ baseUrl, token: 'key' });
    await expect(api.GET('/api/v1/nodes')).rejects.toMatchObject({ code: 'quota-exceeded' });
    expect(asked).toHaveLength(1);
  });

  it('that creates has one idempotency key for all its attempts', async () => {
    const { asked, baseUrl } = await serve((_seen, response, number) => {
      if (number === 1) return response.destroy();
      send(response, 202, { id: 'x' });
    });
    const client = createTidegate({ baseUrl, token: 'key' });
    expect(await client.deploy(deployment)).toEqual({ id: 'x' });
    const keys = asked.map(({ headers }) => headers['idempotency-key']);
    expect(keys).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), keys[0]]);
    expect(asked[1]?.body).toBe(JSON.stringify(deployment));
    await client.deploy(deployment, { idempotencyKey: 'mine' });
    expect(asked[2]?.headers['idempotency-key']).toBe('mine');
  });

  it('with an effect and without a key is sent once', async () => {
    const { asked, baseUrl } = await serve((_seen, response) => void response.destroy());
    const { api } = createTidegate({ baseUrl, token: 'key' });
    const params = { path: { id: 'x' } };
    await expect(
      api.POST('/api/v1/deployments/{id}/pause', { params, body: {} }),
    ).rejects.toBeInstanceOf(UnreachableError);
    expect(asked).toHaveLength(1);
    expect(asked[0]?.headers['idempotency-key']).toBeUndefined();
  });
});

describe('a session', () => {
  /** Tokens named by a counter; only the newest access token is good. */
  async function sessionServer() {
    let current = 1;
    const made = await serve(({ url, headers, body }, response) => {
      const pair = () => ({ accessToken: `a${current}`, refreshToken: `r${current}` });
      if (url.endsWith('/login')) return send(response, 200, pair());
      if (url.endsWith('/refresh')) {
        const { refreshToken } = JSON.parse(body) as { refreshToken: string };
        if (refreshToken !== `r${current}`) {
          return send(response, 401, problem(401, 'refresh-refused'));
        }
        current += 1;
        return send(response, 200, pair());
      }
      if (headers.authorization === `Bearer a${current}`) return send(response, 200, { items: [] });
      send(response, 401, problem(401, 'unauthenticated'));
    });
    return {
      ...made,
      expire: () => (current += 1),
      count: (end: string) => made.asked.filter(({ url }) => url.endsWith(end)).length,
    };
  }

  it('renews an expired token once, however many calls meet it', async () => {
    const { baseUrl, count } = await sessionServer();
    let kept = { accessToken: 'old', refreshToken: 'r1' };
    const tokens = {
      read: () => Promise.resolve(kept),
      write: (next: typeof kept) => {
        kept = next;
        return Promise.resolve();
      },
    };
    const { api } = createTidegate({ baseUrl, tokens });
    await Promise.all([1, 2, 3, 4].map(() => api.GET('/api/v1/nodes')));
    expect(count('/refresh')).toBe(1);
    expect(kept).toEqual({ accessToken: 'a2', refreshToken: 'r2' });
  });

  it('signs in again when its refresh token is refused, and only if it knows how', async () => {
    const { baseUrl, expire, count } = await sessionServer();
    const login = { username: 'deployer', password: 'x' };
    const { api } = createTidegate({ baseUrl, login });
    await api.GET('/api/v1/nodes');
    expire();
    await api.GET('/api/v1/nodes');
    expect([count('/login'), count('/refresh')]).toEqual([2, 1]);
    const tokens = {
      read: () => Promise.resolve({ accessToken: 'old', refreshToken: 'used' }),
      write: () => Promise.resolve(),
    };
    await expect(
      createTidegate({ baseUrl, tokens }).api.GET('/api/v1/nodes'),
    ).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('goes below the path of its address, and creates there no less', async () => {
    const { asked, baseUrl } = await serve((_seen, response) => send(response, 202, { id: '1' }));
    const client = createTidegate({ baseUrl: `${baseUrl}/tools/tidegate/`, token: 'key' });
    await answer(client.api.POST('/api/v1/deployments', { body: deployment }));
    expect(asked).toMatchObject([
      {
        url: '/tools/tidegate/api/v1/deployments',
        headers: { 'idempotency-key': expect.stringMatching(/./) },
      },
    ]);
  });

  it('has an address without a password in it', () => {
    expect(() => createTidegate({ baseUrl: 'tidegate' })).toThrow('is not an address');
    expect(() => createTidegate({ baseUrl: 'https://a:b@c' })).toThrow('must not contain');
  });
});

it('sends a key to every POST that honours one, and to no other', async () => {
  const document = JSON.parse(await readFile('docs/openapi.json', 'utf8')) as {
    paths: Record<string, { post?: { 'x-error-codes'?: string[] } }>;
  };
  const honouring = Object.entries(document.paths).filter(([, { post }]) =>
    post?.['x-error-codes']?.includes('idempotency-key-reused'),
  );
  const posts = Object.entries(document.paths).filter(([, { post }]) => post);
  const filled = (path: string) => path.replace(/\{\w+\}/g, 'x');
  expect(posts.map(([path]) => path).filter((path) => isCreating('POST', filled(path)))).toEqual(
    honouring.map(([path]) => path),
  );
});
