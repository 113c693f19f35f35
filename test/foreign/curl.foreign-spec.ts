import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startHttpApp, type HttpAppForTest } from '../support/http-app.js';
import { foreignProgram } from '../support/installed-program.js';

const run = promisify(execFile);

describe('curl against the API', () => {
  let app: HttpAppForTest;
  let curl: string;

  beforeAll(async () => {
    curl = await foreignProgram({ name: 'curl', package: 'curl' });
    app = await startHttpApp();
  });

  afterAll(() => app.close());

  it('reads an answer over HTTP/1.0 and HTTP/1.1', async () => {
    for (const version of ['--http1.0', '--http1.1']) {
      const { stdout } = await run(curl, ['-sS', '-i', version, `${app.url}/health/live`]);
      expect(stdout).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    }
  });
});
