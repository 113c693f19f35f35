import { Context, type OpenContext } from '../../src/platform/context.js';
import { newId } from '../../src/kernel/ids.js';
import { newSigningKey, publicKeyText } from '../../src/kernel/signature.js';
import {
  configurationById,
  moduleByName,
  newestConfiguration,
} from '../../src/releases/releases.queries.js';
import { releaseForm, someArtifact } from '../support/release-form.js';
import { releasesApp, type ReleasesApp } from '../support/releases-app.js';

let app: ReleasesApp;
let stranger: string;
beforeAll(async () => {
  app = await releasesApp();
  stranger = await app.tenant();
});
afterAll(() => app.close());

const push = async (name: string, version: string, tenantId = app.tenantId) => {
  const { bytes } = await someArtifact(`${name} ${version}`);
  const body = releaseForm({ version, artifact: bytes });
  const answer = await app.send(`modules/${name}/releases`, { method: 'POST', body, tenantId });
  expect(answer.status).toBe(201);
  return answer.body;
};

describe('reading', () => {
  beforeAll(async () => {
    for (const version of ['1.0.0', '1.1.0', '1.2.0']) await push('reader', version);
    await push('other', '7');
  });

  it('lists modules with their newest release, newest module first', async () => {
    const { body } = await app.send('modules');
    expect(body.items.map((one: { name: string }) => one.name)).toEqual(['other', 'reader']);
    expect(body.items[1].newestRelease).toMatchObject({ version: '1.2.0' });
    expect((await app.send('modules/reader')).body).toEqual(body.items[1]);
  });

  it('pages through releases, each once', async () => {
    const seen: string[] = [];
    let path = 'modules/reader/releases?limit=2';
    for (;;) {
      const { status, body } = await app.send(path);
      expect(status).toBe(200);
      seen.push(...body.items.map((one: { version: string }) => one.version));
      if (body.nextCursor === null) break;
      path = `modules/reader/releases?limit=2&cursor=${body.nextCursor}`;
    }
    expect(seen).toEqual(['1.2.0', '1.1.0', '1.0.0']);
  });

  it('refuses a cursor that is not one, of another list, or of another shape', async () => {
    const { body } = await app.send('modules/reader/releases?limit=1');
    const forged = Buffer.from(
      JSON.stringify([JSON.parse(Buffer.from(body.nextCursor, 'base64url').toString())[0], 'x']),
    ).toString('base64url');
    const paths = [
      'modules/reader/releases?cursor=nonsense',
      `modules/reader/releases?cursor=${forged}`,
      `modules/other/releases?cursor=${body.nextCursor}`,
    ];
    for (const path of paths) {
      expect(await app.send(path)).toMatchObject({ status: 400, body: { code: 'cursor-invalid' } });
    }
    expect((await app.send('modules/reader/releases?limit=0')).status).toBe(400);
    expect((await app.send('modules/reader/releases?colour=red')).status).toBe(400);
  });

  it('says what is missing, and what cannot be a name', async () => {
    const cases: [string, number, string][] = [
      ['modules/nothing', 404, 'module-not-found'],
      ['modules/nothing/releases', 404, 'module-not-found'],
      ['modules/nothing/releases/1', 404, 'module-not-found'],
      ['modules/reader/releases/9.9', 404, 'release-not-found'],
      ['modules/reader/releases/9.9/artifact', 404, 'release-not-found'],
      ['modules/Reader', 400, 'validation-failed'],
      ['modules/reader/releases/%2e%2e%2f', 400, 'validation-failed'],
      ['modules/reader/releases/latest', 400, 'validation-failed'],
    ];
    for (const [path, status, code] of cases) {
      expect(await app.send(path)).toMatchObject({ status, body: { code } });
    }
  });

  it('publishes the schema of a manifest to everybody', async () => {
    const answer = await fetch(`${app.url}/schemas/manifest`);
    expect(answer.status).toBe(200);
    const schema = (await answer.json()) as Record<string, unknown>;
    expect(schema).toMatchObject({
      type: 'object',
      required: ['schema', 'run'],
      additionalProperties: false,
    });
  });
});

