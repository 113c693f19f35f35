import { connect } from 'node:net';
import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { z } from 'zod';
import { DomainError } from '../../src/kernel/errors.js';
import { Permission } from '../../src/kernel/permission.js';
import { text, uuid } from '../../src/kernel/text.js';
import { Allow, Public } from '../../src/platform/http/access.js';
import { Operation } from '../../src/platform/http/operation.js';
import { pageQuery } from '../../src/platform/http/page.js';
import { startHttpApp, type HttpAppForTest } from '../support/http-app.js';

const thing = z.strictObject({
  name: text(20),
  size: z.int().max(100).optional(),
  labels: z.record(text(10), text(10)).optional(),
});
const notes = { summary: 'A thing', description: 'For tests.', errors: [] };

@Controller('things')
class ThingsController {
  @Post()
  @Public()
  @ApiOkResponse({ standardSchema: thing })
  @Operation(notes)
  create(@Body({ schema: thing }) body: z.infer<typeof thing>) {
    return body;
  }

  @Get()
  @Public()
  @Operation(notes)
  list(@Query({ schema: pageQuery }) query: z.infer<typeof pageQuery>) {
    return query;
  }

  @Get('closed')
  @Allow(Permission.FleetManage)
  @Operation(notes)
  closed() {
    return {};
  }

  @Get('broken/:how')
  @Public()
  @Operation(notes)
  broken(@Param('how') how: string): never {
    if (how === 'domain') {
      throw new DomainError('limit', 'quota-exceeded', 'Wait a while.', {
        details: { retryAfterSeconds: 7.2 },
      });
    }
    if (how === 'bug') throw new DomainError('bug', 'oops', 'password=hunter2 in things_name_key');
    throw Object.assign(new Error('duplicate key violates "things_name_key" password=hunter2'), {
      code: '23505',
    });
  }

  @Get(':id')
  @Public()
  @Operation(notes)
  one(@Param('id', { schema: uuid }) id: string) {
    return { id };
  }

  @Delete(':id')
  @Public()
  @Operation(notes)
  remove(@Param('id', { schema: uuid }) id: string) {
    return { id };
  }
}

let http: HttpAppForTest;
beforeAll(async () => {
  http = await startHttpApp({ controllers: [ThingsController] });
});
afterAll(() => http?.close());

interface Problem {
  code: string;
  status: number;
  id: string;
  detail: string;
  instance: string;
  details?: { fields?: { in: string; path: string; message: string }[]; allow?: string[] };
}

async function ask(
  path: string,
  init?: RequestInit,
): Promise<{ response: Response; body: Problem }> {
  const response = await fetch(http.url + path, init);
  return { response, body: (await response.json()) as Problem };
}

function post(body: string | Uint8Array, type = 'application/json') {
  return ask('/api/v1/things', {
    method: 'POST',
    headers: { 'content-type': type },
    body: body as never,
  });
}

function keys(count: number): string {
  return Array.from({ length: count }, (_, at) => `"key-${at}":0`).join(',');
}

async function expectProblem(
  { response, body }: { response: Response; body: Problem },
  status: number,
  code: string,
): Promise<Problem> {
  expect({ status: response.status, code: body.code }).toEqual({ status, code });
  expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(body).toMatchObject({
    type: `urn:tidegate:error:${code}`,
    title: expect.stringMatching(/^[A-Z]/),
    detail: expect.stringMatching(/\w/),
    status,
    id: response.headers.get('x-request-id'),
  });
  return body;
}

