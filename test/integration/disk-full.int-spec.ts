import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockFileOf } from '../../src/platform/database/embedded/postmaster.js';
import { eventually } from '../support/eventually.js';
import { ServerProcess } from '../support/server-process.js';
import { buildArtifact } from '../support/artifact.js';

const MEBIBYTE = 1024 * 1024;
const PASSWORD = 'correct-horse-battery-9';

/** A disk of one's own needs root; elsewhere the units say what they can. */
const describeAsRoot = process.getuid?.() === 0 ? describe : describe.skip;

describeAsRoot('a server whose disk is full', () => {
  let volume: string;
  let server: ServerProcess;
  let token: string;

  beforeAll(async () => {
    volume = mkdtempSync(join(tmpdir(), 'tidegate-volume-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=208m', 'none', volume]);
    server = await ServerProcess.start('api', {
      TIDEGATE_HOME: join(volume, 'home'),
      TIDEGATE_LISTEN: '127.0.0.1:0',
      TIDEGATE_ADMIN_PASSWORD: PASSWORD,
    });
    const answer = await call('/api/v1/authentication/login', {
      username: 'admin',
      password: PASSWORD,
    });
    ({ accessToken: token } = (await answer.json()) as { accessToken: string });
  });
  afterAll(async () => {
    await server?.stop();
    execFileSync('umount', ['--lazy', volume]);
    rmSync(volume, { recursive: true, force: true });
  });

  const call = (path: string, body?: object | FormData) =>
    fetch(server.url + path, {
      method: body ? 'POST' : 'GET',
      headers: {
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(body && !(body instanceof FormData) ? { 'content-type': 'application/json' } : {}),
      },
      ...(body ? { body: body instanceof FormData ? body : JSON.stringify(body) } : {}),
    });
  const readiness = async () => (await call('/health/ready')).status;
  const checks = async () => {
    const { checks: all } = (await (await call('/health')).json()) as {
      checks: { name: string; status: string; message: string | null }[];
    };
    return Object.fromEntries(all.map(({ name, message }) => [name, message]));
  };
  const push = async () => {
    const form = new FormData();
    form.append('version', '1.0.0');
    form.append('manifest', JSON.stringify({ schema: 1, run: { command: 'node' } }));
    form.append(
      'artifact',
      new Blob([new Uint8Array((await buildArtifact({ files: { x: 'x' } })).bytes)]),
    );
    return call('/api/v1/modules/hello/releases', form);
  };
  const fill = () => {
    const { bavail, bsize } = statfsSync(volume);
    const bytes = Buffer.alloc(MEBIBYTE);
    const folder = join(volume, 'fill');
    mkdirSync(folder);
    try {
      for (let left = bavail * bsize; left > -MEBIBYTE; left -= MEBIBYTE) {
        writeFileSync(join(folder, String(left)), bytes);
      }
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENOSPC' });
    }
  };

  /** Until a page has to be added, rows find room in those that are there. */
  async function firstRefusal() {
    for (let number = 1; number <= 200; number += 1) {
      const body = { name: `c-${number}`, environment: 'Development' };
      const answer = await call('/api/v1/clusters', body);
      if (answer.status !== 201) return answer;
    }
    throw new Error('nothing was refused');
  }

  it('says so, by part and with a time, and goes on without a restart when there is room', async () => {
    expect(await readiness()).toBe(200);
    expect(await (await call('/')).json()).toMatchObject({ name: 'Tidegate' });
    fill();
    const refused = await firstRefusal();
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('30');
    expect(refused.headers.get('content-type')).toContain('application/problem+json');
    expect(await refused.json()).toMatchObject({
      code: 'storage-full',
      details: { part: 'database' },
    });
    const pushed = await push();
    expect(pushed.status).toBe(503);
    expect(await pushed.json()).toMatchObject({
      code: 'storage-full',
      details: { part: 'artifacts' },
    });
    await eventually(async () => expect(await readiness()).toBe(503));
    expect(await checks()).toEqual({
      database: expect.stringContaining('The disk of the database is full.'),
      artifacts: expect.stringContaining('The disk of the artifacts is full.'),
    });
    // The worst of it: the server of the database has ended over it.
    const { pid: postmaster } = (await lockFileOf(join(volume, 'home/postgres/data')))!;
    process.kill(postmaster, 'SIGKILL');

    rmSync(join(volume, 'fill'), { recursive: true });
    await eventually(async () => expect(await readiness()).toBe(200), 40_000);
    expect((await push()).status).toBe(201);
    expect(await checks()).toEqual({ database: null, artifacts: null });
  }, 90_000);
});
