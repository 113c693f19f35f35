import type { KeyObject } from 'node:crypto';
import type { Manifest } from '../../src/agent/protocol/manifest.js';
import { manifestSchema } from '../../src/agent/protocol/manifest.js';
import { digestOf } from '../../src/kernel/digest.js';
import { signRelease } from '../../src/kernel/signature.js';
import { type Artifact, buildArtifact } from './artifact.js';

export const plainManifest = { schema: 1, run: { command: 'node', args: ['server.js'] } };

export interface FormParts {
  version?: string | null;
  manifest?: unknown;
  artifact?: Buffer | null;
  /** Further parts, or other values for the ones above, in this order after them. */
  more?: [string, string | Buffer][];
}

/** A form as a client sends it; null leaves a part out. */
export function releaseForm(parts: FormParts = {}): FormData {
  const { version = '1.0.0', manifest = plainManifest, artifact = null, more = [] } = parts;
  const form = new FormData();
  if (version !== null) form.append('version', version);
  if (manifest !== null) {
    form.append('manifest', typeof manifest === 'string' ? manifest : JSON.stringify(manifest));
  }
  if (artifact) form.append('artifact', new Blob([artifact]), 'artifact.tar.gz');
  for (const [name, value] of more) {
    if (typeof value === 'string') form.append(name, value);
    else form.append(name, new Blob([value]), `${name}.bin`);
  }
  return form;
}

export function someArtifact(content = 'console.log(1)'): Promise<Artifact> {
  return buildArtifact({ files: { 'server.js': content, 'data/a.txt': 'a' } });
}

export function releaseDigestOf(artifact: Artifact, manifest: unknown = plainManifest): string {
  const parsed: Manifest = manifestSchema.parse(manifest);
  return digestOf('release', { artifactDigest: artifact.artifactDigest, manifest: parsed }).digest;
}

export function signatureOf(artifact: Artifact, privateKey: KeyObject): string {
  return signRelease(releaseDigestOf(artifact), privateKey);
}
