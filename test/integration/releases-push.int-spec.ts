import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newSigningKey, publicKeyText } from '../../src/kernel/signature.js';
import { ArtifactsService } from '../../src/releases/artifacts/artifacts.service.js';
import { Context } from '../../src/platform/context.js';
import { artifactKey } from '../../src/drivers/storage/object-store.js';
import {
  releaseByVersion,
  moduleByName,
  releaseById,
} from '../../src/releases/releases.queries.js';
import {
  releaseDigestOf,
  releaseForm,
  signatureOf,
  someArtifact,
} from '../support/release-form.js';
import { releasesApp, type ReleasesApp } from '../support/releases-app.js';

let app: ReleasesApp;
beforeAll(async () => (app = await releasesApp()));
afterAll(() => app.close());

const push = (name: string, form: FormData, options = {}) =>
  app.send(`modules/${name}/releases`, { method: 'POST', body: form, ...options });

it('makes a module with its first release, and gives back exactly what was pushed', async () => {
  const artifact = await someArtifact();
  const answer = await push('first', releaseForm({ artifact: artifact.bytes }));
  expect(answer.status).toBe(201);
  expect(answer.body).toMatchObject({
    moduleName: 'first',
    version: '1.0.0',
    artifactDigest: artifact.artifactDigest,
    releaseDigest: releaseDigestOf(artifact),
    artifactBytes: artifact.bytes.length,
    signature: null,
    createdBy: 'tester',
    manifest: { drainMs: 5000, run: { command: 'node', args: ['server.js'], env: {} } },
  });
  expect(await app.files()).toContain(artifactKey(app.tenantId, artifact.artifactDigest));
  expect((await app.files()).filter((file) => file.startsWith('tmp'))).toEqual([]);

  const read = await app.send('modules/first/releases/1.0.0');
  expect(read.body).toEqual(answer.body);
  const download = await app.send('modules/first/releases/1.0.0/artifact');
  expect(download.status).toBe(200);
  expect(download.headers.get('x-artifact-digest')).toBe(artifact.artifactDigest);
  expect(download.headers.get('content-length')).toBe(String(artifact.bytes.length));
  expect(artifact.bytes.equals(download.body)).toBe(true);
  const [audited] = await app.sql<{ action: string; actor: string }>(
    `select action, actor from audit_entries where subject_id = $1`,
    [answer.body.id],
  );
  expect(audited).toEqual({ action: 'release-pushed', actor: 'tester' });
});

it('takes the parts in any order, and a manifest that is sent as a file', async () => {
  const artifact = await someArtifact('any order');
  const form = releaseForm({
    version: null,
    manifest: null,
    artifact: artifact.bytes,
    more: [
      ['expectedArtifactDigest', artifact.artifactDigest],
      ['manifest', Buffer.from('{"schema":1,"run":{"command":"node","args":["server.js"]}}')],
      ['version', '0.1.0-rc.1+build_7'],
    ],
  });
  const answer = await push('any-order', form);
  expect(answer.status).toBe(201);
  const path = `modules/any-order/releases/${encodeURIComponent('0.1.0-rc.1+build_7')}`;
  expect((await app.send(path)).body).toEqual(answer.body);
});

it('answers 200 with the same release when the same content is pushed again', async () => {
  const artifact = await someArtifact('again');
  const first = await push('again', releaseForm({ artifact: artifact.bytes }));
  const before = await app.rows();
  const second = await push('again', releaseForm({ artifact: artifact.bytes }));
  expect([first.status, second.status]).toEqual([201, 200]);
  expect(second.body).toEqual(first.body);
  expect(await app.rows()).toEqual(before);
  expect((await app.files()).filter((file) => file.startsWith('tmp'))).toEqual([]);
});

