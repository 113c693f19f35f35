import { digestOf } from '../../kernel/digest.js';
import { newSigningKey, publicKeyText, signRelease } from '../../kernel/signature.js';
import type { DesiredRelease } from '../protocol/protocol.js';
import { checkRelease, type ReleasePolicy } from './check-release.js';

const key = newSigningKey();
const stranger = newSigningKey();
const lax: ReleasePolicy = { signatureRequired: false, trustedKeys: [] };
const artifactDigest = `sha256:${'b'.repeat(64)}`;

function release(
  manifest: Record<string, unknown> = {},
  change: Partial<DesiredRelease> = {},
): DesiredRelease {
  const whole = { schema: 1, run: { command: 'node' }, ...manifest };
  return {
    releaseId: 'r',
    version: '1',
    releaseDigest: digestOf('release', { artifactDigest, manifest: whole }).digest,
    artifactDigest,
    artifactBytes: 10,
    manifestText: JSON.stringify(whole),
    configurationId: null,
    configuration: {},
    signature: null,
    trafficPercent: 100,
    ...change,
  };
}

function signed(by = key, of = release()): DesiredRelease {
  const value = signRelease(of.releaseDigest, by.privateKey);
  return { ...of, signature: { keyId: 'k', publicKey: publicKeyText(by.publicKey), value } };
}

const check =
  (one: DesiredRelease, policy = lax) =>
  () =>
    checkRelease(one, policy);
const code = (text: string) => expect.objectContaining({ code: text, kind: 'unprocessable' });

it('accepts what is whole and fills in the defaults', () => {
  expect(checkRelease(release(), lax).drainMs).toBe(5000);
});

it('refuses a manifest or artifact that the digest does not cover', () => {
  const other = { artifactDigest: `sha256:${'c'.repeat(64)}` };
  expect(check(release({}, other))).toThrow(code('release-digest-mismatch'));
  const text = '{"run":{"command":"sh"},"schema":1}';
  expect(check(release({}, { manifestText: text }))).toThrow(code('release-digest-mismatch'));
});

it('refuses a manifest with an unknown field, with secrets, or that is none', () => {
  expect(check(release({ privileged: true }))).toThrow(code('manifest-invalid'));
  expect(check(release({ schema: 2 }))).toThrow(code('manifest-invalid'));
  expect(check(release({ secrets: { TOKEN: 'a/b' } }))).toThrow(code('secrets-not-supported'));
  for (const manifestText of ['', 'null', '{"a":1.5}', 'x'.repeat(70_000)]) {
    expect(check(release({}, { manifestText }))).toThrow();
  }
});

it('refuses the unsigned only where signatures are required or keys are pinned', () => {
  const missing = code('signature-missing');
  expect(check(release(), { ...lax, signatureRequired: true })).toThrow(missing);
  expect(check(release(), { ...lax, trustedKeys: [key.publicKey] })).toThrow(missing);
  expect(check(signed(), { signatureRequired: true, trustedKeys: [key.publicKey] })).not.toThrow();
});

it('refuses a wrong signature even where none is required', () => {
  const value = signRelease(release({ drainMs: 1 }).releaseDigest, key.privateKey);
  const wrong = { ...signed(), signature: { ...signed().signature!, value } };
  expect(check(wrong)).toThrow(code('signature-invalid'));
  const noKey = { ...signed(), signature: { ...signed().signature!, publicKey: 'x' } };
  expect(check(noKey)).toThrow(code('signature-invalid'));
  const short = { ...signed(), signature: { ...signed().signature!, value: 'AAAA' } };
  expect(check(short)).toThrow(code('signature-invalid'));
});

it('counts only the keys given to the node, whatever the server vouches for', () => {
  const policy = { ...lax, trustedKeys: [key.publicKey] };
  expect(check(signed(stranger), policy)).toThrow(code('signature-not-trusted'));
  expect(check(signed(stranger), lax)).not.toThrow();
});

it('refuses configuration that cannot be an environment', () => {
  const bad: Record<string, string>[] = [{ 'a b': '1' }, { '': '1' }, { A: 'x\u0000y' }];
  for (const configuration of bad) {
    expect(check(release({}, { configuration }))).toThrow(code('configuration-invalid'));
  }
});
