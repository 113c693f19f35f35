import { mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { runCli } from '../program.js';
import { readCliEnvironment } from '../session/cli-environment.js';
import { commandOf } from './deployments.commands.js';

const ID = '0199a3c2-7d1e-7c4a-9d55-0f6f3b1c2a10';
const NEW_ID = '0199a3c3-0000-7000-8000-000000000001';
const OLD_ID = '01998f10-33aa-7b02-8c41-5d7e90ab12cd';
const accepted = {
  id: NEW_ID,
  status: 'Pending',
  moduleName: 'payments',
  version: '2.0.3',
  targetEnvironment: 'QA',
  cluster: 'main',
  strategy: { kind: 'direct' },
  links: {},
};

let folder: string;
let server: Server;
let asked: { url: string; body: unknown; key: string | undefined }[];
/** Where a deployment is: what every GET is answered with. */
const present = { id: ID, progress: { step: 'w1.stabilization' } };
let reply: { status: number; body: object };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-verbs-'));
  asked = [];
  reply = { status: 202, body: accepted };
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      if (request.method === 'GET') {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify(present));
        return;
      }
      const key = request.headers['idempotency-key'] as string | undefined;
      asked.push({ url: `${request.method} ${request.url}`, body: JSON.parse(text), key });
      response.writeHead(reply.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(reply.body));
    });
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
  const exitCode = await runCli(['deployments', ...words], {
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

describe('verbs and returns', () => {
  it.each<[string[], object]>([
    [['rollback', ID], {}],
    [
      ['rollback', ID, '--to', OLD_ID, '--strategy', 'rolling', '--reason', 'orders fail'],
      { to: OLD_ID, strategy: { kind: 'rolling' }, reason: 'orders fail' },
    ],
    [['rollback', ID, '--allow-no-rollback'], { allowNoRollback: true }],
    [['retry', ID], {}],
    [
      ['retry', ID, '--reason', 'disk full', '--allow-no-rollback'],
      { reason: 'disk full', allowNoRollback: true },
    ],
  ])('%j sends what was said, with a key, and tells the new deployment', async (words, body) => {
    expect(await run(...words)).toEqual({
      exitCode: 0,
      stderr: '',
      stdout: `payments 2.0.3 to QA/main: Pending\nWatch it: tidegate deployments watch ${NEW_ID}\n`,
    });
    const url = `POST /api/v1/deployments/${ID}/${words[0]}`;
    expect(asked).toEqual([{ url, body, key: expect.any(String) }]);
  });

  it('gives the answer as one JSON document', async () => {
    const { exitCode, stdout } = await run('rollback', ID, '--json');
    expect([exitCode, JSON.parse(stdout)]).toEqual([0, accepted]);
  });

  it('promotes the gate that is open now, or the one that is named, and never just any', async () => {
    reply.body = { id: ID, verb: 'promote', status: 'Running', links: {} };
    const { exitCode, stdout } = await run('promote', ID, '--reason', 'checked by hand');
    expect([exitCode, stdout]).toEqual([
      0,
      `Asked for promote of w1.stabilization; the deployment is Running now. Watch it: tidegate deployments watch ${ID}\n`,
    ]);
    await run('promote', ID, '--reason', 'checked', '--step', 'w2.stabilization');
    expect(asked.map(({ body }) => body)).toEqual([
      { reason: 'checked by hand', step: 'w1.stabilization' },
      { reason: 'checked', step: 'w2.stabilization' },
    ]);
    expect(asked[0]?.url).toBe(`POST /api/v1/deployments/${ID}/promote`);
  });

  it.each([
    [['promote', ID, '--reason', 'x'], 'nothing-to-promote', `tidegate explain ID`],
    [['rollback', ID], 'no-rollback-target', 'deployments list --status Succeeded'],
    [['rollback', ID], 'newer-deployment-there', '--to ID'],
    [['rollback', ID, '--to', OLD_ID], 'rollback-under-way', 'deployments cancel ID'],
    [['retry', ID, '--wait'], 'state-not-suitable', 'tidegate explain ID'],
  ])('%j ends with 2 after %s and says what to do', async (words, code, next) => {
    reply = { status: 409, body: { code, detail: 'No.', status: 409, id: 'request-1' } };
    const { exitCode, stdout, stderr } = await run(...words);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`code ${code}, id request-1`);
    expect(stderr).toContain(next);
  });

  it('are told by explain as they have to be asked for', () => {
    expect(commandOf('rollback', ID)).toBe(`tidegate deployments rollback ${ID}`);
    expect(commandOf('promote', ID)).toBe(`tidegate deployments promote ${ID} --reason <words>`);
  });
});
