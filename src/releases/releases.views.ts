/** Modules and releases as HTTP answers them. */
import type { Manifest } from '../agent/protocol/manifest.js';
import { Permission } from '../kernel/permission.js';
import type { OpenContext } from '../platform/context.js';
import { inScopes, scopesText } from '../platform/database/in-scopes.js';
import { statement } from '../platform/database/statement.js';
import type { Module, Release, ReleaseSummary } from './releases.dto.js';
import { RELEASE_COLUMNS, RELEASE_TABLES, type ReleaseColumns } from './releases.store.js';

/** One page of a list: before that id, newest first. */
interface Slice {
  readonly before: string | null;
  readonly take: number;
}

interface ModuleRow {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly releaseId: string | null;
  readonly version: string | null;
  readonly releasedAt: Date | null;
}

const MODULE_VIEW = `select m.id, m.name, m.created_at as "createdAt", n.id as "releaseId",
    n.version, n.created_at as "releasedAt"
  from modules m
  left join lateral (
    select r.id, r.version, r.created_at from releases r
    where r.tenant_id = m.tenant_id and r.module_id = m.id order by r.id desc limit 1) n on true
  where m.tenant_id = :tenantId`;

const findModuleView = statement<{ readonly tenantId: string; readonly name: string }, ModuleRow>(
  'modules.find-view',
  `${MODULE_VIEW} and m.name = :name`,
);

/** Undefined: there is no module of that name. */
export async function moduleView(open: OpenContext, name: string): Promise<Module | undefined> {
  const row = await open.tx.first(findModuleView, { tenantId: open.tenantId, name });
  return row && moduleOf(row);
}

const listModuleViews = statement<
  {
    readonly tenantId: string;
    readonly before: string | null;
    readonly scopes: string | null;
    readonly take: number;
  },
  ModuleRow
>(
  'modules.list-views',
  `${MODULE_VIEW} and (:before::uuid is null or m.id < :before)
   and ${inScopes({ module: 'm.name' })}
   order by m.id desc limit :take`,
);

/** Those whose releases may be read. */
export async function moduleViews(open: OpenContext, { before, take }: Slice): Promise<Module[]> {
  const { tenantId } = open;
  const scopes = scopesText(open.scopesOf(Permission.ReleasesRead));
  const rows = await open.tx.query(listModuleViews, { tenantId, before, scopes, take });
  return rows.map(moduleOf);
}

function moduleOf({ id, name, createdAt, releaseId, version, releasedAt }: ModuleRow): Module {
  const newestRelease =
    releaseId && version && releasedAt
      ? { id: releaseId, version, createdAt: releasedAt.toISOString() }
      : null;
  return { id, name, createdAt: createdAt.toISOString(), newestRelease };
}

/** A release as it is shown, with what whoever pushes the same again compares. */
export interface ReleaseRow extends ReleaseColumns {
  readonly moduleName: string;
  readonly keyName: string | null;
  readonly createdBy: string;
  readonly createdAt: Date;
}

const RELEASE_VIEW = `select ${RELEASE_COLUMNS}, m.name as "moduleName", k.name as "keyName",
    r.created_by as "createdBy", r.created_at as "createdAt"
  from ${RELEASE_TABLES}
  join modules m on m.tenant_id = r.tenant_id and m.id = r.module_id
  where r.tenant_id = :tenantId and r.module_id = :moduleId`;

const findRelease = statement<
  { readonly tenantId: string; readonly moduleId: string; readonly version: string },
  ReleaseRow
>('releases.find-view', `${RELEASE_VIEW} and r.version = :version`);

export function findReleaseRow(
  open: OpenContext,
  moduleId: string,
  version: string,
): Promise<ReleaseRow | undefined> {
  return open.tx.first(findRelease, { tenantId: open.tenantId, moduleId, version });
}

const listReleases = statement<
  {
    readonly tenantId: string;
    readonly moduleId: string;
    readonly before: string | null;
    readonly take: number;
  },
  ReleaseRow
>(
  'releases.list-views',
  `${RELEASE_VIEW} and (:before::uuid is null or r.id < :before)
   order by r.id desc limit :take`,
);

export async function releaseSummaries(
  open: OpenContext,
  moduleId: string,
  { before, take }: Slice,
): Promise<ReleaseSummary[]> {
  const { tenantId } = open;
  return (await open.tx.query(listReleases, { tenantId, moduleId, before, take })).map(summaryOf);
}

export function releaseOf(row: ReleaseRow): Release {
  return { ...summaryOf(row), manifest: JSON.parse(row.manifestText) as Manifest };
}

function summaryOf(row: ReleaseRow): ReleaseSummary {
  const { id, moduleName, version, releaseDigest, artifactDigest, artifactBytes } = row;
  const { keyId, keyName, isKeyRevoked: isRevoked, createdBy } = row;
  const signature = keyId && keyName ? { keyId, keyName, isRevoked } : null;
  return {
    id,
    moduleName,
    version,
    releaseDigest,
    artifactDigest,
    artifactBytes,
    createdBy,
    createdAt: row.createdAt.toISOString(),
    signature,
  };
}
