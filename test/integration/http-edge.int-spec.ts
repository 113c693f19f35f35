import { Controller } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type ConnectionOptions } from 'node:tls';
import { promisify } from 'node:util';
import { z } from 'zod';
import { nodeKey } from '../../src/agent/identity/identity.js';
import { ControlPlane } from '../../src/agent/transport/control-plane.js';
import { newId } from '../../src/kernel/ids.js';
import { RequestAuthenticator } from '../../src/platform/http/request-authenticator.js';
import { Route } from '../../src/platform/http/route.js';
import { corsOrigins } from '../../src/platform/http/cors.settings.js';
import { startPlainListener } from '../../src/platform/http/tls/plain-listener.js';
import { Logger } from '../../src/platform/logging/logger.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { Settings } from '../../src/platform/settings/settings.js';
import { BelievingAuthenticator } from '../support/believing-authenticator.js';
import { authority, type Certificate } from '../support/certificates.js';
import { eventually } from '../support/eventually.js';
import { startHttpApp, type HttpAppForTest } from '../support/http-app.js';

const done = z.strictObject({ isDone: z.boolean() }).meta({ id: 'Done' });
const notes = {
  summary: 'Try',
  description: 'Tries.',
  errors: [],
  answer: done,
  status: 200,
} as const;

@Controller('tried')
class Tried {
  @Route('GET', { access: 'authenticated', ...notes })
  read() {
    return { isDone: true };
  }

  @Route('PUT', { access: 'authenticated', ...notes })
  change() {
    return { isDone: true };
  }

  @Route('POST sign-in', { access: 'public', ...notes })
  signIn() {
    return { isDone: true };
  }
}

const providers = [{ provide: RequestAuthenticator, useClass: BelievingAuthenticator }];

describe('pages of other origins', () => {
  const console = 'https://console.example';
  const [own, other] = [newId(), newId()];
  const ofTenant = 'https://app.tenant.example:8443';
  const settings = new Settings(Logger.silent());
  let http: HttpAppForTest;

  const set = (tenantId: string, revision: number, value: readonly string[] | null) =>
    settings.apply([
      {
        tenantId,
        key: corsOrigins.key,
        scope: 'tenant',
        environmentKey: '',
        environment: null,
        isSet: value !== null,
        value,
        version: revision,
        revision,
        changedBy: 'ada',
        changedAt: new Date(),
      },
    ]);
  const ask = async (
    path: string,
    options: { method?: string; headers: Record<string, string> },
  ) => {
    const answer = await fetch(`${http.url}/api/v1/tried${path}`, options);
    const of = (name: string) => answer.headers.get(`access-control-${name}`);
    return {
      status: answer.status,
      origin: of('allow-origin'),
      methods: of('allow-methods'),
      allowHeaders: of('allow-headers'),
      exposed: of('expose-headers'),
      credentials: of('allow-credentials'),
      vary: answer.headers.get('vary'),
    };
  };
  const preflight = (origin: string, method = 'PUT', path = '') =>
    ask(path, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': method },
    });
  const as = (tenantId: string, origin: string) =>
    ask('', { headers: { origin, authorization: `Bearer user.${tenantId}.ada` } });

  beforeAll(async () => {
    set(own, 1, [ofTenant]);
    http = await startHttpApp({
      controllers: [Tried],
      providers,
      settings,
      environment: { TIDEGATE_CORS_ORIGINS: `${console},https://other.example` },
    });
  });
  afterAll(() => http?.close());

  it('of the installation’s list may ask and send what the API takes', async () => {
    expect(await preflight(console)).toMatchObject({
      status: 204,
      origin: console,
      methods: 'GET, HEAD, PUT',
      allowHeaders: expect.stringContaining('authorization'),
      credentials: null,
      vary: 'origin',
    });
    expect(await as(other, console)).toMatchObject({
      status: 200,
      origin: console,
      exposed: expect.stringContaining('x-request-id'),
      credentials: null,
    });
  });

  it.each([
    ['another', 'https://evil.example'],
    ['one that ends alike', 'https://evilconsole.example'],
    ['one that begins alike', 'https://console.example.evil'],
    ['one below', 'https://a.console.example'],
    ['without TLS', 'http://console.example'],
    ['on another port', 'https://console.example:444'],
    ['in capitals', 'https://CONSOLE.example'],
    ['with a slash', 'https://console.example/'],
    ['of a file or a sandbox', 'null'],
    ['everybody', '*'],
  ])('are nobody’s: %s', async (_title, origin) => {
    const asked = await preflight(origin);
    expect([asked.status, asked.origin, asked.methods]).toEqual([405, null, null]);
    expect(await as(own, origin)).toMatchObject({ status: 200, origin: null, vary: 'origin' });
  });

  it('of a tenant’s list are that tenant’s alone', async () => {
    expect((await preflight(ofTenant)).status).toBe(204);
    expect((await as(own, ofTenant)).origin).toBe(ofTenant);
    expect((await as(other, ofTenant)).origin).toBeNull();
    // Nobody knows yet whose they are: they may read what they did wrong, and sign in.
    const unsigned = await ask('', { headers: { origin: ofTenant } });
    expect([unsigned.status, unsigned.origin]).toEqual([401, ofTenant]);
    const signIn = await ask('/sign-in', { method: 'POST', headers: { origin: ofTenant } });
    expect([signIn.status, signIn.origin]).toEqual([200, ofTenant]);
  });

  it('follow the setting while the process runs', async () => {
    const news = 'https://new.example';
    expect((await preflight(news)).status).toBe(405);
    set(other, 2, [news]);
    expect((await preflight(news)).status).toBe(204);
    expect((await as(other, news)).origin).toBe(news);
    set(other, 3, null);
    expect((await preflight(news)).status).toBe(405);
    expect((await as(other, news)).origin).toBeNull();
  });

  it('ask about paths that there are', async () => {
    expect((await preflight(console, 'GET', '/nowhere')).status).toBe(404);
  });
});

