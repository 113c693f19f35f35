/** The dashboard where the API is: its files, its one page, and nothing of either under the API's paths. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Controller, Get, Post } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { Public } from '../../src/platform/http/access.js';
import { Operation } from '../../src/platform/http/operation.js';
import { type HttpAppForTest, startHttpApp } from '../support/http-app.js';

const notes = { summary: 'A probe', description: 'For this test.', errors: [] };

@Controller('boats')
class BoatsController {
  @Get()
  @Public()
  @Operation(notes)
  list() {
    return { items: [] };
  }

  @Post()
  @Public()
  @Operation(notes)
  add() {
    return {};
  }
}

const INDEX = `<meta property="csp-nonce" nonce="NONCE-OF-THE-RESPONSE"><script src="/assets/a-1.js" nonce="NONCE-OF-THE-RESPONSE"></script>`;
const SCRIPT = 'console.log("hello")';
const page = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

let folder: string;
let rig: HttpAppForTest;
let bare: HttpAppForTest;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-pages-'));
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'index.html'), INDEX);
  await writeFile(join(folder, 'favicon.svg'), '<svg/>');
  await writeFile(join(folder, 'assets/a-1.js'), SCRIPT);
  await writeFile(join(folder, 'assets/a-1.js.br'), brotliCompressSync(SCRIPT));
  await writeFile(join(folder, 'secret.env'), 'KEY=1');
  rig = await startHttpApp({ controllers: [BoatsController], pages: folder });
  bare = await startHttpApp({ controllers: [BoatsController], pages: join(folder, 'nowhere') });
});
afterAll(async () => {
  await rig.close();
  await bare.close();
  await rm(folder, { recursive: true, force: true });
});

const get = (url: string, headers: Record<string, string> = page, method: 'GET' | 'POST' = 'GET') =>
  rig.app.inject({ method, url, headers });

describe('a page', () => {
  it.each(['/', '/deployments', '/deployments/x?tab=journal', '/sign-in'])(
    'is the one page at %s, with a nonce of its own',
    async (url) => {
      const [one, other] = [await get(url), await get(url)];
      expect(one.statusCode).toBe(200);
      expect(one.headers['content-type']).toBe('text/html; charset=utf-8');
      expect(one.headers['cache-control']).toBe('no-cache');
      const nonce = /nonce="([\w-]{22})"/.exec(one.body)![1]!;
      expect(one.body).toBe(INDEX.replaceAll('NONCE-OF-THE-RESPONSE', nonce));
      expect(other.body).not.toContain(nonce);
      const policy = String(one.headers['content-security-policy']);
      expect(policy).toContain(`style-src 'self' 'nonce-${nonce}'`);
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self';");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe|data:(?!;)[^;]*script/);
    },
  );

  it.each([
    ['a program that takes anything', '/deployments', { accept: '*/*' }],
    ['a program that wants JSON', '/deployments', { accept: 'application/json' }],
    ['a script that is gone', '/assets/a-0.js', page],
    ['an image in a page', '/x', { ...page, 'sec-fetch-mode': 'no-cors' }],
    ['a script that asks', '/x', { ...page, 'sec-fetch-mode': 'cors' }],
    ['the API', '/api/v1/nothing', page],
    ['the API’s root', '/api', page],
    ['a hub', '/hubs/deployment', page],
    ['the socket', '/socket.io/x', page],
    ['probes', '/health/nothing', page],
    ['metrics of another path', '/metrics/x', page],
    ['a well-known document', '/.well-known/nothing', page],
    ['a directory', '/scim/v2/Nothing', page],
    ['a file that is not of a page', '/secret.env', page],
    ['a path that climbs', '/assets/../secret.env', page],
    ['one that climbs in code', '/assets/%2e%2e/secret.env', page],
    ['a packed file by its own name', '/assets/a-1.js.br', page],
  ])('is nothing to %s', async (_what, url, headers) => {
    const { statusCode, headers: said, body } = await get(url, headers);
    expect([statusCode, said['content-type']]).toEqual([
      404,
      expect.stringMatching(/^application\/(problem|scim)\+json/),
    ]);
    expect(body).not.toContain('KEY');
  });

  it('answers no other method', async () => {
    expect((await get('/deployments', page, 'POST')).statusCode).toBe(404);
    expect((await get('/assets/a-1.js', page, 'POST')).statusCode).toBe(404);
  });

  it('hides no route, and no method of one', async () => {
    expect((await get('/api/v1/boats', page)).json()).toEqual({ items: [] });
    const wrong = await rig.app.inject({ method: 'DELETE', url: '/api/v1/boats', headers: page });
    expect(wrong.statusCode).toBe(405);
  });
});

describe('a file of a page', () => {
  it('with a hash in its name is kept for ever, and packed for who takes it', async () => {
    const plain = await get('/assets/a-1.js', {});
    expect([plain.statusCode, plain.body]).toEqual([200, SCRIPT]);
    expect(plain.headers).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-type': 'text/javascript; charset=utf-8',
      'x-content-type-options': 'nosniff',
      vary: expect.stringContaining('accept-encoding'),
    });
    const packed = await get('/assets/a-1.js', { 'accept-encoding': 'gzip, br' });
    expect(packed.headers['content-encoding']).toBe('br');
    expect(brotliDecompressSync(packed.rawPayload).toString()).toBe(SCRIPT);
  });

  it('without one is asked for again', async () => {
    const { headers, statusCode } = await get('/favicon.svg', {});
    expect([statusCode, headers['cache-control']]).toEqual([200, 'no-cache']);
  });
});

describe('before anybody has built it', () => {
  it('says how, and the API works', async () => {
    const there = await bare.app.inject({ url: '/', headers: page });
    expect([there.statusCode, there.body]).toEqual([200, expect.stringContaining('npm run build')]);
    expect((await bare.app.inject({ url: '/api/v1/boats' })).statusCode).toBe(200);
  });
});
