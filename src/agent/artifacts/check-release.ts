import type { KeyObject } from 'node:crypto';
import { digestOf } from '../../kernel/digest.js';
import { DomainError, messageOf } from '../../kernel/errors.js';
import { limits } from '../../kernel/limits.js';
import { publicKeyText, readPublicKey, verifyRelease } from '../../kernel/signature.js';
import { printable } from '../../kernel/text.js';
import { type Manifest, manifestSchema } from '../protocol/manifest.js';
import type { DesiredRelease } from '../protocol/protocol.js';

export interface ReleasePolicy {
  readonly signatureRequired: boolean;
  /** Not empty: only these keys count, and every release must be signed. */
  readonly trustedKeys: readonly KeyObject[];
}

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

/**
 * Everything about a release that can be checked before its bytes are here. Throws DomainError
 * (kind unprocessable): the generation is refused, nothing is started.
 */
export function checkRelease(release: DesiredRelease, policy: ReleasePolicy): Manifest {
  const manifest = readManifest(release);
  if (Object.keys(manifest.secrets).length > 0) {
    throw refuse(
      'secrets-not-supported',
      'its manifest asks for secrets, which this agent cannot fetch yet; remove the secret slots',
    );
  }
  if (release.artifactBytes > limits.artifactBytes) {
    throw refuse('artifact-too-large', `its artifact is over ${limits.artifactBytes} bytes`);
  }
  checkSignature(release, policy);
  for (const [name, value] of Object.entries(release.configuration)) {
    if (VARIABLE.test(name) && !value.includes('\u0000')) continue;
    throw refuse('configuration-invalid', `"${printable(name.slice(0, 128))}" cannot be set`);
  }
  return manifest;
}

function readManifest(release: DesiredRelease): Manifest {
  if (Buffer.byteLength(release.manifestText) > limits.manifestBytes) {
    throw refuse('manifest-invalid', `its manifest is over ${limits.manifestBytes} bytes`);
  }
  let manifest: unknown;
  let digest: string;
  try {
    manifest = JSON.parse(release.manifestText);
    ({ digest } = digestOf('release', { artifactDigest: release.artifactDigest, manifest }));
  } catch (error) {
    throw refuse('manifest-invalid', `its manifest cannot be read (${messageOf(error)})`);
  }
  if (digest !== release.releaseDigest) {
    throw refuse('release-digest-mismatch', 'its digest does not cover this manifest and artifact');
  }
  const read = manifestSchema.safeParse(manifest);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  const where = issue?.path.join('.') ?? '';
  throw refuse('manifest-invalid', printable(`its manifest: ${where} ${issue?.message ?? ''}`));
}

function checkSignature(release: DesiredRelease, policy: ReleasePolicy): void {
  const { signature } = release;
  if (!signature) {
    if (!policy.signatureRequired && policy.trustedKeys.length === 0) return;
    throw refuse('signature-missing', 'it is not signed; push it with a registered key');
  }
  let key: KeyObject;
  try {
    key = readPublicKey(signature.publicKey);
  } catch {
    throw refuse('signature-invalid', 'its signature names no readable key');
  }
  if (!verifyRelease(release.releaseDigest, signature.value, key)) {
    throw refuse('signature-invalid', 'its signature is wrong');
  }
  if (policy.trustedKeys.length === 0) return;
  const text = publicKeyText(key);
  if (!policy.trustedKeys.some((trusted) => publicKeyText(trusted) === text)) {
    throw refuse(
      'signature-not-trusted',
      'it is signed, but not by a key given with --trusted-key',
    );
  }
}

function refuse(code: string, what: string): DomainError {
  return new DomainError('unprocessable', code, `The release is refused: ${what}.`);
}
