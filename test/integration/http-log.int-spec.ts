import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { Body, Controller, Get, Param, Post, StreamableFile } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { z } from 'zod';
import { DomainError } from '../../src/kernel/errors.js';
import { Public } from '../../src/platform/http/access.js';
import { Operation } from '../../src/platform/http/operation.js';
import { eventually } from '../support/eventually.js';
import { startHttpApp, type HttpAppForTest } from '../support/http-app.js';

const notes = { summary: 'A refusal', description: 'For tests.', errors: [] };
const anything = z.strictObject({ text: z.string() });

@Controller('refusals')
class RefusalsController {
  @Post()
  @Public()
  @ApiOkResponse({ standardSchema: anything })
  @Operation(notes)
  take(@Body({ schema: anything }) body: z.infer<typeof anything>) {
    return body;
  }

  @Get('stream')
  @Public()
  @Operation(notes)
  stream() {
    return new StreamableFile(
      new Readable({
        read() {
          this.push(Buffer.alloc(65_536));
        },
      }),
    );
  }

  @Get(':how')
  @Public()
  @Operation(notes)
  refuse(@Param('how') how: string): never {
    const cause = new Error('the reason behind it');
    if (how === 'busy') throw new DomainError('unavailable', 'busy', 'Wait.', { cause });
    if (how === 'limit') throw new DomainError('limit', 'too-many', 'Wait.');
    if (how === 'bug') throw new TypeError(`a mistake, number ${Math.random()}`);
    throw new RangeError('another mistake');
  }
}

type Line = Record<string, unknown>;

let http: HttpAppForTest;

beforeEach(async () => {
  http = await startHttpApp({
    controllers: [RefusalsController],
    environment: { TIDEGATE_LOG_LEVEL: 'info' },
  });
});
afterEach(() => http.close());

const ask = (how: string) => fetch(`${http.url}/api/v1/refusals/${how}`);

async function askOften(how: string, count: number): Promise<void> {
  for (let asked = 0; asked < count; asked += 50) {
    await Promise.all(Array.from({ length: 50 }, () => ask(how)));
  }
}

const linesOf = (code: string): Line[] => http.log.filter((line) => line['code'] === code);

/** A line stands for itself, or for as many as were folded into it. */
const countedIn = (lines: Line[]): number =>
  lines.reduce((sum, line) => sum + Number(line['folded'] ?? 1), 0);

async function metric(name: string): Promise<string | undefined> {
  const text = await (await fetch(`${http.url}/metrics`)).text();
  return text.split('\n').find((line) => line.startsWith(name));
}

/** What the server says to bytes that are sent as they are, then the end. */
function exchange(bytes: string | Buffer, end?: 'end' | 'resetAndDestroy'): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(http.url).port), '127.0.0.1', () => {
      socket.write(bytes, () => {
        if (end) socket[end]();
      });
    });
    let answer = '';
    socket.on('data', (chunk) => (answer += String(chunk)));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
  });
}

describe('refusals that are expected', () => {
  it.each([
    ['limit', 'too-many', 'info'],
    ['busy', 'busy', 'warn'],
  ])(
    '(%s) are a line a second without a stack, and none is forgotten',
    async (how, code, level) => {
      await askOften(how, 250);
      await eventually(() => expect(countedIn(linesOf(code))).toBe(250));
      const lines = linesOf(code);
      expect(lines.length).toBeLessThan(100);
      for (const line of lines) {
        expect(line).toMatchObject({ level, address: '127.0.0.1', requestId: expect.anything() });
        expect(JSON.stringify(line)).not.toContain('stack');
        expect(JSON.stringify(line).length).toBeLessThan(500);
      }
      expect(await metric(`tidegate_http_refusals_total{code="${code}"}`)).toMatch(/ 250$/);
    },
    30_000,
  );

  it('say why something was not available', async () => {
    await ask('busy');
    expect(linesOf('busy')[0]).toMatchObject({ reason: 'the reason behind it' });
  });

  it('are bytes that are no request, too: TLS on a port without it, a broken head', async () => {
    const hello = Buffer.from('16030100c8010000c40303', 'hex');
    for (let times = 0; times < 20; times += 1) await exchange(hello);
    expect(await exchange('GET / HTTP/9.9\r\n\r\n')).toContain('request-malformed');
    await eventually(() => expect(countedIn(linesOf('request-malformed'))).toBe(21));
    expect(linesOf('request-malformed').length).toBeLessThan(15);
    expect(http.rawLog()).not.toMatch(/"level":"(warn|error)"/);
    expect(await metric('tidegate_http_refusals_total{code="request-malformed"}')).toMatch(/ 21$/);
  });

  it('are paths that nobody can read', async () => {
    for (let times = 0; times < 5; times += 1) await fetch(`${http.url}/api/v1/refusals/%E0%A4%A`);
    await eventually(() => expect(countedIn(linesOf('request-malformed'))).toBe(5));
  });
});

