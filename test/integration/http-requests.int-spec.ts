import { Body, Controller, Get, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Context } from '../../src/platform/context.js';
import { Authenticated, Public } from '../../src/platform/http/access.js';
import { Operation } from '../../src/platform/http/operation.js';
import { Logger } from '../../src/platform/logging/logger.js';
import { startHttpApp, type HttpAppForTest } from '../support/http-app.js';

const notes = { summary: 'Echo', description: 'For tests only.', errors: [] };
const anything = z.record(z.string(), z.unknown());

@Controller('echo')
class EchoController {
  constructor(private readonly logger: Logger) {}

  @Get('address')
  @Public()
  @Operation(notes)
  address(@Req() request: FastifyRequest) {
    return { ip: request.ip };
  }

  @Post('log')
  @Public()
  @Operation(notes)
  async log(@Body({ schema: anything }) body: Record<string, unknown>, @Req() r: FastifyRequest) {
    r.context = Context.system('7a3f7a52-0000-7000-8000-000000000001', 'test');
    await new Promise((resolve) => setImmediate(resolve));
    this.logger.info({ given: body, agent: r.headers['user-agent'] }, 'echo');
    throw new Error(`failed with Bearer ${String(body['token'])}`);
  }

  @Get('mine')
  @Authenticated()
  @Operation(notes)
  mine() {
    return {};
  }
}

let http: HttpAppForTest;
beforeAll(async () => {
  http = await startHttpApp({ controllers: [EchoController] });
});
afterAll(() => http?.close());

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(http.url + path, { headers });

