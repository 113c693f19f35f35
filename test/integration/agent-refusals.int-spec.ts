import { jest } from '@jest/globals';
import { newSigningKey, publicKeyText, signRelease } from '../../src/kernel/signature.js';
import type { DesiredRelease, DesiredStatement } from '../../src/agent/protocol/protocol.js';
import { type ArtifactEntry, buildArchive } from '../support/artifact.js';
import { AgentRig, eventually } from '../support/agent-rig.js';
import { digestOf } from '../../src/kernel/digest.js';

jest.setTimeout(60_000);

let rig: AgentRig;
beforeEach(async () => {
  rig = await AgentRig.create();
});
afterEach(() => rig.dispose());

async function running(): Promise<DesiredRelease> {
  rig.run();
  const release = await rig.server('1.0.0');
  rig.desire(1, [release]);
  await rig.until(1, 'healthy');
  return release;
}

const refusedWith = (code: string) =>
  rig.plane.untilObserved(rig.moduleId, (one) => one.reason?.code === code);

it('believes no statement that is forged, replayed or meant for somebody else', async () => {
  await running();
  const stranger = newSigningKey();
  // Every other lie is told to verify-statement.spec.ts; these show that the loop listens to it.
  const lies: ((statement: DesiredStatement) => object)[] = [
    (statement) => ({ ...statement, nodeId: rig.moduleId }),
    (statement) => ({ ...statement, nonce: 'x'.repeat(22) }),
  ];
  const words = ['another node', 'nonce'];
  for (const [index, lie] of lies.entries()) {
    rig.log = '';
    rig.plane.tamper = lie;
    rig.desire(2 + index, [await rig.server('6.6.6')]);
    await eventually(`it refuses: ${words[index]}`, () => rig.log.includes(words[index]!));
  }
  rig.log = '';
  rig.plane.tamper = undefined;
  rig.plane.signingKey = stranger.privateKey;
  rig.desire(9, [await rig.server('6.6.6')]);
  await eventually('it refuses the signature', () => rig.log.includes('signature'));
  expect(rig.plane.observed(rig.moduleId)).toMatchObject({ generation: 1, state: 'healthy' });
  expect(rig.starts('6.6.6')).toBe(0);
  expect(await rig.get()).toBe('1.0.0');
  rig.plane.signingKey = rig.plane.keys.privateKey;
  rig.desire(10, [await rig.server('2.0.0')]);
  await rig.until(10, 'healthy');
});

it('refuses lower and rewritten generations, reports it, and heals with the next higher', async () => {
  const first = await running();
  const second = await rig.server('2.0.0');
  rig.desire(5, [second]);
  await rig.until(5, 'healthy');
  rig.desire(4, [first]);
  const lower = await refusedWith('generation-lower');
  expect(lower).toMatchObject({ generation: 5, state: 'refused' });
  rig.desire(5, [first]);
  const conflict = await refusedWith('generation-conflict');
  expect(conflict).toMatchObject({ generation: 5, state: 'refused' });
  expect(rig.log).toContain('"level":"error"');
  expect(await rig.get()).toBe('2.0.0');
  expect(rig.starts('1.0.0')).toBe(1);
  rig.desire(6, [first]);
  await rig.until(6, 'healthy');
  expect(await rig.get()).toBe('1.0.0');
});

it('refuses a module with an unknown field and still serves the others', async () => {
  await running();
  const odd = { ...rig.plane.modules[0]!, generation: 2, sidecars: [] };
  rig.plane.desire(odd);
  await refusedWith('unknown-field');
  expect(rig.plane.observed(rig.moduleId)).toMatchObject({ generation: 2, state: 'refused' });
  expect(await rig.get()).toBe('1.0.0');
});

