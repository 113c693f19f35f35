import type { ErrorCode } from '../platform/http/error-codes.js';

/** What the routes of releases, signing keys and configurations answer beside the platform's own. */
export const releasesErrors = [
  {
    code: 'module-not-found',
    kind: 'not-found',
    meaning: 'There is no module of this name. Its first release makes it.',
  },
  {
    code: 'release-not-found',
    kind: 'not-found',
    meaning: 'The module has no release of this version. Push it, or choose another.',
  },
  {
    code: 'configuration-not-found',
    kind: 'not-found',
    meaning: 'There is no such configuration.',
  },
  {
    code: 'signing-key-not-found',
    kind: 'not-found',
    meaning: 'There is no such signing key.',
  },
  {
    code: 'release-version-taken',
    kind: 'conflict',
    meaning:
      'The version exists with other content or another signature, and releases never change. Choose a new version.',
  },
  {
    code: 'signing-key-taken',
    kind: 'conflict',
    meaning:
      'A key of this name, or the same key, was registered before. A revoked key stays revoked: make a new one.',
  },
  {
    code: 'signing-key-revoked',
    kind: 'conflict',
    meaning: 'The key that signed the release was revoked. Push a new version, signed by another.',
  },
  {
    code: 'signature-required',
    kind: 'conflict',
    meaning: 'The environment takes signed releases only. Push a new version with a signature.',
  },
  {
    code: 'signature-invalid',
    kind: 'unprocessable',
    meaning:
      'The signature does not fit the manifest and artifact with the key that is named. Sign the releaseDigest again.',
  },
  {
    code: 'signing-key-unknown',
    kind: 'unprocessable',
    meaning: 'No signing key in force has this id or name. Register it, or sign with another.',
  },
  {
    code: 'public-key-invalid',
    kind: 'unprocessable',
    meaning: 'The text is not an Ed25519 public key. Send a PEM (SPKI) or 32 bytes as base64url.',
  },
  {
    code: 'digest-mismatch',
    kind: 'unprocessable',
    meaning: 'The artifact that arrived is not the one that was announced. Push again.',
  },
  {
    code: 'secrets-not-supported',
    kind: 'unprocessable',
    meaning: 'The manifest has secret slots, which this version cannot fill. Remove them.',
  },
  {
    code: 'multipart-malformed',
    kind: 'invalid',
    meaning: 'The body is not a proper multipart/form-data form.',
  },
  {
    code: 'upload-incomplete',
    kind: 'invalid',
    meaning: 'The upload ended before its last part. Nothing was kept: push again.',
  },
  {
    code: 'uploads-busy',
    kind: 'unavailable',
    meaning: 'The server is taking as many artifacts as it can. Push again in a minute.',
  },
] as const satisfies readonly ErrorCode[];
