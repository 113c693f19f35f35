import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { limits } from '../../src/kernel/limits.js';
import { ReleaseIntake } from '../../src/releases/release-intake.js';
import { type ArtifactEntry, buildArchive } from '../support/artifact.js';
import { field, file, rawForm, rawPush } from '../support/raw-push.js';
import { paxEntry, rawArchive, rawEntry } from '../support/raw-tar.js';
import { plainManifest, releaseForm, someArtifact } from '../support/release-form.js';
import { NOTHING, releasesApp, type ReleasesApp } from '../support/releases-app.js';

const LIMIT_BYTES = 1024 * 1024;
let app: ReleasesApp;
let good: Buffer;
beforeAll(async () => {
  app = await releasesApp({ TIDEGATE_ARTIFACT_LIMIT_BYTES: String(LIMIT_BYTES) });
  good = (await someArtifact()).bytes;
});
afterAll(() => app.close());
// The rule of this file: whatever was refused, nothing of it is there.
afterEach(async () => {
  await eventually(async () => (await app.files()).length === 0);
  expect(await app.files()).toEqual([]);
  expect(await app.rows()).toEqual(NOTHING);
});

const url = () => `${app.url}/modules/bad/releases`;
const push = (form: FormData, options = {}) =>
  app.send('modules/bad/releases', { method: 'POST', body: form, ...options });

