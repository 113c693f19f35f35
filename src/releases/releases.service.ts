import { Injectable } from '@nestjs/common';
import { assert } from '../kernel/assert.js';
import { canonicalJson } from '../kernel/canonical-json.js';
import { digestOf } from '../kernel/digest.js';
import { DomainError, messageOf } from '../kernel/errors.js';
import { newId } from '../kernel/ids.js';
import { Audit } from '../platform/audit/audit.js';
import type { Context, OpenContext } from '../platform/context.js';
import { Database } from '../platform/database/database.js';
import { Logger } from '../platform/logging/logger.js';
import { ArtifactsService } from './artifacts/artifacts.service.js';
import type { FormSignature } from './release-form.js';
import type { ReleaseUpload } from './release-upload.js';
import type { Release } from './releases.dto.js';
import { releaseVersionTaken, signatureInvalid } from './releases.errors.js';
import { releaseOf, releaseRows, type ReleaseRow } from './releases.reader.js';
import { signingKeyFor } from './signatures/signing-keys.queries.js';
import { isSignedBy } from './signatures/signature-policy.js';

export interface Pushed {
  readonly release: Release;
  /** False: the same release was there already. */
  readonly isNew: boolean;
}

/** A release that is about to be written. */
interface Draft {
  readonly moduleName: string;
  readonly upload: ReleaseUpload;
  readonly manifestText: string;
  readonly releaseDigest: string;
}

/**
 * Pushing a release: module, artifact and release appear together or not at all. What makes two
 * pushes the same is their content: the same version with the same releaseDigest is the release that
 * is there, with another one it is refused.
 */
@Injectable()
export class ReleasesService {
  constructor(
    private readonly database: Database,
    private readonly artifacts: ArtifactsService,
    private readonly audit: Audit,
    private readonly log: Logger,
  ) {}

  async push(ctx: Context, moduleName: string, upload: ReleaseUpload): Promise<Pushed> {
    const { manifest, artifact } = upload;
    const { artifactDigest } = artifact;
    const draft: Draft = {
      moduleName,
      upload,
      manifestText: canonicalJson(manifest),
      releaseDigest: digestOf('release', { artifactDigest, manifest }).digest,
    };
    let isStored = false;
    try {
      return await this.database.transaction(ctx, async (open) => {
        const keyId = await verifiedKeyId(open, draft.releaseDigest, upload.signature);
        const moduleId = await moduleIdFor(open, moduleName);
        await this.artifacts.claim(open, artifact);
        const isNew = await this.insert(open, draft, moduleId, keyId);
        const release = await present(open, draft, moduleId, keyId);
        isStored = true;
        await this.artifacts.commit(open, artifact);
        return { release, isNew };
      });
    } catch (error) {
      if (isStored) await this.cleanUp(ctx, artifactDigest);
      throw error;
    }
  }

  private async insert(
    open: OpenContext,
    draft: Draft,
    moduleId: string,
    keyId: string | null,
  ): Promise<boolean> {
    const { upload, releaseDigest, manifestText, moduleName } = draft;
    const { version, artifact, signature } = upload;
    const id = newId();
    // A push of the same version that is in flight is waited for here, and then seen.
    const inserted = await open.tx.execute(
      `insert into releases (tenant_id, id, module_id, version, release_digest, artifact_digest,
         manifest_text, signature, key_id, created_by)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
       on conflict (tenant_id, module_id, version) do nothing`,
      [
        open.tenantId,
        id,
        moduleId,
        version,
        releaseDigest,
        artifact.artifactDigest,
        manifestText,
        signature?.value ?? null,
        keyId,
        open.actor.name,
      ],
    );
    if (inserted === 0) return false;
    await this.audit.append(open, {
      category: 'releases',
      action: 'release-pushed',
      subject: { kind: 'release', id },
      body: { moduleName, version, releaseDigest, keyId },
    });
    return true;
  }

  private async cleanUp(ctx: Context, artifactDigest: string): Promise<void> {
    try {
      await this.artifacts.forgetUnlessKept(ctx, artifactDigest);
    } catch (error) {
      // It costs room and nothing else: the object is complete, and a later push takes it over.
      this.log.warn(
        { artifactDigest, error: messageOf(error) },
        'the artifact of a push that failed may be left in the store',
      );
    }
  }
}

/** The release under this version, whoever made it; throws when it is another one. */
async function present(
  open: OpenContext,
  draft: Draft,
  moduleId: string,
  keyId: string | null,
): Promise<Release> {
  const { version, signature } = draft.upload;
  const [row] = await releaseRows(open, 'r.module_id = $2 and r.version = $3', [
    moduleId,
    version,
    1,
  ]);
  assert(row, 'a release that was inserted or in the way is there');
  if (row.releaseDigest !== draft.releaseDigest) {
    throw versionTaken(
      row,
      `"${version}" of "${draft.moduleName}" is another release already. Choose a new version.`,
    );
  }
  const isSameSigner = row.keyId === keyId && row.signatureValue === (signature?.value ?? null);
  // To drop a new signature silently would leave its sender believing that the release is signed.
  if (signature !== null && !isSameSigner) {
    throw versionTaken(
      row,
      `"${version}" of "${draft.moduleName}" exists without this signature, and releases never change. Push it signed as a new version.`,
    );
  }
  return releaseOf(row);
}

function versionTaken(row: ReleaseRow, message: string): DomainError {
  const { id, version, releaseDigest } = row;
  return releaseVersionTaken(message, { id, version, releaseDigest });
}

/** Null for an unsigned push. Throws `signing-key-unknown` or `signature-invalid`. */
async function verifiedKeyId(
  open: OpenContext,
  releaseDigest: string,
  signature: FormSignature | null,
): Promise<string | null> {
  if (!signature) return null;
  const key = await signingKeyFor(open, signature.key);
  if (isSignedBy(key.publicKey, releaseDigest, signature.value)) return key.id;
  throw signatureInvalid(
    'The signature does not fit this manifest and artifact with this key. Sign the releaseDigest again.',
    { releaseDigest, keyId: key.id },
  );
}

/** A module begins with its first release. */
async function moduleIdFor(open: OpenContext, name: string): Promise<string> {
  const find = () =>
    open.tx.query<{ id: string }>('select id from modules where tenant_id = $1 and name = $2', [
      open.tenantId,
      name,
    ]);
  const [found] = await find();
  if (found) return found.id;
  await open.tx.execute(
    `insert into modules (tenant_id, id, name) values ($1, $2, $3)
     on conflict (tenant_id, name) do nothing`,
    [open.tenantId, newId(), name],
  );
  const [made] = await find();
  assert(made, 'a module that was inserted or in the way is there');
  return made.id;
}
