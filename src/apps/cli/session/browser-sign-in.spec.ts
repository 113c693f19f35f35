import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { runCli } from '../program.js';
import { readCliEnvironment } from './cli-environment.js';

const ID = '0199a3c2-7d1e-7c4a-9d55-0f6f3b1c2a10';
const user = { id: ID, username: 'ada', tenant: 'acme', roles: ['Viewer'], permissions: [] };

let folder: string;
let server: Server;
let completed: { code: string; verifier: string } | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-browser-'));
  completed = undefined;
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const path = request.url!.split('?')[0]!;
      const answers: Record<string, () => object> = {
        '/api/v1/authentication/providers': () => ({ items: [{ id: ID, name: 'Company' }] }),
        '/api/v1/authentication/me': () => user,
        '/api/v1/authentication/oidc/complete': () => {
          completed = JSON.parse(text) as typeof completed;
          return { accessToken: 'access', refreshToken: 'refresh', expiresIn: 900, user };
        },
      };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answers[path]!()));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  server.close().closeAllConnections();
  await rm(folder, { recursive: true, force: true });
});

/** Runs `login`, and does with the printed address what `browser` says. */
async function login(
  browser: (start: URL, stdin: PassThrough) => Promise<void>,
  { isTTY = false, provider = 'Company' } = {},
) {
  const stdin = Object.assign(new PassThrough(), { isTTY });
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  let shown = '';
  let isOpened = false;
  stderr.on('data', (chunk: Buffer) => {
    shown += chunk.toString();
    const address = /http:\S+\/start\?\S+/.exec(shown)?.[0];
    if (address === undefined || isOpened) return;
    isOpened = true;
    void browser(new URL(address), stdin);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const words = ['login', '--server', url, '--provider', provider, '--tenant', 'acme'];
  const exitCode = await runCli(words, {
    streams: { stdin, stdout, stderr },
    environment: readCliEnvironment({ XDG_CONFIG_HOME: folder }),
    version: '0',
    onInterrupt: () => () => undefined,
  });
  return { exitCode, shown };
}

const back = (start: URL, query: string) => `${start.searchParams.get('redirect')}?${query}`;

describe('signing in at a provider from the command line', () => {
  it('takes the code that a browser on this machine brings, and keeps the tokens', async () => {
    let challenge = '';
    const { exitCode, shown } = await login(async (start) => {
      challenge = start.searchParams.get('challenge')!;
      // Something else on this machine that looks at the port is no sign-in.
      expect((await fetch(new URL('/favicon.ico', back(start, '')))).status).toBe(404);
      await fetch(back(start, 'code=the-code'));
    });
    expect([exitCode, completed?.code]).toEqual([0, 'the-code']);
    const digest = createHash('sha256').update(completed!.verifier).digest('base64url');
    expect(digest).toBe(challenge);
    expect(shown).not.toContain(completed!.verifier);
    const kept = await readFile(join(folder, 'tidegate', 'config.json'), 'utf8');
    expect(kept).toContain('"refresh"');
  });

  it('takes the address that a browser elsewhere ended at, typed in', async () => {
    const typed = async (start: URL, stdin: PassThrough) => {
      stdin.write(`${back(start, 'code=typed')}\n`);
    };
    const { exitCode } = await login(typed, { isTTY: true });
    expect([exitCode, completed?.code]).toEqual([0, 'typed']);
  });

  it('says what has gone wrong', async () => {
    const { exitCode, shown } = await login(async (start) => {
      await fetch(back(start, 'error=identity-provider-refused'));
    });
    expect([exitCode, completed]).toEqual([2, undefined]);
    expect(shown).toContain('identity-provider-refused');
    const unknown = await login(async () => undefined, { provider: 'Other' });
    expect(unknown.exitCode).toBe(1);
    expect(unknown.shown).toContain('known: "Company"');
  });
});
