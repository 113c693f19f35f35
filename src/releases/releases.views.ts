/** Modules and releases as HTTP answers them. */
import type { Manifest } from '../agent/protocol/manifest.js';
import { Permission } from '../kernel/permission.js';
import type { OpenContext } from '../platform/context.js';
import { inScopes, scopesText } from '../platform/database/in-scopes.js';
import {
  hasText,
  FILTERED,
  pageAfter,
  sortParameters,
  type SortParameters,
  sortText,
  timeText,
  wordText,
} from '../platform/database/sorting.js';
import { statement } from '../platform/database/statement.js';
import type { SortedSlice } from '../platform/http/sorted-page.js';
import type {
  Module,
  ModulesQuery,
  Release,
  ReleasesQuery,
  ReleaseSummary,
} from './releases.dto.js';
import { RELEASE_COLUMNS, RELEASE_TABLES, type ReleaseColumns } from './releases.store.js';

interface ModuleRow {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly releaseId: string | null;
  readonly version: string | null;
  readonly releasedAt: Date | null;
}

const MODULE_COLUMNS = `select m.id, m.name, m.created_at as "createdAt", n.id as "releaseId",
    n.version, n.created_at as "releasedAt"`;
const MODULE_TABLES = `
  from modules m
  left join lateral (
    select r.id, r.version, r.created_at from releases r
    where r.tenant_id = m.tenant_id and r.module_id = m.id order by r.id desc limit 1) n on true
  where m.tenant_id = :tenantId`;

const findModuleView = statement<{ readonly tenantId: string; readonly name: string }, ModuleRow>(
  'modules.find-view',
  `${MODULE_COLUMNS} ${MODULE_TABLES} and m.name = :name`,
);

/** Undefined: there is no module of that name. */
export async function moduleView(open: OpenContext, name: string): Promise<Module | undefined> {
  const row = await open.tx.first(findModuleView, { tenantId: open.tenantId, name });
  return row && moduleOf(row);
}

const MODULE_SORT = sortText({
  createdAt: `''`,
  name: wordText('m.name'),
  releasedAt: timeText('n.created_at'),
});

interface ModuleFilter extends SortParameters {
  readonly tenantId: string;
  readonly scopes: string | null;
  readonly text: string | null;
}

type Listed<Row> = Row & { readonly sortValue: string };

const modulesSql = (isFalling: boolean): string => {
  const { condition, order } = pageAfter('"sortValue"', 'id', { isFalling });
  return `select * from (${MODULE_COLUMNS}, ${MODULE_SORT} as "sortValue" ${MODULE_TABLES}
      and ${hasText(['m.name'])} and ${inScopes({ module: 'm.name' })}) as found
    where ${condition} ${order}`;
};

const modulesFalling = statement<ModuleFilter, Listed<ModuleRow>>(
  'modules.list-falling',
  modulesSql(true),
  FILTERED,
);
const modulesRising = statement<ModuleFilter, Listed<ModuleRow>>(
  'modules.list-rising',
  modulesSql(false),
  FILTERED,
);

/** Those whose releases may be read. */
export async function moduleViews(
  open: OpenContext,
  { text }: Pick<ModulesQuery, 'text'>,
  slice: SortedSlice,
): Promise<Listed<Module>[]> {
  const { tenantId } = open;
  const scopes = scopesText(open.scopesOf(Permission.ReleasesRead));
  const given = { ...sortParameters(slice), tenantId, scopes, text: text ?? null };
  const rows = slice.isFalling
    ? await open.tx.query(modulesFalling, given)
    : await open.tx.query(modulesRising, given);
  return rows.map((row) => ({ ...moduleOf(row), sortValue: row.sortValue }));
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

const RELEASE_VIEW_COLUMNS = `select ${RELEASE_COLUMNS}, m.name as "moduleName", k.name as "keyName",
    r.created_by as "createdBy", r.created_at as "createdAt"`;
const RELEASE_VIEW_TABLES = `
  from ${RELEASE_TABLES}
  join modules m on m.tenant_id = r.tenant_id and m.id = r.module_id
  where r.tenant_id = :tenantId and r.module_id = :moduleId`;

const findRelease = statement<
  { readonly tenantId: string; readonly moduleId: string; readonly version: string },
  ReleaseRow
>('releases.find-view', `${RELEASE_VIEW_COLUMNS} ${RELEASE_VIEW_TABLES} and r.version = :version`);

export function findReleaseRow(
  open: OpenContext,
  moduleId: string,
  version: string,
): Promise<ReleaseRow | undefined> {
  return open.tx.first(findRelease, { tenantId: open.tenantId, moduleId, version });
}

const RELEASE_SORT = sortText({
  createdAt: `''`,
  version: wordText('r.version'),
  createdBy: wordText('r.created_by'),
  artifactBytes: `lpad(a.size::text, 19, '0')`,
});

interface ReleaseFilter extends SortParameters {
  readonly tenantId: string;
  readonly moduleId: string;
  readonly text: string | null;
  readonly createdBy: string | null;
  readonly isSigned: boolean | null;
}

const releasesSql = (isFalling: boolean): string => {
  const { condition, order } = pageAfter('"sortValue"', 'id', { isFalling });
  return `select * from (${RELEASE_VIEW_COLUMNS}, ${RELEASE_SORT} as "sortValue" ${RELEASE_VIEW_TABLES}
      and ${hasText(['r.version'])}
      and (:createdBy::text is null or r.created_by = :createdBy)
      and (:isSigned::boolean is null or (r.key_id is not null) = :isSigned)) as found
    where ${condition} ${order}`;
};

const releasesFalling = statement<ReleaseFilter, Listed<ReleaseRow>>(
  'releases.list-falling',
  releasesSql(true),
  FILTERED,
);
const releasesRising = statement<ReleaseFilter, Listed<ReleaseRow>>(
  'releases.list-rising',
  releasesSql(false),
  FILTERED,
);

export async function releaseSummaries(
  open: OpenContext,
  moduleId: string,
  { text, createdBy, signed }: Pick<ReleasesQuery, 'text' | 'createdBy' | 'signed'>,
  slice: SortedSlice,
): Promise<Listed<ReleaseSummary>[]> {
  const given = {
    ...sortParameters(slice),
    tenantId: open.tenantId,
    moduleId,
    text: text ?? null,
    createdBy: createdBy ?? null,
    isSigned: signed === undefined ? null : signed === 'true',
  };
  const rows = slice.isFalling
    ? await open.tx.query(releasesFalling, given)
    : await open.tx.query(releasesRising, given);
  return rows.map((row) => ({ ...summaryOf(row), sortValue: row.sortValue }));
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
