import type { KeyObject } from 'node:crypto';
import type { Agent } from 'node:http';
import type { components } from './schema.js';
import { digestOfFile, releaseDigest, signReleaseDigest } from './release-digest.js';
import { AnswerError, retryAfterMs, withRetries } from './retry.js';
import type { Credentials } from './session.js';
import { errorFromText } from './tidegate-error.js';
import { withRenewal } from './transport.js';
import { upload } from './upload.js';

export type Release = components['schemas']['Release'];

export interface ReleasePush {
  readonly moduleName: string;
  readonly version: string;
  readonly manifest: unknown;
  /** Path of a .tar.gz. */
  readonly artifactFile: string;
  readonly sign?: { readonly privateKey: KeyObject; readonly keyName: string } | undefined;
  readonly onProgress?: ((sentBytes: number, totalBytes: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface PushedRelease {
  readonly release: Release;
  /** False: the same release was there already. */
  readonly isNew: boolean;
}

/** Repeatable as a whole: the same content under the same version gives the release that is there. */
export async function pushRelease(
  server: {
    readonly baseUrl: string;
    readonly credentials: Credentials;
    readonly uploadAgent?: Agent | undefined;
  },
  push: ReleasePush,
): Promise<PushedRelease> {
  const { moduleName, version, manifest, artifactFile, sign, onProgress, signal } = push;
  const artifactDigest = await digestOfFile(artifactFile);
  const signature =
    sign && signReleaseDigest(releaseDigest(manifest, artifactDigest), sign.privateKey);
  const fields = {
    version,
    manifest: JSON.stringify(manifest),
    expectedArtifactDigest: artifactDigest,
    signature,
    keyName: sign?.keyName,
  };
  const url = `${server.baseUrl}/api/v1/modules/${encodeURIComponent(moduleName)}/releases`;
  const file = { part: 'artifact', path: artifactFile };
  return withRetries({ isRepeatable: true, signal }, async () => {
    const answer = await withRenewal(server.credentials, (token) =>
      upload({ url, token, fields, file, onProgress, signal, agent: server.uploadAgent }),
    );
    if (answer.status === 200 || answer.status === 201) {
      return { release: JSON.parse(answer.text) as Release, isNew: answer.status === 201 };
    }
    throw new AnswerError(
      errorFromText(answer.status, answer.text),
      retryAfterMs(answer.retryAfter),
    );
  });
}
