import { Injectable } from '@nestjs/common';
import { assert } from '../kernel/assert.js';
import { canonicalJson } from '../kernel/canonical-json.js';
import { digestOf } from '../kernel/digest.js';
import { DomainError, messageOf } from '../kernel/errors.js';
import { newId } from '../kernel/ids.js';
import { Permission } from '../kernel/permission.js';
import type { Context, OpenContext } from '../platform/context.js';
import { Database } from '../platform/database/database.js';
import type { Page } from '../platform/http/page.js';
import { sorted } from '../platform/http/sorted-page.js';
import { Logger } from '../platform/logging/logger.js';
import { QuotaCounts } from '../tenancy/quotas/quota-counts.js';
import { takeQuota } from '../tenancy/quotas/quotas.events.js';
import { Quotas } from '../tenancy/quotas/quotas.js';
import { ArtifactsService } from './artifacts/artifacts.service.js';
import { countArtifactBytes } from './artifacts/artifacts.store.js';
import type { FormSignature } from './release-form.js';
import type { ReleaseUpload } from './release-upload.js';
import type {
  Module,
  ModulesQuery,
  Release,
  ReleasesQuery,
  ReleaseSummary,
} from './releases.dto.js';
import {
  moduleNotFound,
  releaseNotFound,
  releaseVersionTaken,
  signatureInvalid,
} from './releases.errors.js';
import { releasePushed } from './releases.events.js';
import { countModules, moduleByName } from './releases.queries.js';
import { insertRelease, moduleIdFor } from './releases.store.js';
import {
  findReleaseRow,
  moduleView,
  moduleViews,
  releaseOf,
  type ReleaseRow,
  releaseSummaries,
} from './releases.views.js';
import { signingKeyFor } from './signatures/signing-keys.queries.js';
import { isSignedBy } from './signatures/signature-policy.js';

export interface Pushed {
  readonly release: Release;
  /** False: the same release was there already. */
  readonly isNew: boolean;
}

const NEWEST = { first: '-createdAt', age: 'createdAt' } as const;

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
    private readonly log: Logger,
    private readonly quotas: Quotas,
    counts: QuotaCounts,
  ) {
    counts.register('modules', countModules);
    counts.register('storageBytes', countArtifactBytes);
  }

  modules(ctx: Context, query: ModulesQuery): Promise<Page<Module>> {
    return this.database.transaction(ctx, (open) =>
      sorted('modules', query, {
        ...NEWEST,
        read: (slice) => moduleViews(open, query, slice),
      }),
    );
  }

  /** Throws `module-not-found`. */
  async module(ctx: Context, name: string): Promise<Module> {
    mustBeReadable(ctx, name);
    const found = await this.database.transaction(ctx, (open) => moduleView(open, name));
    if (found) return found;
    throw moduleNotFound(name);
  }

  /** Throws `module-not-found`. */
  async list(ctx: Context, name: string, query: ReleasesQuery): Promise<Page<ReleaseSummary>> {
    mustBeReadable(ctx, name);
    return this.database.transaction(ctx, async (open) => {
      const { id } = await moduleByName(open, name);
      return sorted(`releases of ${id}`, query, {
        ...NEWEST,
        read: (slice) => releaseSummaries(open, id, query, slice),
      });
    });
  }

  /** Throws `module-not-found`, `release-not-found`. */
  async get(ctx: Context, name: string, version: string): Promise<Release> {
    mustBeReadable(ctx, name);
    return this.database.transaction(ctx, async (open) => {
      const { id } = await moduleByName(open, name);
      const row = await findReleaseRow(open, id, version);
      if (row) return releaseOf(row);
      throw releaseNotFound(version, name);
    });
  }

  /** As `get`, for whoever wants its bytes. Throws `quota-exceeded` as well: nodes never come this way. */
  async forDownload(ctx: Context, name: string, version: string): Promise<Release> {
    const found = await this.get(ctx, name, version);
    await this.database.transaction(ctx, (open) =>
      this.quotas.refuseUsedUp(open, 'bandwidthBytes'),
    );
    return found;
  }

  /** Throws `signing-key-unknown`, `signature-invalid`, `release-version-taken`, `quota-exceeded`. */
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
        const { id: moduleId, isNew: isNewModule } = await moduleIdFor(open, moduleName);
        const newBytes = await this.artifacts.claim(open, artifact);
        const isNew = await insert(open, draft, moduleId, keyId);
        const release = await present(open, draft, moduleId, keyId);
        await takeQuota(open, 'modules', isNewModule ? 1 : 0);
        await takeQuota(open, 'storageBytes', newBytes);
        isStored = true;
        await this.artifacts.commit(open, artifact);
        return { release, isNew };
      });
    } catch (error) {
      if (isStored) await this.cleanUp(ctx, artifactDigest);
      throw error;
    }
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

/** What is out of reach is not found. Throws `module-not-found`. */
function mustBeReadable(ctx: Context, module: string): void {
  if (!ctx.can(Permission.ReleasesRead, { module })) throw moduleNotFound(module);
}

/** False: there is one under this version. */
async function insert(
  open: OpenContext,
  draft: Draft,
  moduleId: string,
  keyId: string | null,
): Promise<boolean> {
  const { upload, releaseDigest, manifestText, moduleName } = draft;
  const { version, artifact, signature } = upload;
  const id = newId();
  const isNew = await insertRelease(open, {
    id,
    moduleId,
    version,
    releaseDigest,
    artifactDigest: artifact.artifactDigest,
    manifestText,
    signature: signature?.value ?? null,
    keyId,
  });
  if (isNew) await open.record(releasePushed(id, { moduleName, version, releaseDigest, keyId }));
  return isNew;
}

/** The release under this version, whoever made it; throws when it is another one. */
async function present(
  open: OpenContext,
  draft: Draft,
  moduleId: string,
  keyId: string | null,
): Promise<Release> {
  const { version, signature } = draft.upload;
  const row = await findReleaseRow(open, moduleId, version);
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