describe('a listener with TLS', () => {
  const home = { path: '' };
  const ca = authority();
  let http: HttpAppForTest;
  const files = () => ({ cert: join(home.path, 'tls.crt'), key: join(home.path, 'tls.key') });
  const write = async ({ cert, key }: Certificate) => {
    await writeFile(files().cert, cert);
    await writeFile(files().key, key);
  };

  beforeAll(async () => {
    home.path = await mkdtemp(join(tmpdir(), 'tidegate-tls-'));
    await write(ca.issue(['127.0.0.1', 'first.example']));
    http = await startHttpApp({
      controllers: [Tried],
      providers,
      environment: { TIDEGATE_TLS_CERT: files().cert, TIDEGATE_TLS_KEY: files().key },
    });
  });
  afterAll(async () => {
    await http?.close();
    await rm(home.path, { recursive: true, force: true });
  });

  const port = () => Number(new URL(http.url).port);
  /** What was agreed on, or the error. */
  const handshake = (options: ConnectionOptions) =>
    new Promise<{ protocol?: string; cipher?: string; names?: string; code?: string }>(
      (resolve) => {
        const socket = connect({ host: '127.0.0.1', port: port(), ca: ca.cert, ...options });
        socket.once('secureConnect', () => {
          const { subjectaltname: names = '' } = socket.getPeerCertificate();
          const protocol = socket.getProtocol() ?? '';
          resolve({ protocol, cipher: socket.getCipher().name, names });
          socket.destroy();
        });
        socket.once('error', (error: NodeJS.ErrnoException) => resolve({ code: error.code ?? '' }));
      },
    );
  const get = (path: string) =>
    new Promise<{ status: number; headers: Record<string, unknown> }>((resolve, reject) => {
      const url = `https://127.0.0.1:${port()}${path}`;
      const authorization = 'Bearer user.t.ada';
      httpsRequest(url, { ca: ca.cert, headers: { authorization } }, (answer) => {
        answer.resume();
        resolve({ status: answer.statusCode!, headers: answer.headers });
      })
        .once('error', reject)
        .end();
    });

  it('answers there, and tells browsers to come by TLS from now on', async () => {
    expect(http.url).toMatch(/^https:/);
    const { status, headers } = await get('/api/v1/tried');
    expect(status).toBe(200);
    expect(headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains');
  });

  it.each([
    ['TLSv1.3', {}, 'TLSv1.3'],
    ['TLSv1.2', { maxVersion: 'TLSv1.2' }, 'TLSv1.2'],
  ] as const)('speaks %s', async (_title, options, protocol) => {
    const agreed = await handshake(options);
    expect(agreed.protocol).toBe(protocol);
    expect(agreed.cipher).toMatch(/GCM|CHACHA20/);
  });

  it.each([
    ['TLS 1.1', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }],
    ['TLS 1.0', { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }],
    ['keys without forward secrecy', { maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256' }],
    ['CBC', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' }],
  ] as const)('does not speak %s', async (_title, options) => {
    expect(await handshake(options)).toEqual({
      code: expect.stringMatching(/^ERR_SSL_|ECONNRESET/),
    });
  });

  it('answers nothing without TLS on that port', async () => {
    await expect(fetch(`http://127.0.0.1:${port()}/health/live`)).rejects.toThrow();
  });

  it('serves a renewed certificate without a restart, and never half of one', async () => {
    expect((await handshake({})).names).toContain('first.example');
    const next = ca.issue(['127.0.0.1', 'second.example'], 30);
    await writeFile(files().cert, next.cert);
    await eventually(() => {
      expect(http.rawLog()).toContain('the former certificate is still served');
    });
    expect((await handshake({})).names).toContain('first.example');
    await writeFile(files().key, next.key);
    await eventually(async () => {
      expect((await handshake({})).names).toContain('second.example');
    });
    expect((await get('/api/v1/tried')).status).toBe(200);
    const { text } = await http.platform.metrics.expose(undefined);
    const [, seconds] = /^tidegate_tls_certificate_expires_timestamp_seconds (\S+)$/m.exec(text)!;
    expect(Number(seconds) * 1000).toBeGreaterThan(Date.now() + 29 * 86_400_000);
  }, 30_000);

  it.each([
    [
      'a file that is not there',
      async () => rm(files().cert),
      /TIDEGATE_TLS_CERT .* cannot be read/,
    ],
    ['no certificate', async () => writeFile(files().cert, 'x'), /is not a PEM certificate/],
    [
      'the key of another',
      async () => writeFile(files().key, ca.issue(['a.example']).key),
      /does not belong to the first certificate/,
    ],
  ])('does not start with %s', async (_title, spoil, sentence) => {
    await write(ca.issue(['127.0.0.1']));
    await spoil();
    const environment = { TIDEGATE_TLS_CERT: files().cert, TIDEGATE_TLS_KEY: files().key };
    await expect(startHttpApp({ environment })).rejects.toThrow(sentence);
  });
});

describe('a certificate for development', () => {
  let folder: string;
  let http: HttpAppForTest;
  const run = promisify(execFile);
  const make = (...words: string[]) =>
    run(process.execPath, ['scripts/make-dev-certificate.mjs', '--out', folder, ...words]);
  const file = (name: string) => join(folder, name);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidegate-dev-certificate-'));
    await make('tidegate.test');
    http = await startHttpApp({
      controllers: [Tried],
      providers,
      environment: { TIDEGATE_TLS_CERT: file('tls.crt'), TIDEGATE_TLS_KEY: file('tls.key') },
    });
  });
  afterAll(async () => {
    await http?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('is for this machine and the names that were given, and leaves no key of an authority', async () => {
    const own = new X509Certificate(await readFile(file('tls.crt')));
    expect(['localhost', 'tidegate.test'].map((name) => own.checkHost(name))).toEqual([
      'localhost',
      'tidegate.test',
    ]);
    expect(own.checkIP('127.0.0.1')).toBe('127.0.0.1');
    const authorities = new X509Certificate(await readFile(file('ca.crt')));
    expect(own.verify(authorities.publicKey)).toBe(true);
    expect((await readdir(folder)).sort()).toEqual(['ca.crt', 'tls.crt', 'tls.key']);
    expect((await stat(file('tls.key'))).mode & 0o777).toBe(0o600);
    await expect(make()).rejects.toThrow(/is there already. Give --force/);
  });

  it('is not made without openssl, and it is said what to do', async () => {
    const made = run(process.execPath, ['scripts/make-dev-certificate.mjs', '--out', file('x')], {
      env: { PATH: folder },
    });
    await expect(made).rejects.toThrow(/there is no openssl on the PATH. Install it/);
  });

  it('is trusted by a command line and an agent that are told its authority, and by no other', async () => {
    const cli = async (...more: string[]) => {
      const typescript = ['--import', './test/support/register-typescript.mjs'];
      const program = ['--conditions=tidegate-source', ...typescript, 'src/apps/cli/main.ts'];
      const login = ['login', '--server', http.url, '--username', 'a', '--password-stdin'];
      const env = { PATH: process.env['PATH'], XDG_CONFIG_HOME: folder };
      const going = run(process.execPath, [...program, ...more, ...login], { env });
      going.child.stdin!.end('a password of nobody\n');
      return going.then(
        () => 'it went well',
        (error: unknown) => (error as { stderr: string }).stderr,
      );
    };
    // There is no such route in this app: whoever hears of that has spoken to it.
    expect(await cli('--ca', file('ca.crt'))).toContain('route-not-found');
    expect(await cli()).toContain('SELF_SIGNED_CERT_IN_CHAIN');
    const none = file('none');
    expect(await cli('--ca', none)).toContain(`--ca (or TIDEGATE_CA) names ${none}`);

    const key = await nodeKey(folder);
    const enroll = async (ca: string | undefined) => {
      const agent = new ControlPlane(new URL(http.url), key, ca);
      const body = { token: 'x'.repeat(40), publicKey: 'x', name: 'node-1', labels: {} };
      try {
        return await agent.enroll(body as never).catch((error: unknown) => String(error));
      } finally {
        await agent.close();
      }
    };
    expect(await enroll(await readFile(file('ca.crt'), 'utf8'))).toContain('There is no such path');
    expect(await enroll(undefined)).toMatch(/certificate/i);
  }, 60_000);
});

describe('the listener without TLS beside it', () => {
  const start = (publicUrl: string | null = null) =>
    startPlainListener(
      { host: '127.0.0.1', port: 0 },
      { publicUrl, tlsPort: 8443, metrics: new Metrics() },
    );
  const ask = async (url: string, path: string, options: RequestInit = {}) => {
    const answer = await fetch(url + path, { redirect: 'manual', ...options });
    const text = await answer.text();
    const { status, headers } = answer;
    return { status, location: headers.get('location'), text, headers };
  };

  it('sends people on who look at a page', async () => {
    const plain = await start();
    try {
      const { status, location } = await ask(plain.url, '/api/docs?x=1');
      expect([status, location]).toEqual([308, 'https://127.0.0.1:8443/api/docs?x=1']);
      expect((await ask(plain.url, '//evil.example/')).location).toBe('https://127.0.0.1:8443/');
    } finally {
      await plain.close();
    }
    const named = await start('https://tidegate.example');
    try {
      expect((await ask(named.url, '/')).location).toBe('https://tidegate.example/');
    } finally {
      await named.close();
    }
  });

  it.each([
    ['GET', '/api/v1/deployments'],
    ['POST', '/api/v1/authentication/login'],
    ['GET', '/health/live'],
    ['GET', '/metrics'],
    ['GET', '/.well-known/jwks.json'],
    ['GET', '/scim/v2/Users'],
    ['POST', '/'],
  ])('refuses %s %s, and says what to do', async (method, path) => {
    const plain = await start('https://tidegate.example');
    try {
      const answer = await ask(plain.url, path, { method, headers: { authorization: 'Bearer x' } });
      expect([answer.status, answer.location]).toEqual([403, null]);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(JSON.parse(answer.text)).toMatchObject({
        code: 'tls-required',
        detail: expect.stringContaining('revoke the token'),
      });
    } finally {
      await plain.close();
    }
  });
});