it('refuses other content under a version that is taken, and keeps nothing of it', async () => {
  const artifact = await someArtifact('taken');
  await push('taken', releaseForm({ artifact: artifact.bytes }));
  const [rows, files] = [await app.rows(), await app.files()];
  const other = await someArtifact('other bytes');
  const bytes = await push('taken', releaseForm({ artifact: other.bytes }));
  expect(bytes).toMatchObject({ status: 409, body: { code: 'release-version-taken' } });
  const manifest = { schema: 1, run: { command: 'bash' } };
  const changed = await push('taken', releaseForm({ artifact: artifact.bytes, manifest }));
  expect(changed).toMatchObject({ status: 409, body: { code: 'release-version-taken' } });
  expect([await app.rows(), await app.files()]).toEqual([rows, files]);
});

it('lets one of two parallel pushes of a version win, whatever they hold', async () => {
  for (let round = 0; round < 5; round += 1) {
    const name = `race-${round}`;
    const [a, b] = [await someArtifact(`a${round}`), await someArtifact(`b${round}`)];
    const answers = await Promise.all([
      push(name, releaseForm({ artifact: a.bytes })),
      push(name, releaseForm({ artifact: b.bytes })),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    const winner = answers[0].status === 201 ? a : b;
    const loser = winner === a ? b : a;
    const read = await app.send(`modules/${name}/releases/1.0.0`);
    expect(read.body.artifactDigest).toBe(winner.artifactDigest);
    const files = await app.files();
    expect(files).toContain(artifactKey(app.tenantId, winner.artifactDigest));
    expect(files).not.toContain(artifactKey(app.tenantId, loser.artifactDigest));
  }
});

it('makes one release of many parallel pushes of the same content', async () => {
  const artifact = await someArtifact('crowd');
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => push('crowd', releaseForm({ artifact: artifact.bytes }))),
  );
  const statuses = answers.map(({ status }) => status).sort();
  expect(statuses).toEqual([200, 200, 200, 200, 200, 200, 200, 201]);
  expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
  const download = await app.send('modules/crowd/releases/1.0.0/artifact');
  expect(artifact.bytes.equals(download.body)).toBe(true);
});