describe('a request', () => {
  it('keeps a harmless id and trace of its caller, and gets its own otherwise', async () => {
    const trace = '0af7651916cd43dd8448eb211c80319c';
    const given = await get('/api/v1/echo/address', {
      'x-request-id': 'build-42.a',
      traceparent: `00-${trace}-b7ad6b7169203331-01`,
    });
    expect(given.headers.get('x-request-id')).toBe('build-42.a');
    expect(given.headers.get('traceparent')).toMatch(new RegExp(`^00-${trace}-[0-9a-f]{16}-01$`));
    expect(given.headers.get('traceparent')).not.toContain('b7ad6b7169203331');
    for (const bad of ['a b', '<script>', 'x'.repeat(101), '../x', '-']) {
      const other = await get('/api/v1/echo/address', { 'x-request-id': bad, traceparent: bad });
      expect(other.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
      expect(other.headers.get('traceparent')).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    }
  });

  it('is answered with security headers and no word about versions', async () => {
    for (const path of ['/api/v1/echo/address', '/api/v1/nothing', '/api/v1/echo/mine']) {
      const { headers } = await get(path);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('strict-transport-security')).toContain('max-age');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('x-powered-by') ?? headers.get('server')).toBeNull();
    }
    expect((await get('/api/v1/echo/mine')).headers.get('www-authenticate')).toBe('Bearer');
  });

  it('does not choose its own address', async () => {
    const answer = await get('/api/v1/echo/address', { 'x-forwarded-for': '203.0.113.9' });
    expect(await answer.json()).toEqual({ ip: '127.0.0.1' });
  });

  it('has the address that a trusted proxy tells, and no further one', async () => {
    const behind = await startHttpApp({
      controllers: [EchoController],
      environment: { TIDEGATE_TRUSTED_PROXIES: '127.0.0.0/8,10.0.0.1' },
    });
    try {
      const answer = await fetch(`${behind.url}/api/v1/echo/address`, {
        headers: { 'x-forwarded-for': '198.51.100.1, 203.0.113.9, 10.0.0.1' },
      });
      expect(await answer.json()).toEqual({ ip: '203.0.113.9' });
    } finally {
      await behind.close();
    }
  });

  it('leaves its id, trace and tenant in the log, and none of its secrets', async () => {
    const canary = 'canary-5f2c9a1e7b';
    const secrets = {
      password: canary,
      token: canary,
      clientSecret: canary,
      authorization: canary,
      nested: { privateKey: canary },
      body: { a: canary },
      list: [{ accessKey: canary }],
    };
    const answer = await fetch(`${http.url}/api/v1/echo/log?token=${canary}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-request-id': 'log-test',
        authorization: `Bearer ${canary}`,
        cookie: `session=${canary}`,
        'user-agent': 'evil [31m agent',
      },
      body: JSON.stringify({ ...secrets, harmless: 'kept \u2028 \u001b[2J\nlevel: fatal' }),
    });
    expect(answer.status).toBe(500);
    expect(JSON.stringify(await answer.json())).not.toContain(canary);
    expect(http.rawLog()).not.toContain(canary);
    for (const raw of ['\u2028', '\u001b']) expect(http.rawLog()).not.toContain(raw);
    const line = http.log.find((entry) => entry['message'] === 'echo');
    expect(line).toMatchObject({
      requestId: 'log-test',
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      tenantId: '7a3f7a52-0000-7000-8000-000000000001',
      actor: 'system:test',
      given: { password: '[redacted]', harmless: 'kept \\u2028 \\u001b[2J\\nlevel: fatal' },
    });
  });
});

describe('metrics', () => {
  it('count by route template, never by path', async () => {
    await get('/api/v1/nothing/at/all');
    const text = await (await get('/metrics')).text();
    expect(text).toMatch(
      /tidegate_http_requests_total\{method="GET",route="\/api\/v1\/echo\/address",status="200"\} \d+/,
    );
    expect(text).toContain('route="unmatched",status="404"');
    expect(text).not.toContain('/nothing');
  });

  it('speak OpenMetrics when asked, also when both are asked for at once', async () => {
    const accepts = ['text/plain', 'application/openmetrics-text;version=1.0.0'] as const;
    const scrapes = await Promise.all(
      Array.from({ length: 10 }, async (_, index) => {
        const wanted = accepts[index % 2]!;
        const answer = await get('/metrics', { accept: wanted });
        return { wanted, type: answer.headers.get('content-type'), text: await answer.text() };
      }),
    );
    for (const { wanted, type, text } of scrapes) {
      expect(type).toContain(wanted.split(';')[0]);
      expect(text.endsWith('# EOF\n')).toBe(wanted.startsWith('application/openmetrics'));
    }
  });

  it('on the main listener are for programs of the same machine alone', async () => {
    const ask = async (remoteAddress: string, headers: Record<string, string> = {}) => {
      const { statusCode, body } = await http.app.inject({
        url: '/metrics',
        remoteAddress,
        headers,
      });
      return statusCode === 200 ? 200 : (JSON.parse(body) as { code: string }).code;
    };
    for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) {
      expect([address, await ask(address)]).toEqual([address, 200]);
    }
    for (const address of ['203.0.113.9', '10.0.0.1', 'fe80::1', '::ffff:10.0.0.1']) {
      expect([address, await ask(address)]).toEqual([address, 'metrics-of-machine']);
    }
    // A proxy of this machine speaks for others, who might say that they are here.
    for (const header of ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip']) {
      expect([header, await ask('127.0.0.1', { [header]: '127.0.0.1' })]).toEqual([
        header,
        'metrics-of-machine',
      ]);
    }
  });

  it('are not on the main listener when they have their own', async () => {
    const other = await startHttpApp({ environment: { TIDEGATE_METRICS_LISTEN: '127.0.0.1:0' } });
    try {
      expect((await fetch(`${other.url}/metrics`)).status).toBe(404);
    } finally {
      await other.close();
    }
  });
});

describe('probes', () => {
  it('say one word, within 100 ms, also while a dependency hangs', async () => {
    expect(await (await get('/health/live')).text()).toBe('live');
    const ready = await get('/health/ready');
    expect([ready.status, await ready.text()]).toEqual([200, 'ready']);
    const release = http.platform.health.register({
      name: 'hanging',
      check: () => new Promise(() => undefined),
    });
    const began = performance.now();
    const unready = await get('/health/ready');
    expect([unready.status, await unready.text()]).toEqual([503, 'unready']);
    // 80 ms for the check, the rest for a busy machine.
    expect(performance.now() - began).toBeLessThan(2_000);
    release();
    expect((await get('/health/ready')).status).toBe(200);
  });

  it('keep the detail for those who may see it', async () => {
    expect((await get('/health')).status).toBe(401);
  });
});
