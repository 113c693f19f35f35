import { artifactKey } from '../../src/drivers/storage/object-store.js';
import { releaseForm, someArtifact } from '../support/release-form.js';
import { NOTHING, releasesApp, type ReleasesApp } from '../support/releases-app.js';

/** A transaction that fails at its very end, when the object has its own name already. */
let app: ReleasesApp;
beforeAll(async () => {
  app = await releasesApp();
  await app.sql(`create function refuse() returns trigger language plpgsql as
    $$ begin if new.version = 'refused' then raise exception 'refused at commit'; end if; return null; end $$`);
  await app.sql(`create constraint trigger refuse after insert on releases
    deferrable initially deferred for each row execute function refuse()`);
});
afterAll(() => app.close());

const push = (version: string, bytes: Buffer) =>
  app.send('modules/late/releases', {
    method: 'POST',
    body: releaseForm({ version, artifact: bytes }),
  });

it('leaves neither rows nor an object behind', async () => {
  const { bytes } = await someArtifact();
  const answer = await push('refused', bytes);
  expect(answer.status).toBe(500);
  expect(JSON.stringify(answer.body)).not.toContain('refused at commit');
  expect(await app.files()).toEqual([]);
  expect(await app.rows()).toEqual(NOTHING);
});

it('never takes away the object of another push of the same bytes', async () => {
  for (let round = 0; round < 8; round += 1) {
    const { bytes, artifactDigest } = await someArtifact(`round ${round}`);
    const [refused, kept, again] = await Promise.all([
      push('refused', bytes),
      push(`kept-${round}`, bytes),
      push('refused', bytes),
    ]);
    expect([refused.status, kept.status, again.status]).toEqual([500, 201, 500]);
    expect(await app.files()).toContain(artifactKey(app.tenantId, artifactDigest));
    const download = await app.send(`modules/late/releases/kept-${round}/artifact`);
    expect(bytes.equals(download.body)).toBe(true);
  }
});