describe('signed releases', () => {
  const { publicKey, privateKey } = newSigningKey();
  let keyId: string;
  beforeAll(async () => {
    const body = { name: 'ci', publicKey: publicKeyText(publicKey) };
    const answer = await app.send('signing-keys', { method: 'POST', body });
    expect(answer.status).toBe(201);
    keyId = answer.body.id;
  });

  const signed = async (content: string, key: [string, string], version = '1.0.0') => {
    const artifact = await someArtifact(content);
    const signature = signatureOf(artifact, privateKey);
    const more: [string, string][] = [['signature', signature], key];
    return push('signed', releaseForm({ version, artifact: artifact.bytes, more }));
  };

  it('keeps a valid signature, with the key by its id or its name', async () => {
    const byName = await signed('one', ['keyName', 'ci']);
    expect(byName).toMatchObject({ status: 201, body: { signature: { keyId, keyName: 'ci' } } });
    expect((await signed('one', ['keyId', keyId])).status).toBe(200);
    const facts = await app.db.transaction(Context.system(app.tenantId, 'test'), async (open) => {
      const { id } = await moduleByName(open, 'signed');
      const found = await releaseByVersion(open, id, '1.0.0');
      const { artifactVerifiedAgeMs: _, ...same } = found;
      expect(await releaseById(open, found.id)).toMatchObject(same);
      return found;
    });
    expect(facts.signature).toMatchObject({ keyId, revoked: false });
    expect(facts.artifactBytes).toBe(byName.body.artifactBytes);
    expect(facts.manifest).toEqual(byName.body.manifest);
  });

  it('refuses a wrong signature, an unknown key and one without the other', async () => {
    const [rows, files] = [await app.rows(), await app.files()];
    const artifact = await someArtifact('two');
    const right = signatureOf(artifact, privateKey);
    const wrong = signatureOf(artifact, newSigningKey().privateKey);
    const attempt = async (...more: [string, string][]) => {
      const answer = await push(
        'signed',
        releaseForm({ version: '2', artifact: artifact.bytes, more }),
      );
      return [answer.status, answer.body.code];
    };
    const invalid = [400, 'validation-failed'];
    expect(await attempt(['signature', wrong], ['keyId', keyId])).toEqual([
      422,
      'signature-invalid',
    ]);
    expect(await attempt(['signature', right], ['keyName', 'nobody'])).toEqual([
      422,
      'signing-key-unknown',
    ]);
    expect(await attempt(['signature', right])).toEqual(invalid);
    expect(await attempt(['keyId', keyId])).toEqual(invalid);
    expect(await attempt(['signature', right], ['keyId', keyId], ['keyName', 'ci'])).toEqual(
      invalid,
    );
    expect(await attempt(['signature', 'short'], ['keyId', keyId])).toEqual(invalid);
    expect([await app.rows(), await app.files()]).toEqual([rows, files]);
  });

  it('does not silently drop a signature for a release that exists unsigned', async () => {
    const artifact = await someArtifact('unsigned first');
    await push('signed', releaseForm({ version: '3', artifact: artifact.bytes }));
    const answer = await signed('unsigned first', ['keyId', keyId], '3');
    expect(answer).toMatchObject({ status: 409, body: { code: 'release-version-taken' } });
  });

  it('takes no new release from a revoked key, and shows old ones as signed by one', async () => {
    expect((await app.send(`signing-keys/${keyId}`, { method: 'DELETE' })).status).toBe(204);
    expect((await app.send(`signing-keys/${keyId}`, { method: 'DELETE' })).status).toBe(204);
    const answer = await signed('four', ['keyId', keyId], '4');
    expect(answer).toMatchObject({ status: 422, body: { code: 'signing-key-unknown' } });
    const old = await app.send('modules/signed/releases/1.0.0');
    expect(old.body.signature).toEqual({ keyId, keyName: 'ci', isRevoked: true });
  });
});

describe('the bytes in the store', () => {
  const verify = (
    artifactDigest: string,
    options = {},
    artifactVerifiedAgeMs: number | null = null,
  ) =>
    app
      .get(ArtifactsService)
      .verify(
        Context.system(app.tenantId, 'test'),
        { artifactDigest, artifactVerifiedAgeMs },
        options,
      );

  it('are read again by verify, which finds every change, and repaired by pushing again', async () => {
    const artifact = await someArtifact('to be damaged');
    await push('verified', releaseForm({ artifact: artifact.bytes }));
    await expect(verify(artifact.artifactDigest)).resolves.toBeUndefined();
    const file = join(app.storeFolder, artifactKey(app.tenantId, artifact.artifactDigest));

    await rm(file);
    await expect(verify(artifact.artifactDigest)).rejects.toMatchObject({
      name: 'TerminalError',
      code: 'artifact-missing',
    });
    const download = await app.send('modules/verified/releases/1.0.0/artifact');
    expect(download).toMatchObject({ status: 503, body: { code: 'artifact-missing' } });

    await writeFile(file, 'damaged');
    await expect(verify(artifact.artifactDigest)).rejects.toMatchObject({
      name: 'TerminalError',
      code: 'artifact-corrupt',
    });
    const recent = { maxAgeMs: 60_000 };
    await expect(verify(artifact.artifactDigest, recent, 59_000)).resolves.toBeUndefined();
    await expect(verify(artifact.artifactDigest, recent, 61_000)).rejects.toThrow('damaged');

    expect((await push('verified', releaseForm({ artifact: artifact.bytes }))).status).toBe(200);
    await expect(verify(artifact.artifactDigest)).resolves.toBeUndefined();
  });

  it('are missing for a digest that nobody pushed', async () => {
    await expect(verify(`sha256:${'0'.repeat(64)}`)).rejects.toMatchObject({
      code: 'artifact-missing',
    });
  });
});
