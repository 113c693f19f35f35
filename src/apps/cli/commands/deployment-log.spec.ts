import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { runCli } from '../program.js';
import { readCliEnvironment } from '../session/cli-environment.js';

const ID = '0199a3c2-7d1e-7c4a-9d55-0f6f3b1c2a10';
const NODE = '019a7f40-1000-7aaa-8bbb-0123456789ab';
const head = { nodeId: NODE, node: 'web-1', code: 'exited', at: '2026-01-05T08:00:12.000Z' };

let folder: string;
let server: Server;
let asked: string[];
let failureLogs: object[];
let log: object;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-log-'));
  asked = [];
  failureLogs = [{ ...head, source: 'i-1' }];
  log = { ...head, source: 'i-1', generation: 1, lines: ['one', 'two'], isCut: false };
  server = createServer((request, response) => {
    asked.push(request.url!);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(request.url!.endsWith('/log') ? log : { failureLogs }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  server.close().closeAllConnections();
  await rm(folder, { recursive: true, force: true });
});

async function run(...words: string[]) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const { port } = server.address() as AddressInfo;
  const exitCode = await runCli(['deployments', 'log', ...words], {
    streams: { stdin, stdout, stderr },
    environment: readCliEnvironment({
      XDG_CONFIG_HOME: folder,
      TIDEGATE_TOKEN: 'secret-key',
      TIDEGATE_SERVER: `http://127.0.0.1:${port}`,
    }),
    version: '0.0.0',
    onInterrupt: () => () => undefined,
  });
  const text = (stream: PassThrough) => String((stream.read() as Buffer | null) ?? '');
  return { exitCode, stdout: text(stdout), stderr: text(stderr) };
}

it('shows what was printed on a node', async () => {
  const { exitCode, stdout } = await run(ID, 'web-1');
  expect(asked).toEqual([`/api/v1/deployments/${ID}/nodes/web-1/log`]);
  expect(stdout).toMatch(/^web-1, instance: exited \(.*\)\n {2}one\n {2}two\n$/);
  expect(exitCode).toBe(0);
});

it('asks for the node that failed last when none is named', async () => {
  log = { ...log, source: 'hook-start', isCut: true };
  const { stdout } = await run(ID);
  expect(asked.at(-1)).toBe(`/api/v1/deployments/${ID}/nodes/${NODE}/log`);
  expect(stdout).toContain('web-1, hook start: exited');
  expect(stdout).toContain('\n  …\n  one\n');
});

it('says so when nothing has failed', async () => {
  failureLogs = [];
  const { exitCode, stderr } = await run(ID);
  expect(stderr).toContain('No node has sent the output of something that failed');
  expect(exitCode).not.toBe(0);
});

it('lets no terminal obey what a server answers', async () => {
  log = { ...log, lines: ['\u001b[2Jgone\u009b31m'], node: 'web\u001b]0;x\u0007' };
  const { stdout } = await run(ID, 'web-1');
  // eslint-disable-next-line no-control-regex -- that there are none is what is tested.
  expect(stdout).not.toMatch(/[\u001b\u009b\u0007]/);
  expect(stdout).toContain('gone');
});