describe('another tenant', () => {
  it('sees nothing: every path answers as if there were none', async () => {
    await push('private', '1');
    const paths = [
      'modules/private',
      'modules/private/releases',
      'modules/private/releases/1',
      'modules/private/releases/1/artifact',
    ];
    for (const path of paths) {
      const foreign = await app.send(path, { tenantId: stranger });
      const absent = await app.send(path.replace('private', 'absent'), { tenantId: stranger });
      expect(foreign.status).toBe(404);
      expect(foreign.body.code).toBe(absent.body.code);
      expect(foreign.body.detail.replaceAll('private', 'absent')).toBe(absent.body.detail);
    }
    expect((await app.send('modules', { tenantId: stranger })).body.items).toEqual([]);
    expect((await app.send('signing-keys', { tenantId: stranger })).body.items).toEqual([]);
  });

  it('has a module and a release of the same name to itself', async () => {
    await push('private', '1', stranger);
    const [mine, theirs] = await Promise.all([
      app.send('modules/private/releases/1'),
      app.send('modules/private/releases/1', { tenantId: stranger }),
    ]);
    expect(mine.body.artifactDigest).toBe(theirs.body.artifactDigest);
    expect(mine.body.id).not.toBe(theirs.body.id);
    const hex = mine.body.artifactDigest.slice(7);
    expect((await app.files()).filter((path) => path.endsWith(hex))).toHaveLength(2);
  });

  it('can neither sign with a foreign key nor revoke it', async () => {
    const body = { name: 'mine', publicKey: publicKeyText(newSigningKey().publicKey) };
    const { id } = (await app.send('signing-keys', { method: 'POST', body })).body;
    const revoked = await app.send(`signing-keys/${id}`, { method: 'DELETE', tenantId: stranger });
    expect(revoked).toMatchObject({ status: 404, body: { code: 'signing-key-not-found' } });
    expect((await app.send('signing-keys')).body.items[0].revokedAt).toBeNull();
    const { bytes } = await someArtifact('foreign key');
    const more: [string, string][] = [
      ['signature', 'A'.repeat(86)],
      ['keyId', id],
    ];
    const pushed = await app.send('modules/thief/releases', {
      method: 'POST',
      tenantId: stranger,
      body: releaseForm({ artifact: bytes, more }),
    });
    expect(pushed).toMatchObject({ status: 422, body: { code: 'signing-key-unknown' } });
    expect((await app.send('modules/thief', { tenantId: stranger })).status).toBe(404);
  });
});

describe('signing keys', () => {
  const register = (body: unknown, options = {}) =>
    app.send('signing-keys', { method: 'POST', body, ...options });

  it('are registered once, by name and by key, as PEM or base64url', async () => {
    const { publicKey } = newSigningKey();
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const first = await register({ name: 'once', publicKey: pem });
    expect(first).toMatchObject({ status: 201, body: { publicKey: publicKeyText(publicKey) } });
    const taken = { status: 409, body: { code: 'signing-key-taken' } };
    const sameKey = { name: 'twice', publicKey: publicKeyText(publicKey) };
    expect(await register(sameKey)).toMatchObject(taken);
    const sameName = { name: 'once', publicKey: publicKeyText(newSigningKey().publicKey) };
    expect(await register(sameName)).toMatchObject(taken);
  });

  it('are given the stored answer when the request is repeated with its Idempotency-Key', async () => {
    const body = { name: 'idempotent', publicKey: publicKeyText(newSigningKey().publicKey) };
    const headers = { 'idempotency-key': newId() };
    const [first, second] = [await register(body, { headers }), await register(body, { headers })];
    expect(second.body).toEqual(first.body);
    const other = await register({ ...body, name: 'different' }, { headers });
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency-key-reused' } });
  });

  it('are refused when they are private, of another sort, or nonsense', async () => {
    const { privateKey } = newSigningKey();
    const secret = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    for (const publicKey of [secret, 'nonsense', 'A'.repeat(1000)]) {
      const answer = await register({ name: 'bad', publicKey });
      expect(answer).toMatchObject({ status: 422, body: { code: 'public-key-invalid' } });
      expect(JSON.stringify(answer.body)).not.toContain(secret.slice(40, 60));
    }
    const strange = [
      { name: 'Bad Name', publicKey: 'x' },
      { name: 'x' },
      { name: 'x', publicKey: 'y', z: 1 },
    ];
    for (const body of strange) expect((await register(body)).status).toBe(400);
  });

  it('are an Admin’s to register and revoke', async () => {
    const body = { name: 'x', publicKey: publicKeyText(newSigningKey().publicKey) };
    expect((await register(body, { role: 'Deployer' })).status).toBe(403);
    const path = `signing-keys/${newId()}`;
    expect((await app.send(path, { method: 'DELETE', role: 'Deployer' })).status).toBe(403);
    expect((await app.send(path, { method: 'DELETE' })).status).toBe(404);
    expect((await app.send('signing-keys/nonsense', { method: 'DELETE' })).status).toBe(400);
  });
});

