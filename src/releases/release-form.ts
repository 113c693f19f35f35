import { type Manifest, manifestSchema } from '../agent/protocol/manifest.js';
import { DomainError } from '../kernel/errors.js';
import { limits } from '../kernel/limits.js';
import { digest, dnsLabel, printable, releaseVersion, text, uuid } from '../kernel/text.js';
import { parseStrictJson } from '../platform/http/strict-json.js';
import { secretsNotSupported } from './releases.errors.js';
import { partInvalid, partUnparsed } from './upload-failures.js';

/** The parts of the form beside the artifact itself. */
const FIELD_SCHEMAS = {
  version: releaseVersion,
  signature: text(200).regex(/^[\w-]{86}$/, 'must be 64 bytes as unpadded base64url'),
  keyId: uuid,
  keyName: dnsLabel,
  expectedArtifactDigest: digest,
};

type FieldName = keyof typeof FIELD_SCHEMAS;

export interface ReleaseForm {
  readonly version: string;
  readonly manifest: Manifest;
  readonly signature: FormSignature | null;
  readonly expectedArtifactDigest: string | null;
}

export interface FormSignature {
  readonly value: string;
  readonly key: { readonly id: string } | { readonly name: string };
}

/**
 * Collects the parts in whatever order they come and judges each at once: a push with a wrong
 * manifest should not have to send its gigabyte first.
 */
export class ReleaseFormReader {
  private readonly fields: Partial<Record<FieldName, string>> = {};
  private manifest: Manifest | undefined;

  /** Throws for an unknown part, one that comes twice, and one that is wrong. */
  add(name: string | undefined, value: string): void {
    if (name === 'manifest') {
      if (this.manifest) throw partInvalid('manifest', 'must come once');
      this.manifest = readManifest(value);
      return;
    }
    if (name === undefined || !isFieldName(name)) throw unknownPart(name);
    if (this.fields[name] !== undefined) throw partInvalid(name, 'must come once');
    const parsed = FIELD_SCHEMAS[name].safeParse(value);
    if (!parsed.success) throw partUnparsed(name, parsed.error);
    this.fields[name] = parsed.data;
  }

  /** Throws for what is missing. `header` is X-Artifact-Digest, which says the same as its part. */
  finish(header: string | undefined): ReleaseForm {
    const { version, expectedArtifactDigest } = this.fields;
    if (version === undefined) throw missingPart('version');
    if (this.manifest === undefined) throw missingPart('manifest');
    const expected = expectedArtifactDigest ?? header ?? null;
    if (expected !== null && !digest.safeParse(expected).success) {
      throw partInvalid('X-Artifact-Digest', 'must be sha256: and 64 hex digits');
    }
    if (header !== undefined && header !== expected) {
      throw partInvalid('expectedArtifactDigest', 'must equal the header X-Artifact-Digest');
    }
    const signature = this.signature();
    return { version, manifest: this.manifest, signature, expectedArtifactDigest: expected };
  }

  private signature(): FormSignature | null {
    const { signature: value, keyId, keyName } = this.fields;
    if (keyId !== undefined && keyName !== undefined) {
      throw partInvalid('keyName', 'must not come together with keyId');
    }
    if (value === undefined) {
      if (keyId === undefined && keyName === undefined) return null;
      throw partInvalid('signature', 'is missing: a key alone proves nothing');
    }
    if (keyId !== undefined) return { value, key: { id: keyId } };
    if (keyName !== undefined) return { value, key: { name: keyName } };
    throw partInvalid('keyId', 'is missing: say which key signed, by keyId or keyName');
  }
}

export function missingPart(name: string): DomainError {
  return partInvalid(name, 'is missing');
}

export function unknownPart(name: string | undefined): DomainError {
  const known = [...Object.keys(FIELD_SCHEMAS), 'manifest', 'artifact'].join(', ');
  const shown = printable(name?.slice(0, 100) ?? '');
  return partInvalid(shown, `is not a part of the form, which has ${known}`);
}

function isFieldName(name: string): name is FieldName {
  return Object.hasOwn(FIELD_SCHEMAS, name);
}

function readManifest(value: string): Manifest {
  if (Buffer.byteLength(value) > limits.manifestBytes) throw manifestTooLarge();
  let json: unknown;
  try {
    json = parseStrictJson(Buffer.from(value));
  } catch (error) {
    const why = error instanceof DomainError ? error.message : 'it cannot be read';
    throw partInvalid('manifest', `must be JSON: ${why}`);
  }
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) throw partUnparsed('manifest', parsed.error);
  if (Object.keys(parsed.data.secrets).length > 0) {
    throw secretsNotSupported();
  }
  return parsed.data;
}

export function manifestTooLarge(): DomainError {
  return partInvalid('manifest', `must not be longer than ${limits.manifestBytes} bytes`);
}
