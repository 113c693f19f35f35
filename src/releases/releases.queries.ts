import type { Manifest } from '../agent/protocol/manifest.js';
import type { OpenContext } from '../platform/context.js';
import { statement } from '../platform/database/statement.js';
import { ConfigurationEntity } from './configurations/configuration.entity.js';
import { configurationNotFound, moduleNotFound, releaseNotFound } from './releases.errors.js';
import {
  findModuleByName,
  type ModuleFacts,
  RELEASE_COLUMNS,
  RELEASE_TABLES,
  type ReleaseColumns,
} from './releases.store.js';
import type { ReleaseSignature } from './signatures/signature-policy.js';

/** What other features may ask about releases. Every question joins the caller's transaction. */
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
  const found = await findModuleByName(open, name);
  if (found) return found;
  throw moduleNotFound(name);
}

const MODULE_COUNT = statement<{ readonly tenantId: string }, { readonly count: number }>(
  'modules.count',
  'select count(*)::int as count from modules where tenant_id = :tenantId',
);

export async function countModules(open: OpenContext): Promise<number> {
  return (await open.tx.first(MODULE_COUNT, { tenantId: open.tenantId }))!.count;
}

interface FactsRow extends ReleaseColumns {
  readonly moduleId: string;
  readonly isArtifactReady: boolean;
  readonly artifactVerifiedAgeMs: number | null;
  readonly publicKey: string | null;
}

const FACTS = `select ${RELEASE_COLUMNS}, r.module_id as "moduleId",
    a.state = 'ready' as "isArtifactReady",
    (extract(epoch from clock_timestamp() - a.verified_at) * 1000)::float8
      as "artifactVerifiedAgeMs",
    k.public_key as "publicKey"
  from ${RELEASE_TABLES} where r.tenant_id = :tenantId`;

const findByVersion = statement<
  { readonly tenantId: string; readonly moduleId: string; readonly version: string },
  FactsRow
>('releases.find-by-version', `${FACTS} and r.module_id = :moduleId and r.version = :version`);

const findById = statement<{ readonly tenantId: string; readonly id: string }, FactsRow>(
  'releases.find',
  `${FACTS} and r.id = :id`,
);

/** Throws `release-not-found`. */
export async function releaseByVersion(
  open: OpenContext,
  moduleId: string,
  version: string,
): Promise<ReleaseFacts> {
  const row = await open.tx.first(findByVersion, { tenantId: open.tenantId, moduleId, version });
  if (row) return factsOf(row);
  throw releaseNotFound(version);
}

/** Throws `release-not-found`. */
export async function releaseById(open: OpenContext, id: string): Promise<ReleaseFacts> {
  const row = await open.tx.first(findById, { tenantId: open.tenantId, id });
  if (row) return factsOf(row);
  throw releaseNotFound();
}

/** Null: it has none there. The row as it is, for whoever writes the next. */
export function newestConfigurationRow(
  open: OpenContext,
  moduleId: string,
  environmentId: string,
): Promise<Readonly<ConfigurationEntity> | null> {
  return open.tx.repository(ConfigurationEntity).findOne({
    where: { tenantId: open.tenantId, moduleId, environmentId },
    order: { number: 'desc' },
  });
}

/** Null: the module has no configuration there and runs with its manifest's defaults. */
export async function newestConfiguration(
  open: OpenContext,
  moduleId: string,
  environmentId: string,
): Promise<ConfigurationFacts | null> {
  const row = await newestConfigurationRow(open, moduleId, environmentId);
  return row ? configurationOf(row) : null;
}

/** Throws `configuration-not-found`. */
export async function configurationById(
  open: OpenContext,
  id: string,
): Promise<ConfigurationFacts> {
  const { tenantId } = open;
  const row = await open.tx.repository(ConfigurationEntity).findOneBy({ tenantId, id });
  if (row) return configurationOf(row);
  throw configurationNotFound();
}

function factsOf(row: FactsRow): ReleaseFacts {
  const { signatureValue: value, keyId, publicKey, isKeyRevoked: revoked, ...rest } = row;
  return {
    ...rest,
    manifest: JSON.parse(row.manifestText) as Manifest,
    signature: value && keyId && publicKey ? { keyId, publicKey, value, revoked } : null,
  };
}

function configurationOf(row: Readonly<ConfigurationEntity>): ConfigurationFacts {
  const { id, number, configurationDigest, bodyText } = row;
  return { id, number, configurationDigest, body: JSON.parse(bodyText) as Record<string, string> };
}
