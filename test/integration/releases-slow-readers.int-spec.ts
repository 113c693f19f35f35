/** Downloads that nobody reads: how many one person may open, and what is left of them. */
import { randomBytes } from 'node:crypto';
import { readdir, readlink } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { jest } from '@jest/globals';
import { limits } from '../../src/kernel/limits.js';
import { buildArtifact } from '../support/artifact.js';
import { eventually } from '../support/eventually.js';
import { ADMIN_PASSWORD, Tidegate } from '../support/tidegate.js';

/** More than the kernel takes for a client that reads nothing. */
const ARTIFACT_BYTES = 24 * 1024 * 1024;

let tidegate: Tidegate;
let token: string;
beforeAll(async () => {
  tidegate = await Tidegate.start();
  const client = await tidegate.client();
  const { bytes } = await buildArtifact({
    files: { 'data.bin': randomBytes(ARTIFACT_BYTES).toString('base64') },
  });
  const form = new FormData();
  form.set('version', '1.0.0');
  form.set('manifest', JSON.stringify({ schema: 1, run: { command: 'true' } }));
  form.set('artifact', new Blob([new Uint8Array(bytes)]), 'artifact.tar.gz');
  expect((await client.post('/modules/large/releases', form)).status).toBe(201);
  const answer = await fetch(`${tidegate.url}/api/v1/authentication/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'admin', password: ADMIN_PASSWORD }),
  });
  token = ((await answer.json()) as { accessToken: string }).accessToken;
});
afterAll(() => tidegate?.stop());
afterEach(() => jest.restoreAllMocks());

/** Reads the first bytes of the answer, and nothing after that. */
async function download(): Promise<{ socket: Socket; head: string }> {
  const { hostname, port } = new URL(tidegate.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.write(
    'GET /api/v1/modules/large/releases/1.0.0/artifact HTTP/1.1\r\nHost: a\r\n' +
      `Authorization: Bearer ${token}\r\n\r\n`,
  );
  const head = await new Promise<string>((resolve) =>
    socket.once('data', (chunk) => resolve(chunk.toString('latin1'))),
  );
  socket.pause();
  return { socket, head };
}

/** The control plane runs in this process. */
async function openArtifacts(): Promise<number> {
  const files = await readdir('/proc/self/fd');
  const targets = await Promise.all(
    files.map((file) => readlink(`/proc/self/fd/${file}`).catch(() => '')),
  );
  return targets.filter((target) => target.includes('/artifacts/')).length;
}

describe('downloads that nobody reads', () => {
  it('are so many for one person, and each gives its file back when its client goes', async () => {
    const opened = [];
    for (let at = 0; at < 10; at += 1) opened.push(await download());
    const statuses = opened.map(({ head }) => Number(head.split(' ')[1]));
    expect(statuses.filter((status) => status === 200)).toHaveLength(limits.streamsPerCaller);
    const refused = opened.find(({ head }) => !head.startsWith('HTTP/1.1 200'))!.head;
    expect(refused).toMatch(/^HTTP\/1\.1 429 /);
    expect(refused).toMatch(/retry-after: [1-9]/i);
    expect(refused).toContain('"code":"downloads-limit"');
    expect(await openArtifacts()).toBe(limits.streamsPerCaller);
    for (const { socket } of opened) socket.resetAndDestroy();
    await eventually(async () => expect(await openArtifacts()).toBe(0));
    const again = await download();
    expect(again.head).toMatch(/^HTTP\/1\.1 200 /);
    again.socket.destroy();
    await eventually(async () => expect(await openArtifacts()).toBe(0));
  }, 60_000);

  it('are cut, and give their files back', async () => {
    // The product's time is what the unit tests look at, by a clock of theirs; here it would be a minute.
    const patience: Record<'readerPatienceMs' | 'readerPatienceLongestMs', number> = limits;
    jest.replaceProperty(patience, 'readerPatienceMs', 2_000);
    jest.replaceProperty(patience, 'readerPatienceLongestMs', 4_000);
    const { socket } = await download();
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await eventually(async () => expect(await openArtifacts()).toBe(0), 60_000);
    socket.resume();
    await closed;
    expect(socket.bytesRead).toBeLessThan(ARTIFACT_BYTES);
    const metrics = await (await fetch(`${tidegate.url}/metrics`)).text();
    expect(metrics).toContain('tidegate_slow_readers_cut_total 1');
  });
});
