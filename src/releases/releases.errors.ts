import { errorEntry } from '../kernel/error-entry.js';
import type { ErrorDetails } from '../kernel/errors.js';

interface SignedRelease extends ErrorDetails {
  readonly releaseDigest: string;
  readonly keyId: string;
}

/** What the routes of releases, signing keys and configurations answer beside the platform's own. */

export const moduleNotFound = errorEntry({
  code: 'module-not-found',
  kind: 'not-found',
  meaning: 'There is no module of this name. Its first release makes it.',
  tell: (name: string) => `There is no module "${name}". Push a release to create it.`,
});

export const releaseNotFound = errorEntry({
  code: 'release-not-found',
  kind: 'not-found',
  meaning: 'The module has no release of this version. Push it, or choose another.',
  tell: (version?: string, module?: string) => {
    if (version === undefined) return 'There is no such release.';
    const which = module === undefined ? 'The module' : `The module "${module}"`;
    return `${which} has no release "${version}". Push it, or choose one of its releases.`;
  },
});

export const configurationNotFound = errorEntry({
  code: 'configuration-not-found',
  kind: 'not-found',
  meaning: 'There is no such configuration.',
});

export const signingKeyNotFound = errorEntry({
  code: 'signing-key-not-found',
  kind: 'not-found',
  meaning: 'There is no such signing key.',
});

export const releaseVersionTaken = errorEntry({
  code: 'release-version-taken',
  kind: 'conflict',
  meaning:
    'The version exists with other content or another signature, and releases never change. Choose a new version.',
  tell: (why: string, details: { id: string; version: string; releaseDigest: string }) => ({
    text: why,
    details,
  }),
});

export const signingKeyTaken = errorEntry({
  code: 'signing-key-taken',
  kind: 'conflict',
  meaning:
    'A key of this name, or the same key, was registered before. A revoked key stays revoked: make a new one.',
  tell: () =>
    'A key with this name, or this very key, is registered already. A revoked one stays revoked: make a new key.',
});

export const signingKeyRevoked = errorEntry({
  code: 'signing-key-revoked',
  kind: 'conflict',
  meaning: 'The key that signed the release was revoked. Push a new version, signed by another.',
  tell: (details: SignedRelease) => ({
    text: 'The key that signed this release was revoked. Push a new version, signed with another key.',
    details,
  }),
});

export const signatureRequired = errorEntry({
  code: 'signature-required',
  kind: 'conflict',
  meaning: 'The environment takes signed releases only. Push a new version with a signature.',
  tell: (releaseDigest: string) => ({ details: { releaseDigest } }),
});

export const signatureInvalid = errorEntry({
  code: 'signature-invalid',
  kind: 'unprocessable',
  meaning:
    'The signature does not fit the manifest and artifact with the key that is named. Sign the releaseDigest again.',
  tell: (text: string, details: SignedRelease) => ({ text, details }),
});

export const signingKeyUnknown = errorEntry({
  code: 'signing-key-unknown',
  kind: 'unprocessable',
  meaning: 'No signing key in force has this id or name. Register it, or sign with another.',
  tell: (key: string) => ({
    text: 'No signing key of this tenant that is in force has this name or id. Register it, or sign with another.',
    details: { key },
  }),
});

export const publicKeyInvalid = errorEntry({
  code: 'public-key-invalid',
  kind: 'unprocessable',
  meaning: 'The text is not an Ed25519 public key. Send a PEM (SPKI) or 32 bytes as base64url.',
  tell: (text: string) => text,
});

export const digestMismatch = errorEntry({
  code: 'digest-mismatch',
  kind: 'unprocessable',
  meaning: 'The artifact that arrived is not the one that was announced. Push again.',
  tell: (expected: string, actual: string) => ({
    text: `What arrived is not what was announced: expected ${expected}, got ${actual}. Push again.`,
    details: { expected, actual },
  }),
});

export const secretsNotSupported = errorEntry({
  code: 'secrets-not-supported',
  kind: 'unprocessable',
  meaning: 'The manifest has secret slots, which this version cannot fill. Remove them.',
  tell: () =>
    'The manifest has secret slots, which this version cannot fill. Remove "secrets" from it.',
});

export const multipartMalformed = errorEntry({
  code: 'multipart-malformed',
  kind: 'invalid',
  meaning: 'The body is not a proper multipart/form-data form.',
  tell: (text: string, cause?: unknown) => ({ text, cause }),
});

export const uploadIncomplete = errorEntry({
  code: 'upload-incomplete',
  kind: 'invalid',
  meaning: 'The upload ended before its last part. Nothing was kept: push again.',
  tell: (cause: unknown) => ({
    text: 'The upload ended before its last part did. Nothing was kept: push again.',
    cause,
  }),
});

export const uploadsBusy = errorEntry({
  code: 'uploads-busy',
  kind: 'unavailable',
  meaning: 'The server is taking as many artifacts as it can. Push again in a minute.',
  tell: (underWay: number) =>
    `This server is taking ${underWay} artifacts already. Push again in a minute.`,
});
