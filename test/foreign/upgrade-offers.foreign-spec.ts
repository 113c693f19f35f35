import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Body, Controller, Get, Post } from '@nestjs/common';
import { z } from 'zod';
import { Public } from '../../src/platform/http/access.js';
import { Operation } from '../../src/platform/http/operation.js';
import { FrontRig, table, target } from '../support/front-rig.js';
import { startHttpApp, type HttpAppForTest } from '../support/http-app.js';
import { WholeApp } from '../support/whole-app.js';
import { foreignProgram } from '../support/installed-program.js';

jest.setTimeout(300_000);

const run = promisify(execFile);
const said = '{"said":"hello"}';
const notes = { summary: 'Echo', description: 'For tests only.', errors: [] };

@Controller('echo')
class EchoController {
  @Get()
  @Public()
  @Operation(notes)
  read() {
    return { said: 'hello' };
  }

  @Post()
  @Public()
  @Operation(notes)
  write(@Body({ schema: z.record(z.string(), z.unknown()) }) body: Record<string, unknown>) {
    return body;
  }
}

describe('clients that offer HTTP/2 with each plain request', () => {
  let app: HttpAppForTest;
  let rig: FrontRig;
  let urls: Record<string, string>;

  beforeAll(async () => {
    app = await startHttpApp({ controllers: [EchoController] });
    rig = await FrontRig.start();
    const echo = await rig.instance('echo', (request, response) => {
      void request.toArray().then((chunks) => {
        response.statusCode = request.method === 'POST' ? 201 : 200;
        response.end(chunks.length > 0 ? Buffer.concat(chunks as Buffer[]) : said);
      });
    });
    await rig.front.apply(table(1, rig.port, [target(echo)]));
    urls = {
      'the API': `${app.url}/api/v1/echo`,
      'the front': `http://127.0.0.1:${rig.port}/`,
    };
  });
  afterAll(async () => {
    await rig?.stop();
    await app?.close();
  });

  it.each(['the API', 'the front'])('Java is answered by %s', async (door) => {
    const java = await foreignProgram({ name: 'java', package: 'openjdk-17-jdk-headless' });
    const source = fileURLToPath(new URL('./java/Ask.java', import.meta.url));
    const { stdout } = await run(java, ['-Xshare:auto', source, urls[door]!], { timeout: 120_000 });
    expect(stdout.trim().split('\n')).toEqual([
      ...Array.from({ length: 10 }, () => `200 HTTP_1_1 ${said}`),
      ...Array.from({ length: 40 }, () => `201 HTTP_1_1 ${said}`),
    ]);
  });

  it('Java is answered by the API with its web socket, which listens for upgrades', async () => {
    const java = await foreignProgram({ name: 'java', package: 'openjdk-17-jdk-headless' });
    const source = fileURLToPath(new URL('./java/Ask.java', import.meta.url));
    const whole = await WholeApp.start();
    try {
      const login = `${whole.url}/api/v1/authentication/login`;
      const { stdout } = await run(java, [source, login], { timeout: 120_000 });
      const codes = stdout
        .match(/^\d+ HTTP_1_1 .*"code":"[a-z-]+"/gm)
        ?.map((line) => line.slice(0, 3));
      expect(codes).toEqual([...Array(10).fill('405'), ...Array(40).fill('400')]);
    } finally {
      await whole.close();
    }
  });

  it.each(['the API', 'the front'])('curl --http2 is answered by %s', async (door) => {
    const curl = await foreignProgram({ name: 'curl', package: 'curl' });
    const form = '\\n%{http_code} %{http_version}\\n';
    const ask = async (...more: string[]) => {
      const { stdout } = await run(curl, ['-sS', '--http2', '-w', form, ...more, urls[door]!]);
      return stdout.trim().split('\n');
    };
    const json = ['-H', 'content-type: application/json', '--data', said];
    expect(await ask()).toEqual([said, '200 1.1']);
    expect(await ask(...json)).toEqual([said, '201 1.1']);
    expect(await ask(...json, '-H', 'transfer-encoding: chunked')).toEqual([said, '201 1.1']);
    expect(await ask(...json, '-H', 'expect: 100-continue')).toEqual([said, '201 1.1']);
  });
});