it('refuses secrets, the unsigned where signatures are required, and wrong signatures', async () => {
  await running();
  rig.desire(2, [await rig.server('2.0.0', { secrets: { PASSWORD: 'db/password' } })]);
  await refusedWith('secrets-not-supported');
  rig.desire(3, [await rig.server('3.0.0')], { signatureRequired: true });
  await refusedWith('signature-missing');
  const key = newSigningKey();
  const four = await rig.server('4.0.0');
  const publicKey = publicKeyText(key.publicKey);
  const wrong = signRelease(`sha256:${'0'.repeat(64)}`, key.privateKey);
  rig.desire(4, [{ ...four, signature: { keyId: 'k', publicKey, value: wrong } }]);
  await refusedWith('signature-invalid');
  expect(await rig.get()).toBe('1.0.0');
  const value = signRelease(four.releaseDigest, key.privateKey);
  rig.desire(5, [{ ...four, signature: { keyId: 'k', publicKey, value } }], {
    signatureRequired: true,
  });
  await rig.until(5, 'healthy');
  expect(await rig.get()).toBe('4.0.0');
});

it('with a trusted key accepts that key only, whatever the server says', async () => {
  const [trusted, other] = [newSigningKey(), newSigningKey()];
  const release = await rig.server('1.0.0');
  const signedBy = ({ publicKey, privateKey }: typeof trusted) => {
    const value = signRelease(release.releaseDigest, privateKey);
    return { ...release, signature: { keyId: 'k', publicKey: publicKeyText(publicKey), value } };
  };
  rig.run(['--trusted-key', publicKeyText(trusted.publicKey)]);
  rig.desire(1, [signedBy(other)]);
  await refusedWith('signature-not-trusted');
  rig.desire(2, [signedBy(trusted)]);
  await rig.until(2, 'healthy');
});

it('refuses wrong bytes, goes on after a broken download, and unpacks nothing hostile', async () => {
  await running();
  rig.plane.onArtifact = (response, bytes) => {
    response.end(Buffer.alloc(bytes.length, 7));
    return true;
  };
  rig.desire(2, [await rig.server('2.0.0')]);
  const refused = await refusedWith('artifact-digest-mismatch');
  expect(refused.state).toBe('refused');
  let downloads = 0;
  rig.plane.onArtifact = (response, bytes) => {
    downloads += 1;
    if (downloads > 2) return false;
    response.writeHead(200, { 'content-length': bytes.length });
    response.write(bytes.subarray(0, 40), () => response.destroy());
    return true;
  };
  rig.desire(3, [await rig.server('3.0.0')]);
  await rig.until(3, 'healthy');
  expect(downloads).toBe(3);
  const { manifestText } = await rig.server('4.0.0');
  const manifest: unknown = JSON.parse(manifestText);
  const link = (name: string, linkname: string): ArtifactEntry => ({
    name,
    type: 'symlink',
    linkname,
  });
  const evil: [string, ArtifactEntry[]][] = [
    ['archive-path-unsafe', [{ name: '../../escaped', content: 'x' }]],
    ['archive-link', [link('up', '../../..'), { name: 'good', content: 'x' }]],
    ['archive-name-collision', [link('up', '.'), { name: 'up/escaped', content: 'x' }]],
  ];
  for (const [index, [code, entries]] of evil.entries()) {
    const { artifactDigest, bytes } = await buildArchive(entries);
    rig.plane.artifacts.set(artifactDigest, bytes);
    const releaseDigest = digestOf('release', { artifactDigest, manifest }).digest;
    const hostile = { ...(await rig.server('4.0.0')), artifactDigest, releaseDigest };
    rig.desire(4 + index, [{ ...hostile, artifactBytes: bytes.length }]);
    await refusedWith(code);
  }
  expect(await rig.get()).toBe('3.0.0');
});

it('is let in by a server whose clock differs, and told so when its token is no good', async () => {
  rig.plane.clockOffsetMs = 3_600_000;
  await running();
  const { url } = rig.plane;
  const elsewhere = ['--dir', `${rig.home}/other`, '--name', 'node-2', '--server', url];
  const refused = await rig.once([...elsewhere, '--token', 'guessed']);
  expect(refused.code).toBe(3);
  expect(refused.stderr).toMatch(/refused to enrol "node-2"/);
  expect(refused.stderr).not.toContain('guessed');
  expect((await rig.once(elsewhere)).code).toBe(2);
  const renamed = ['--dir', rig.directory, '--name', 'node-3', '--server', url];
  await rig.end('SIGTERM');
  expect((await rig.once(renamed)).code).toBe(5);
});