describe('configurations', () => {
  let environmentId: string;
  beforeAll(async () => {
    environmentId = await app.environment(app.tenantId, 'Production');
    await push('configured', '1');
  });
  const path = 'modules/configured/configurations/production';
  const append = (values: unknown, options = {}) =>
    app.send(path, { method: 'POST', body: { values }, ...options });
  const asSystem = <T>(work: (open: OpenContext) => Promise<T>) =>
    app.db.transaction(Context.system(app.tenantId, 'test'), work);

  it('are answered again by their key, and their values lie in no second place', async () => {
    await app.environment(app.tenantId, 'Elsewhere');
    const request = {
      method: 'POST',
      body: { values: { SECRETISH: 'canary-of-a-value' } },
      headers: { 'idempotency-key': 'twice' },
    };
    const first = await app.send('modules/configured/configurations/elsewhere', request);
    const again = await app.send('modules/configured/configurations/elsewhere', request);
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.body).toEqual(first.body);
    const kept = await app.sql<{ body: string }>(
      'select body::text from idempotency_keys where tenant_id = $1',
      [app.tenantId],
    );
    expect(kept.map(({ body }) => body).join()).toContain(first.body.id);
    expect(kept.map(({ body }) => body).join()).not.toContain('canary-of-a-value');
  });

  it('are numbered, newest first, and never change', async () => {
    expect((await app.send(path)).body).toEqual({ items: [], nextCursor: null });
    const first = await append({ LOG: 'info' });
    const second = await append({ LOG: 'warn', EMPTY: '' });
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body).toMatchObject({ number: 2, environment: 'Production' });
    const { body } = await app.send('modules/configured/configurations/PRODUCTION');
    expect(body.items).toEqual([second.body, first.body]);
    const facts = await asSystem(async (open) => {
      const { id } = await moduleByName(open, 'configured');
      const newest = await newestConfiguration(open, id, environmentId);
      expect(await configurationById(open, newest!.id)).toEqual(newest);
      expect(await newestConfiguration(open, id, newId())).toBeNull();
      return newest;
    });
    expect(facts).toEqual({
      id: second.body.id,
      number: 2,
      configurationDigest: second.body.configurationDigest,
      body: { LOG: 'warn', EMPTY: '' },
    });
  });

  it('get no new number when nothing changes, whatever the order of their names', async () => {
    const first = await append({ A: '1', B: '2' });
    const second = await append({ B: '2', A: '1' });
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.body).toEqual(first.body);
  });

  it('get a number each when many are made at once', async () => {
    const before = (await app.send(path)).body.items[0].number as number;
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, index) => append({ ROUND: String(index) })),
    );
    const numbers = answers.map(({ body }) => body.number as number).sort((a, b) => a - b);
    expect(numbers).toEqual([1, 2, 3, 4, 5, 6].map((one) => before + one));
  });

  it('are refused with bad names and values, and for what is not there', async () => {
    const bad = [
      { 'A-B': 'x' },
      { A: 1 },
      { A: null },
      { A: 'a\u0000' },
      [],
      'x',
      { A: 'x'.repeat(4097) },
    ];
    for (const values of bad) expect((await append(values)).status).toBe(400);
    const many = Object.fromEntries(Array.from({ length: 201 }, (_, index) => [`A${index}`, 'x']));
    expect((await append(many)).status).toBe(400);
    const body = { values: {} };
    const nowhere = await app.send('modules/configured/configurations/nowhere', {
      method: 'POST',
      body,
    });
    expect(nowhere).toMatchObject({ status: 404, body: { code: 'environment-not-found' } });
    const nothing = await app.send('modules/nothing/configurations/production', {
      method: 'POST',
      body,
    });
    expect(nothing).toMatchObject({ status: 404, body: { code: 'module-not-found' } });
    expect((await append({}, { role: 'Viewer' })).status).toBe(403);
    expect((await append({}, { tenantId: stranger })).status).toBe(404);
  });
});
