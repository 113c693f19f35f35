import { ask, askRaw, FrontRig, table, target, type TestInstance } from '../support/front-rig.js';

describe('the headers of a request', () => {
  let rig: FrontRig;
  let instance: TestInstance;
  beforeAll(async () => {
    rig = await FrontRig.start();
    instance = await rig.instance('one', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method, url, headers, rawHeaders } = request;
        const body = Buffer.concat(chunks).toString('latin1');
        response.setHeader('Set-Cookie', ['a=1', 'b=2']);
        response.setHeader('X-Own', 'kept');
        response.setHeader('Connection', 'X-Hop');
        response.setHeader('X-Hop', 'dropped');
        response.end(JSON.stringify({ method, url, headers, rawHeaders, body }));
      });
    });
    await rig.front.apply(table(1, rig.port, [target(instance)]));
  });
  beforeEach(() => void instance.seen.splice(0));
  afterAll(() => rig.stop());

  const host = 'Host: front\r\n';
  const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: front\r\n\r\n';
  it.each([
    ['two Host headers', `GET / HTTP/1.1\r\n${host}Host: other\r\n\r\n`],
    ['an absolute target and two Host headers', `GET http://a/ HTTP/1.1\r\n${host}${host}\r\n`],
    ['an absolute target with a user', `GET http://a@b/ HTTP/1.1\r\n${host}\r\n`],
    ['an absolute target of another scheme', `GET ftp://a/ HTTP/1.1\r\n${host}\r\n`],
    ['an absolute target of all', `OPTIONS http://a HTTP/1.1\r\n${host}\r\n`],
    ['an asterisk target', `OPTIONS * HTTP/1.1\r\n${host}\r\n`],
    ['a target without a slash', `GET page HTTP/1.1\r\n${host}\r\n`],
    [
      'gzip before chunked',
      `POST / HTTP/1.1\r\n${host}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    ],
    [
      'chunked twice',
      `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`,
    ],
    [
      'Transfer-Encoding in HTTP/1.0',
      `POST / HTTP/1.0\r\n${host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    [
      'Transfer-Encoding beside Content-Length',
      `POST / HTTP/1.1\r\n${host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    ],
    [
      'two Content-Length',
      `POST / HTTP/1.1\r\n${host}Content-Length: 0\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    ],
    ['a Content-Length with a sign', `POST / HTTP/1.1\r\n${host}Content-Length: +3\r\n\r\nabc`],
    ['a space before the colon', `GET / HTTP/1.1\r\n${host}X-A : b\r\n\r\n`],
    ['a folded header', `GET / HTTP/1.1\r\n${host}X-A: b\r\n c\r\n\r\n`],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
    ['201 headers', `GET / HTTP/1.1\r\n${host}${'X-A: b\r\n'.repeat(200)}\r\n`],
    ['400 headers', `GET / HTTP/1.1\r\n${host}${'X-A: b\r\n'.repeat(399)}\r\n`],
  ])('with %s are refused with 400, and nothing reaches the instance', async (_, bytes) => {
    const written = await askRaw(rig.port, bytes);
    // Newer versions of Node refuse hundreds of headers by themselves, as 431.
    expect(written).toMatch(/^HTTP\/1\.1 (400|431) /);
    expect(written.match(/^HTTP\/1\.1 /gm)).toHaveLength(1);
    expect(instance.seen).toEqual([]);
  });

  it('with an absolute target reach the instance with its host, in the usual form', async () => {
    const bytes = `GET http://shop.example:8080/page?a=1 HTTP/1.1\r\n${host}Connection: close\r\n\r\n`;
    const { url, headers } = echoed(await askRaw(rig.port, bytes));
    expect({ url, host: headers.host }).toEqual({ url: '/page?a=1', host: 'shop.example:8080' });
    expect(headers['x-forwarded-host']).toBe('shop.example:8080');
  });

  it('are served when there are exactly 200', async () => {
    const bytes = `GET / HTTP/1.1\r\n${host}${'X-A: b\r\n'.repeat(198)}Connection: close\r\n\r\n`;
    expect(await askRaw(rig.port, bytes)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it.each(['DELETE', 'GET', 'OPTIONS', 'POST'])(
    'let a chunked body of %s arrive whole, as one request',
    async (method) => {
      const size = smuggled.length.toString(16);
      const bytes = `${method} / HTTP/1.1\r\n${host}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n${size}\r\n${smuggled}\r\n0\r\n\r\n`;
      const seen = echoed(await askRaw(rig.port, bytes));
      expect(seen).toMatchObject({ method, url: '/', body: smuggled });
      expect(instance.seen).toHaveLength(1);
    },
  );

  it('let a body with Content-Length arrive whole for DELETE', async () => {
    const bytes = `DELETE / HTTP/1.1\r\n${host}Connection: close\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`;
    const seen = echoed(await askRaw(rig.port, bytes));
    expect(seen).toMatchObject({ method: 'DELETE', body: smuggled });
    expect(instance.seen).toHaveLength(1);
  });

  it('go on without those of one hop, and with ours about the client', async () => {
    const { body } = await ask(rig.port, {
      headers: {
        Host: 'shop.example',
        Connection: 'X-Named, Cookie, Host',
        'X-Named': 'dropped',
        Cookie: 'kept',
        TE: 'trailers',
        'Keep-Alive': 'timeout=5',
        'Proxy-Connection': 'keep-alive',
        'X-Forwarded-For': '6.6.6.6',
        'X-Forwarded-Proto': 'https',
        Forwarded: 'for=6.6.6.6',
        'X-Other': 'kept',
      },
    });
    const { headers } = JSON.parse(body);
    expect(headers).toEqual({
      host: 'shop.example',
      te: 'trailers',
      connection: 'keep-alive',
      cookie: 'kept',
      'x-other': 'kept',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'shop.example',
      'x-real-ip': '127.0.0.1',
    });
  });

  it('of the answer come back whole, but for those of one hop', async () => {
    const { headers } = await ask(rig.port);
    expect(headers['set-cookie']).toEqual(['a=1', 'b=2']);
    expect(headers['x-own']).toBe('kept');
    expect(headers['x-hop']).toBeUndefined();
  });

  it('with Expect: 100-continue get a 100 and then the answer', async () => {
    const bytes = `POST / HTTP/1.1\r\n${host}Connection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok`;
    const written = await askRaw(rig.port, bytes);
    expect(written).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/);
    expect(echoed(written).body).toBe('ok');
  });

  it('that offer h2c are served normally', async () => {
    const bytes = `GET /page HTTP/1.1\r\n${host}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n`;
    const written = await askRaw(rig.port, bytes, /\}$/);
    expect(written).toMatch(/^HTTP\/1\.1 200 /);
    const { url, headers } = echoed(written);
    expect(url).toBe('/page');
    expect(headers).not.toHaveProperty('upgrade');
    expect(headers).not.toHaveProperty('http2-settings');
  });

  it('of HTTP/1.0 are served, and the connection is closed', async () => {
    const written = await askRaw(rig.port, 'GET / HTTP/1.0\r\n\r\n');
    expect(written).toMatch(/^HTTP\/1\.1 200 /);
    expect(written).toMatch(/\r\nConnection: close\r\n/i);
  });

  it('serve two pipelined requests in order', async () => {
    const two = `GET /1 HTTP/1.1\r\n${host}\r\nGET /2 HTTP/1.1\r\n${host}Connection: close\r\n\r\n`;
    const written = await askRaw(rig.port, two);
    expect(written.match(/"url":"\/\d"/g)).toEqual(['"url":"/1"', '"url":"/2"']);
  });
});

interface Echo {
  readonly method: string;
  readonly url: string;
  readonly body: string;
  readonly headers: Record<string, string>;
}

function echoed(written: string): Echo {
  return JSON.parse(written.slice(written.indexOf('{"method"'), written.lastIndexOf('}') + 1));
}