describe('mistakes of ours', () => {
  it('keep their stack, and one that happens often does not hide another', async () => {
    await askOften('bug', 200);
    await ask('another');
    await eventually(() => expect(countedIn(linesOf('internal-error'))).toBe(201));
    const lines = linesOf('internal-error');
    const types = lines.map((line) => (line['error'] as { type: string }).type);
    expect(types).toContain('RangeError');
    expect(lines.length).toBeLessThan(40);
    for (const line of lines) {
      expect(line).toMatchObject({ level: 'error', error: { stack: expect.any(Array) } });
    }
  }, 30_000);
});

describe('a client that goes away', () => {
  const head = 'POST /api/v1/refusals HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n';
  const isNoError = async (gone: number) => {
    await eventually(async () => {
      expect(await metric('tidegate_http_clients_gone_total')).toBe(
        `tidegate_http_clients_gone_total ${gone}`,
      );
    });
    expect(http.rawLog()).toBe('');
    const metrics = await (await fetch(`${http.url}/metrics`)).text();
    expect(metrics).not.toMatch(/status="5|http_refusals_total\{/);
  };

  it.each(['end', 'resetAndDestroy'] as const)(
    'while it sends its body is no error (%s)',
    async (end) => {
      for (let times = 0; times < 10; times += 1) {
        await exchange(`${head}Content-Length: 500\r\n\r\n{"text":`, end);
        await exchange(`${head}Transfer-Encoding: chunked\r\n\r\n5\r\n{"te`, end);
      }
      await isNoError(20);
    },
  );

  it.each(['destroy', 'resetAndDestroy'] as const)(
    'in the middle of its download is none either (%s)',
    async (end) => {
      for (let times = 0; times < 10; times += 1) {
        await new Promise((resolve) => {
          const socket = connect(Number(new URL(http.url).port), '127.0.0.1');
          socket.write('GET /api/v1/refusals/stream HTTP/1.1\r\nHost: here\r\n\r\n');
          socket.once('data', () => socket[end]());
          socket.on('close', resolve);
        });
      }
      await isNoError(0);
    },
  );

  it.each(['end', 'resetAndDestroy'] as const)(
    'in the middle of the head is none either (%s)',
    async (end) => {
      await exchange('GET /api/v1/refusals/limit HTTP/1.1\r\nHos', end);
      await isNoError(0);
    },
  );
});

describe('any other line', () => {
  it('comes fifty times at once, then once a second with the number of those left out', async () => {
    const { logger } = http.platform;
    for (let times = 0; times < 1000; times += 1) logger.warn({ times }, 'an outage goes on');
    logger.warn({}, 'something else');
    const lines = () => http.log.filter((line) => line['message'] === 'an outage goes on');
    expect(lines()).toHaveLength(50);
    expect(http.rawLog()).toContain('something else');
    await eventually(() => expect(lines()).toHaveLength(51));
    expect(lines().at(-1)).toMatchObject({ folded: 950, times: 999 });
  });
});