async function eventually(is: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!(await is()) && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('a form that is wrong', () => {
  const part = (name: string, value: string | Buffer): [string, string | Buffer] => [name, value];
  const cases: [string, string, () => FormData][] = [
    ['has no version', 'version', () => releaseForm({ version: null, artifact: good })],
    ['has no manifest', 'manifest', () => releaseForm({ manifest: null, artifact: good })],
    ['has no artifact', 'artifact', () => releaseForm()],
    ['is empty', 'version', () => releaseForm({ version: null, manifest: null })],
    ['has a bad version', 'version', () => releaseForm({ version: '../1', artifact: good })],
    [
      'calls a version "latest"',
      'version',
      () => releaseForm({ version: 'latest', artifact: good }),
    ],
    [
      'has the version twice',
      'version',
      () => releaseForm({ artifact: good, more: [part('version', '2')] }),
    ],
    [
      'has the manifest twice',
      'manifest',
      () => releaseForm({ artifact: good, more: [part('manifest', '{}')] }),
    ],
    [
      'has two artifacts',
      'artifact',
      () => releaseForm({ artifact: good, more: [part('artifact', good)] }),
    ],
    [
      'has the artifact as a field',
      'artifact',
      () => releaseForm({ more: [part('artifact', 'text')] }),
    ],
    [
      'has an unknown field',
      'colour',
      () => releaseForm({ artifact: good, more: [part('colour', 'red')] }),
    ],
    [
      'has an unknown file',
      'second',
      () => releaseForm({ artifact: good, more: [part('second', good)] }),
    ],
    [
      'names a prototype',
      '__proto__',
      () => releaseForm({ artifact: good, more: [part('__proto__', 'x')] }),
    ],
    [
      'has a bad digest',
      'expectedArtifactDigest',
      () => releaseForm({ artifact: good, more: [part('expectedArtifactDigest', 'md5:1')] }),
    ],
  ];
  it.each(cases)('is refused when it %s', async (_what, path, form) => {
    const answer = await push(form());
    expect(answer.status).toBe(400);
    if (path === '__proto__') return;
    expect(answer.body).toMatchObject({
      code: 'validation-failed',
      details: { fields: [expect.objectContaining({ in: 'body', path })] },
    });
  });

  it('is refused when it has more parts than there are names', async () => {
    const more = Array.from({ length: 40 }, () => part('keyName', 'ci'));
    expect((await push(releaseForm({ more }))).status).toBe(400);
  });

  it('is refused when it is no form at all', async () => {
    const json = await app.send('modules/bad/releases', { method: 'POST', body: { version: '1' } });
    expect(json).toMatchObject({ status: 400, body: { code: 'multipart-malformed' } });
    const nothing = await app.send('modules/bad/releases', { method: 'POST' });
    expect(nothing.status).toBe(400);
    const headers = { 'content-type': 'multipart/form-data' };
    const noBoundary = await app.send('modules/bad/releases', {
      method: 'POST',
      body: {},
      headers,
    });
    expect(noBoundary).toMatchObject({ status: 400, body: { code: 'multipart-malformed' } });
  });

  it.each(['', '""', 'b'.repeat(71), `"${'b'.repeat(300)}"`])(
    'is refused when its boundary is %p, which no form may have',
    async (boundary) => {
      const answer = await app.send('modules/bad/releases', {
        method: 'POST',
        body: {},
        headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
      });
      expect(answer).toMatchObject({ status: 400, body: { code: 'multipart-malformed' } });
    },
  );

  it('is refused for a module whose name is no DNS label', async () => {
    const options = { method: 'POST', body: releaseForm({ artifact: good }) };
    expect((await app.send('modules/Not_A_Label/releases', options)).status).toBe(400);
  });

  it('is refused from somebody who may only read', async () => {
    const answer = await push(releaseForm({ artifact: good }), { role: 'Viewer' });
    expect(answer).toMatchObject({ status: 403, body: { code: 'permission-missing' } });
  });
});

describe('a manifest that is wrong', () => {
  const cases: [string, unknown, string][] = [
    ['is no JSON', '{"schema":', 'manifest'],
    ['has a key twice', '{"schema":1,"schema":1,"run":{"command":"x"}}', 'manifest'],
    ['has __proto__', '{"schema":1,"run":{"command":"x","env":{"__proto__":"x"}}}', 'manifest'],
    ['is of another schema', { schema: 2, run: { command: 'x' } }, 'manifest.schema'],
    ['has no command', { schema: 1, run: {} }, 'manifest.run.command'],
    ['has an unknown field', { ...plainManifest, extra: 1 }, 'manifest'],
    [
      'has an unknown field inside',
      { schema: 1, run: { command: 'x', shell: true } },
      'manifest.run',
    ],
    ['has U+0000', '{"schema":1,"run":{"command":"a\\u0000"}}', 'manifest'],
    [
      'has a port out of range',
      { ...plainManifest, traffic: { protocol: 'http', port: 0 } },
      'manifest.traffic.port',
    ],
    [
      'is too long',
      {
        ...plainManifest,
        configuration: Object.fromEntries(
          Array.from({ length: 20 }, (_, i) => [`A${i}`, 'x'.repeat(4096)]),
        ),
      },
      'manifest',
    ],
  ];
  it.each(cases)('is refused with the place when it %s', async (_what, manifest, path) => {
    const answer = await push(releaseForm({ manifest, artifact: good }));
    expect(answer).toMatchObject({ status: 400, body: { code: 'validation-failed' } });
    expect(answer.body.details.fields[0].path).toBe(path);
  });

  it('is refused as a file, too, when it is too long', async () => {
    const more: [string, Buffer][] = [['manifest', Buffer.alloc(limits.manifestBytes + 1, 0x20)]];
    const answer = await push(releaseForm({ manifest: null, artifact: good, more }));
    expect(answer).toMatchObject({ status: 400, body: { code: 'validation-failed' } });
  });

  it('is refused when it has secret slots', async () => {
    const manifest = { ...plainManifest, secrets: { DATABASE_PASSWORD: 'db/password' } };
    const answer = await push(releaseForm({ manifest, artifact: good }));
    expect(answer).toMatchObject({ status: 422, body: { code: 'secrets-not-supported' } });
  });
});

describe('an artifact that is wrong', () => {
  const archives: [string, string, ArtifactEntry[]][] = [
    ['climbs out', 'archive-path-unsafe', [{ name: '../../etc/passwd', content: 'x' }]],
    ['is absolute', 'archive-path-unsafe', [{ name: '/etc/passwd', content: 'x' }]],
    ['has a backslash', 'archive-path-unsafe', [{ name: '..\\x', content: 'x' }]],
    ['has an absolute link', 'archive-link', [{ name: 'a', type: 'symlink', linkname: '/etc' }]],
    ['has a link that leaves', 'archive-link', [{ name: 'a', type: 'symlink', linkname: '../b' }]],
    ['has a hard link to nothing', 'archive-link', [{ name: 'a', type: 'link', linkname: 'b' }]],
    ['is too deep', 'archive-path-too-deep', [{ name: `${'d/'.repeat(64)}f` }]],
    ['has a device', 'archive-special-file', [{ name: 'a', type: 'character-device' }]],
    ['has a setuid bit', 'archive-setuid', [{ name: 'a', mode: 0o4755 }]],
    ['has a name in two cases', 'archive-name-collision', [{ name: 'a' }, { name: 'A' }]],
    ['is a bomb', 'archive-ratio', [{ name: 'a', content: Buffer.alloc(64 * 1024 * 1024) }]],
  ];
  it.each(archives)('is refused when it %s', async (_what, code, entries) => {
    const { bytes } = await buildArchive([{ name: 'good', content: 'x' }, ...entries]);
    const answer = await push(releaseForm({ artifact: bytes }));
    expect(answer).toMatchObject({ status: 422, body: { code } });
  });

  const raw: [string, string, () => Buffer[]][] = [
    [
      'has a sparse file',
      'archive-unsupported',
      () => [paxEntry({ 'GNU.sparse.major': '1' }), rawEntry({ name: 'GNUSparseFile.0/a' })],
    ],
    [
      'has a name in Latin-1',
      'archive-name-not-utf8',
      () => [rawEntry({ name: Buffer.from('caf\u00e9', 'latin1') })],
    ],
  ];
  it.each(raw)('is refused when it %s', async (_what, code, parts) => {
    const bytes = rawArchive(rawEntry({ name: 'good' }), ...parts());
    const answer = await push(releaseForm({ artifact: bytes }));
    expect(answer).toMatchObject({ status: 422, body: { code } });
  });

  const damaged: [string, () => Buffer][] = [
    ['is no gzip', () => randomBytes(5000)],
    ['is empty', () => Buffer.alloc(0)],
    ['is cut off', () => good.subarray(0, good.length - 9)],
    ['is gzip of no tar', () => gzipSync(randomBytes(3000))],
    ['has a flipped bit', () => flipped(good)],
    ['has something behind it', () => Buffer.concat([good, Buffer.from('more')])],
  ];
  it.each(damaged)('is refused when it %s', async (_what, bytes) => {
    const form = releaseForm();
    form.append('artifact', new Blob([bytes()]), 'artifact.tar.gz');
    expect(await push(form)).toMatchObject({ status: 422, body: { code: 'archive-damaged' } });
  });

  it('is refused when it is not the one that was announced, by part or by header', async () => {
    const wrong = `sha256:${'0'.repeat(64)}`;
    const more: [string, string][] = [['expectedArtifactDigest', wrong]];
    const byPart = await push(releaseForm({ artifact: good, more }));
    expect(byPart).toMatchObject({ status: 422, body: { code: 'digest-mismatch' } });
    const headers = { 'x-artifact-digest': wrong };
    const byHeader = await push(releaseForm({ artifact: good }), { headers });
    expect(byHeader).toMatchObject({ status: 422, body: { code: 'digest-mismatch' } });
    const bad = await push(releaseForm({ artifact: good }), {
      headers: { 'x-artifact-digest': 'x' },
    });
    expect(bad).toMatchObject({ status: 400, body: { code: 'validation-failed' } });
  });
});

describe('an artifact that is too large', () => {
  const large = async () => {
    const content = randomBytes(LIMIT_BYTES + 300_000);
    return (await buildArchive([{ name: 'noise', content }])).bytes;
  };

  it('is refused with 413 when its bytes pass the limit', async () => {
    const answer = await push(releaseForm({ artifact: await large() }));
    expect(answer).toMatchObject({
      status: 413,
      body: { code: 'artifact-too-large', details: { limitBytes: LIMIT_BYTES } },
    });
  });

  it('is refused before its first byte when the length says so', async () => {
    const { socket, answer } = await rawPush(url(), {
      tenantId: app.tenantId,
      announced: 100 * LIMIT_BYTES,
    });
    expect((await answer()).status).toBe(413);
    socket.destroy();
  });

  it('gets its answer while it is still being sent, without a length, and then no more room', async () => {
    const { socket, answer } = await rawPush(url(), {
      tenantId: app.tenantId,
      announced: 'chunked',
    });
    const chunk = (bytes: Buffer) =>
      Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
    const start = rawForm([{ head: file('artifact'), content: await large() }]);
    socket.write(chunk(start.subarray(0, start.length - 40)));
    const { status, text } = await answer();
    expect(status).toBe(413);
    expect(text).toContain('artifact-too-large');
    // It may send a little more, as one does whose answer is on its way; not for ever.
    const noise = chunk(Buffer.alloc(LIMIT_BYTES));
    for (let sent = 0; sent < 200 && !socket.destroyed; sent += 1) {
      if (!socket.write(noise)) await drainedOrClosed(socket);
    }
    expect(socket.destroyed).toBe(true);
  });
});

describe('an upload that ends too early', () => {
  const start = () =>
    rawForm([
      { head: field('version'), content: '1.0.0' },
      { head: file('artifact'), content: good },
      { head: field('manifest'), content: JSON.stringify(plainManifest) },
    ]);

  it('is refused when the form stops though the request is whole', async () => {
    const half = start().subarray(0, 260);
    const { socket, answer } = await rawPush(url(), {
      tenantId: app.tenantId,
      announced: half.length,
    });
    socket.write(half);
    const { status, text } = await answer();
    expect(status).toBe(400);
    expect(text).toContain('upload-incomplete');
    socket.destroy();
  });

  it('leaves nothing when the client goes away in the middle of the artifact', async () => {
    const whole = start();
    const { socket } = await rawPush(url(), {
      tenantId: app.tenantId,
      announced: whole.length,
    });
    socket.write(whole.subarray(0, 260));
    await eventually(async () => (await app.files()).length > 0);
    expect(await app.files()).toHaveLength(1);
    socket.destroy();
  });

  it('leaves nothing when the client goes away behind the artifact', async () => {
    const whole = start();
    const { socket } = await rawPush(url(), {
      tenantId: app.tenantId,
      announced: whole.length,
    });
    socket.write(whole.subarray(0, whole.length - 30));
    await eventually(async () => (await app.files()).length > 0);
    expect(await app.files()).toHaveLength(1);
    socket.destroy();
  });

  it('is cut off, and leaves nothing, when the client says nothing for too long', async () => {
    const intake = app.get(ReleaseIntake);
    const patience = intake.idleMs;
    intake.idleMs = 200;
    try {
      const whole = start();
      const { socket, answer } = await rawPush(url(), {
        tenantId: app.tenantId,
        announced: whole.length,
      });
      socket.write(whole.subarray(0, 260));
      await answer();
      expect(socket.closed).toBe(true);
    } finally {
      intake.idleMs = patience;
    }
  });

  it('lets the next one in on the same server', async () => {
    const { socket, answer } = await rawPush(url(), {
      tenantId: app.tenantId,
      announced: start().length,
    });
    socket.write(start().subarray(0, 100));
    socket.destroy();
    await answer();
    expect((await app.send('modules')).status).toBe(200);
  });
});

function flipped(bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes);
  changed[Math.floor(bytes.length / 2)]! ^= 0x40;
  return changed;
}

function drainedOrClosed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.on('drain', done).on('close', done);
    if (socket.destroyed) done();
  });
}
