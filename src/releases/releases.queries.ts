import type { Manifest } from '../agent/protocol/manifest.js';
import type { OpenContext } from '../platform/context.js';
import { configurationNotFound, moduleNotFound, releaseNotFound } from './releases.errors.js';
import type { ReleaseSignature } from './signatures/signature-policy.js';

/** What other features may ask about releases. Every question joins the caller's transaction. */
export interface ModuleFacts {
  readonly id: string;
  readonly name: string;
}

export interface ReleaseFacts {
  readonly id: string;
  readonly moduleId: string;
  readonly version: string;
  readonly releaseDigest: string;
  readonly artifactDigest: string;
  readonly artifactBytes: number;
  /** By its row: the bytes have come, and nobody is taking them away. */
  readonly isArtifactReady: boolean;
  /** How long ago its stored bytes were read and found whole; null: never since they came. */
  readonly artifactVerifiedAgeMs: number | null;
  readonly manifest: Manifest;
  /** Canonical; what releaseDigest was taken of. */
  readonly manifestText: string;
  readonly signature: ReleaseSignature | null;
}

export interface ConfigurationFacts {
  readonly id: string;
  readonly number: number;
  readonly configurationDigest: string;
  readonly body: Readonly<Record<string, string>>;
}

/** Throws `module-not-found`. */
export async function moduleByName(open: OpenContext, name: string): Promise<ModuleFacts> {
  const [found] = await open.tx.query<ModuleFacts>(
    'select id, name from modules where tenant_id = $1 and name = $2',
    [open.tenantId, name],
  );
  if (found) return found;
  throw moduleNotFound(name);
}

/** Throws `release-not-found`. */
export async function releaseByVersion(
  open: OpenContext,
  moduleId: string,
  version: string,
): Promise<ReleaseFacts> {
  const rows = await releaseRows(open, 'r.module_id = $2 and r.version = $3', [moduleId, version]);
  if (rows[0]) return factsOf(rows[0]);
  throw releaseNotFound(version);
}

/** Throws `release-not-found`. */
export async function releaseById(open: OpenContext, id: string): Promise<ReleaseFacts> {
  const rows = await releaseRows(open, 'r.id = $2', [id]);
  if (rows[0]) return factsOf(rows[0]);
  throw releaseNotFound();
}

/** Null: the module has no configuration there and runs with its manifest's defaults. */
export async function newestConfiguration(
  open: OpenContext,
  moduleId: string,
  environmentId: string,
): Promise<ConfigurationFacts | null> {
  const [row] = await open.tx.query<ConfigurationRow>(
    `select ${CONFIGURATION_COLUMNS} from configurations
     where tenant_id = $1 and module_id = $2 and environment_id = $3
     order by number desc limit 1`,
    [open.tenantId, moduleId, environmentId],
  );
  return row ? configurationOf(row) : null;
}

/** Throws `configuration-not-found`. */
export async function configurationById(
  open: OpenContext,
  id: string,
): Promise<ConfigurationFacts> {
  const [row] = await open.tx.query<ConfigurationRow>(
    `select ${CONFIGURATION_COLUMNS} from configurations where tenant_id = $1 and id = $2`,
    [open.tenantId, id],
  );
  if (row) return configurationOf(row);
  throw configurationNotFound();
}

interface ReleaseRow extends Omit<ReleaseFacts, 'manifest' | 'signature'> {
  readonly signature: string | null;
  readonly keyId: string | null;
  readonly publicKey: string | null;
  readonly isRevoked: boolean;
}

type ConfigurationRow = Omit<ConfigurationFacts, 'body'> & { readonly bodyText: string };

const CONFIGURATION_COLUMNS = `id, number, configuration_digest as "configurationDigest",
  body_text as "bodyText"`;

function releaseRows(
  open: OpenContext,
  condition: string,
  parameters: readonly unknown[],
): Promise<ReleaseRow[]> {
  return open.tx.query<ReleaseRow>(
    `select r.id, r.module_id as "moduleId", r.version, r.release_digest as "releaseDigest",
            r.artifact_digest as "artifactDigest", a.size as "artifactBytes",
            a.state = 'ready' as "isArtifactReady",
            (extract(epoch from clock_timestamp() - a.verified_at) * 1000)::float8
              as "artifactVerifiedAgeMs",
            r.manifest_text as "manifestText", r.signature, r.key_id as "keyId",
            k.public_key as "publicKey", k.revoked_at is not null as "isRevoked"
     from releases r
     join artifacts a on a.tenant_id = r.tenant_id and a.artifact_digest = r.artifact_digest
     left join signing_keys k on k.tenant_id = r.tenant_id and k.id = r.key_id
     where r.tenant_id = $1 and ${condition}`,
    [open.tenantId, ...parameters],
  );
}

function factsOf(row: ReleaseRow): ReleaseFacts {
  const { signature: value, keyId, publicKey, isRevoked: revoked, ...rest } = row;
  return {
    ...rest,
    manifest: JSON.parse(row.manifestText) as Manifest,
    signature: value && keyId && publicKey ? { keyId, publicKey, value, revoked } : null,
  };
}

function configurationOf({ bodyText, ...rest }: ConfigurationRow): ConfigurationFacts {
  return { ...rest, body: JSON.parse(bodyText) as Record<string, string> };
}
