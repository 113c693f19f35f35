/**
 * Deployments as a table that people filter and sort. The page is cut before what it shows is joined to
 * it; by age it is found by the index of ids, so that the first page of many costs no more than of few.
 */
import { environmentKey } from '../../kernel/environment-key.js';
import { Permission } from '../../kernel/permission.js';
import type { OpenContext } from '../../platform/context.js';
import { inScopes, scopesText } from '../../platform/database/in-scopes.js';
import {
  hasText,
  FILTERED,
  pageAfter,
  pageByAge,
  sortParameters,
  type SortParameters,
  sortText,
  timeText,
  wordText,
} from '../../platform/database/sorting.js';
import { statement } from '../../platform/database/statement.js';
import type { SortedSlice } from '../../platform/http/sorted-page.js';
import type { DeploymentsQuery } from '../deployments-query.dto.js';
import { WITH_RUNS } from '../deployments.queries.js';
import { DEPLOYMENT_COLUMNS, type DeploymentRow } from './deployments.views.js';

export interface ListedDeployment extends DeploymentRow {
  readonly sortValue: string;
}

interface Filter {
  readonly tenantId: string;
  readonly statuses: readonly string[] | null;
  readonly kinds: readonly string[] | null;
  readonly environmentKey: string | null;
  readonly cluster: string | null;
  readonly module: string | null;
  readonly version: string | null;
  readonly requestedBy: string | null;
  readonly fromAt: Date | null;
  readonly toAt: Date | null;
  readonly text: string | null;
  readonly scopes: string | null;
}

type Aged = Filter & Pick<SortParameters, 'afterId' | 'take'>;

const FOUND = `from deployments d
  join environments e on e.tenant_id = d.tenant_id and e.id = d.environment_id
  join clusters c on c.tenant_id = d.tenant_id and c.id = d.cluster_id
  join modules m on m.tenant_id = d.tenant_id and m.id = d.module_id
  join releases v on v.tenant_id = d.tenant_id and v.id = d.release_id
  where d.tenant_id = :tenantId and (:statuses::text[] is null or d.status = any(:statuses))
    and (:kinds::text[] is null or d.kind = any(:kinds))
    and (:environmentKey::text is null or e.name_key = :environmentKey)
    and (:cluster::text is null or c.name = :cluster)
    and (:module::text is null or m.name = :module)
    and (:version::text is null or v.version = :version)
    and (:requestedBy::text is null or d.requested_by = :requestedBy)
    and (:fromAt::timestamptz is null or d.created_at >= :fromAt)
    and (:toAt::timestamptz is null or d.created_at < :toAt)
    and ${hasText(['m.name', 'v.version', 'd.requested_by'])}
    and ${inScopes({ module: 'm.name', environmentKey: 'e.name_key' })}`;

const SORT = sortText({
  finishedAt: timeText('d.finished_at'),
  module: wordText('m.name'),
  environment: wordText('e.name'),
  status: wordText('d.status'),
  requestedBy: wordText('d.requested_by'),
});

const shownSql = (page: string, isFalling: boolean) => {
  const way = isFalling ? 'desc' : 'asc';
  return `with page as materialized (${page})
    select ${DEPLOYMENT_COLUMNS}, page.sort_value as "sortValue" ${WITH_RUNS}
    join page on page.id = d.id where d.tenant_id = :tenantId
    order by page.sort_value ${way}, d.id ${way}`;
};

const byAgeSql = (isFalling: boolean) => {
  const { condition, order } = pageByAge('d.id', isFalling);
  return shownSql(`select d.id, '' as sort_value ${FOUND} and ${condition} ${order}`, isFalling);
};

const byTextSql = (isFalling: boolean) => {
  const { condition, order } = pageAfter('sort_value', 'id', { isFalling });
  const all = `select d.id, ${SORT} as sort_value ${FOUND}`;
  return shownSql(`select * from (${all}) as found where ${condition} ${order}`, isFalling);
};

const NEWEST = statement<Aged, ListedDeployment>(
  'deployments.list-newest',
  byAgeSql(true),
  FILTERED,
);
const OLDEST = statement<Aged, ListedDeployment>(
  'deployments.list-oldest',
  byAgeSql(false),
  FILTERED,
);
const FALLING = statement<Filter & SortParameters, ListedDeployment>(
  'deployments.list-falling',
  byTextSql(true),
  FILTERED,
);
const RISING = statement<Filter & SortParameters, ListedDeployment>(
  'deployments.list-rising',
  byTextSql(false),
  FILTERED,
);

/** Those that may be read, in the order that is asked for. */
export function deploymentRows(
  open: OpenContext,
  query: DeploymentsQuery,
  slice: SortedSlice,
): Promise<ListedDeployment[]> {
  const filter = filterOf(open, query);
  const { by: _, afterValue: _value, ...aged } = sortParameters(slice);
  if (slice.by === 'createdAt') {
    const given = { ...filter, ...aged };
    return slice.isFalling ? open.tx.query(NEWEST, given) : open.tx.query(OLDEST, given);
  }
  const given = { ...filter, ...sortParameters(slice) };
  return slice.isFalling ? open.tx.query(FALLING, given) : open.tx.query(RISING, given);
}

function filterOf(open: OpenContext, query: DeploymentsQuery): Filter {
  const { status, kind, environment, cluster, module, version, requestedBy, from, to } = query;
  return {
    tenantId: open.tenantId,
    statuses: status ?? null,
    kinds: kind ?? null,
    environmentKey: environment === undefined ? null : environmentKey(environment),
    cluster: cluster ?? null,
    module: module ?? null,
    version: version ?? null,
    requestedBy: requestedBy ?? null,
    fromAt: from === undefined ? null : new Date(from),
    toAt: to === undefined ? null : new Date(to),
    text: query.text ?? null,
    scopes: scopesText(open.scopesOf(Permission.DeploymentsRead)),
  };
}