describe('a problem', () => {
  it('has one shape for an unknown route, a wrong method and a missing sign-in', async () => {
    await expectProblem(await ask('/api/v1/nothing?token=abc'), 404, 'route-not-found');
    await expectProblem(await ask('/nothing'), 404, 'route-not-found');
    await expectProblem(await ask('/api/v1/things/closed'), 401, 'unauthenticated');
    const wrong = await ask('/api/v1/things', { method: 'DELETE' });
    await expectProblem(wrong, 405, 'method-not-allowed');
    expect(wrong.response.headers.get('allow')).toBe('GET, HEAD, POST');
  });

  it('does not repeat the query, which may hold secrets', async () => {
    const { body } = await ask('/api/v1/nothing?token=abc');
    expect(body.instance).toBe('/api/v1/nothing');
  });

  it('names every field that is wrong, and where it stands', async () => {
    const { body } = await post('{"size":1.5,"labels":{"a":5},"tenantId":"x"}');
    expect(body.details?.fields).toEqual([
      { in: 'body', path: 'name', message: expect.any(String) },
      { in: 'body', path: 'size', message: expect.any(String) },
      { in: 'body', path: 'labels.a', message: expect.any(String) },
      { in: 'body', path: '', message: expect.stringContaining('tenantId') },
    ]);
    const query = await ask('/api/v1/things?limit=201&colour=red');
    expect(query.body.details?.fields?.map((field) => field.in)).toEqual(['query', 'query']);
    const many = await post(`{"name":1,${keys(90)}}`);
    const told = many.body.details?.fields?.map((field) => field.message) ?? [];
    expect(told.filter((message) => message.includes('"key-'))).toHaveLength(1);
    expect(told.join(' ').match(/"key-/g)!.length).toBeLessThanOrEqual(20);
    const path = await ask('/api/v1/things/not-an-id');
    await expectProblem(path, 400, 'validation-failed');
    expect(path.body.details?.fields?.[0]).toMatchObject({ in: 'path', path: 'id' });
  });

  it.each([
    ['no JSON', '{"name":', 'json-malformed'],
    ['nothing but a bracket', '}', 'json-malformed'],
    ['an open text', '{"name":"', 'json-malformed'],
    ['a wrong escape', '{"name":"\\x"}', 'json-malformed'],
    ['a key twice', '{"name":"a","name":"b"}', 'json-unacceptable'],
    ['a key twice in disguise', '{"name":"a","n\\u0061me":"b"}', 'json-unacceptable'],
    ['__proto__', '{"name":"a","__proto__":{}}', 'json-unacceptable'],
    ['__proto__ further down', '{"name":"a","labels":{"__proto__":"x"}}', 'json-unacceptable'],
    ['U+0000', '{"name":"a\\u0000"}', 'json-unacceptable'],
    ['a lone surrogate', '{"name":"\\ud800"}', 'json-unacceptable'],
    ['a number without end', '{"name":"a","size":1e999}', 'json-unacceptable'],
    ['a rounded number', '{"name":"a","size":9007199254740993}', 'json-unacceptable'],
    ['a depth bomb', '['.repeat(16_000), 'json-unacceptable'],
    ['a depth bomb of objects', '{"a":'.repeat(3_000), 'json-unacceptable'],
    ['thousands of keys', `{${keys(1_000)}}`, 'json-unacceptable'],
    ['thousands of elements', `{"name":[${'0,'.repeat(8_000)}0]}`, 'json-unacceptable'],
    ['brackets without a comma', '{}'.repeat(8_000), 'json-unacceptable'],
    ['keys behind thousands of escapes', `{"${'\\\\"'.repeat(3_000)}`, 'json-malformed'],
    ['an unknown field', '{"name":"a","x":1}', 'validation-failed'],
    ['a text that is too long', `{"name":"${'a'.repeat(15_000)}"}`, 'validation-failed'],
    ['an array', '[]', 'validation-failed'],
    ['null', 'null', 'validation-failed'],
  ])('refuses %s at once', async (_name, body, code) => {
    const began = performance.now();
    await expectProblem(await post(body), 400, code);
    expect(performance.now() - began).toBeLessThan(1000);
  });

  it('refuses what is not UTF-8, and takes what is', async () => {
    await expectProblem(await post(Uint8Array.from([0x22, 0xff, 0x22])), 400, 'json-malformed');
    const { response, body } = await post('{"name":"Zoë \\"x\\" 🙂","size":1e2}');
    expect([response.status, body]).toEqual([201, { name: 'Zoë "x" 🙂', size: 100 }]);
  });

  it('refuses bodies that are too large or of another type', async () => {
    const large = await post(JSON.stringify({ name: 'a'.repeat(16 * 1024) }));
    await expectProblem(large, 413, 'body-too-large');
    for (const type of ['text/plain', 'application/xml', 'application/x-www-form-urlencoded']) {
      await expectProblem(await post('name=a', type), 415, 'unsupported-media-type');
    }
  });

  it('refuses __proto__ and doubled values in a query', async () => {
    const proto = await ask('/api/v1/things?__proto__=1');
    await expectProblem(proto, 400, 'validation-failed');
    await expectProblem(await ask('/api/v1/things?limit=1&limit=2'), 400, 'validation-failed');
    await expectProblem(await ask('/api/v1/things?cursor=a&cursor=b'), 400, 'validation-failed');
  });

  it('has the same shape for a path that is not encoded properly or too long', async () => {
    const bad = await ask('/api/v1/things/%zz');
    expect([bad.response.status, bad.body.code]).toEqual([400, 'request-malformed']);
    const long = await ask(`/api/v1/things/${'a'.repeat(2000)}`);
    expect(long.body).toMatchObject({ code: expect.any(String), id: expect.any(String) });
    expect([404, 414]).toContain(long.response.status);
  });

  it('has the same shape for bytes that are no request', async () => {
    const answer = await raw('GET / HTTP/1.1\r\nbad header\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('"code":"request-malformed"');
    const flood = await raw(`GET / HTTP/1.1\r\nHost: a\r\nx: ${'a'.repeat(40_000)}\r\n\r\n`);
    expect(flood).toMatch(/^HTTP\/1\.1 431 /);
    expect(flood).toContain('"code":"headers-too-large"');
  });

  it.each([
    ['no Host', 'GET /api/v1/things HTTP/1.1', [], 400, 'host-missing'],
    ['two Hosts', 'GET /api/v1/things HTTP/1.1', ['Host: a', 'Host: b'], 400, 'host-missing'],
    ['a Host that is none', 'GET /api/v1/things HTTP/1.1', ['Host: a b'], 400, 'host-missing'],
    [
      'an account in its Host',
      'GET /api/v1/things HTTP/1.1',
      ['Host: user@a'],
      400,
      'host-missing',
    ],
    [
      'an expectation that nobody knows',
      'POST /api/v1/things HTTP/1.1',
      ['Host: a', 'Expect: 200-ok', 'Content-Length: 0'],
      417,
      'expectation-failed',
    ],
    [
      'a body in a transfer coding that nobody undoes',
      'POST /api/v1/things HTTP/1.1',
      ['Host: a', 'Transfer-Encoding: gzip, chunked'],
      501,
      'transfer-coding-unsupported',
    ],
    [
      'a compressed body',
      'POST /api/v1/things HTTP/1.1',
      ['Host: a', 'Content-Type: application/json', 'Content-Encoding: gzip', 'Content-Length: 0'],
      415,
      'content-encoding-unsupported',
    ],
  ])('has the same shape for a request with %s', async (_, line, headers, status, code) => {
    const answer = await raw([line, ...headers, 'Connection: close', '', ''].join('\r\n'));
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toContain('application/problem+json');
    expect(answer).toContain(`"code":"${code}"`);
  });

  it.each([
    ['a name', 'GET /health/live HTTP/1.1', 'Host: tidegate.example:8080'],
    ['an address of IPv6', 'GET /health/live HTTP/1.1', 'Host: [::1]:8080'],
    ['an empty one, as there is no name', 'GET /health/live HTTP/1.1', 'Host:'],
    ['none, in HTTP/1.0', 'GET /health/live HTTP/1.0', 'X: y'],
  ])('takes a Host that is %s', async (_, line, header) => {
    expect(await raw(`${line}\r\n${header}\r\nConnection: close\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 200 /,
    );
  });

  it('tells the methods of the very path, and not those of what it would be as a parameter', async () => {
    const { response, body } = await ask('/api/v1/things/closed', { method: 'DELETE' });
    await expectProblem({ response, body }, 405, 'method-not-allowed');
    expect(response.headers.get('allow')).toBe('GET, HEAD');
    const other = await ask('/api/v1/things/other', { method: 'POST' });
    expect(other.response.headers.get('allow')).toBe('DELETE, GET, HEAD');
  });

  it('tells what the domain says, and when to come again', async () => {
    const limited = await ask('/api/v1/things/broken/domain');
    await expectProblem(limited, 429, 'quota-exceeded');
    expect(limited.response.headers.get('retry-after')).toBe('8');
  });

  it.each(['bug', 'database'])('keeps a mistake of ours (%s) for the log', async (how) => {
    const { response, body } = await ask(`/api/v1/things/broken/${how}`);
    await expectProblem({ response, body }, 500, 'internal-error');
    expect(JSON.stringify(body)).not.toMatch(/things_name_key|hunter2|23505|at .*\.ts/);
    const line = http.log.find(
      (entry) => entry['level'] === 'error' && entry['requestId'] === body.id,
    );
    expect(line).toMatchObject({ error: { stack: expect.any(Array) } });
  });
});

function raw(bytes: string): Promise<string> {
  const { hostname, port } = new URL(http.url);
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => (answer += chunk));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}
