/** Clusters as HTTP answers them: with what stands in other tables, in one statement. */
import { environmentKey } from '../../kernel/environment-key.js';
import { Permission } from '../../kernel/permission.js';
import type { OpenContext } from '../../platform/context.js';
import { inScopes, scopesText } from '../../platform/database/in-scopes.js';
import {
  hasText,
  FILTERED,
  pageAfter,
  sortParameters,
  type SortParameters,
  sortText,
  wordText,
} from '../../platform/database/sorting.js';
import { statement } from '../../platform/database/statement.js';
import type { SortedSlice } from '../../platform/http/sorted-page.js';
import type { ClusterView } from './cluster.js';
import type { ClustersQuery } from './clusters.dto.js';

const COLUMNS = `
  select cluster.id, cluster.name, environment.name as environment,
    cluster.target_kind as "targetKind", cluster.min_available as "minAvailable",
    cluster.max_in_flight as "maxInFlight", cluster.trusted_proxies as "trustedProxies",
    (select count(*)::int from nodes node where node.tenant_id = :tenantId
       and node.cluster_id = cluster.id and node.revoked_at is null) as nodes,
    cluster.version, cluster.created_at as "createdAt"`;
const TABLES = `
  from clusters cluster
  join environments environment
    on environment.tenant_id = :tenantId and environment.id = cluster.environment_id
  where cluster.tenant_id = :tenantId`;

const findView = statement<{ readonly tenantId: string; readonly id: string }, ClusterView>(
  'clusters.find-view',
  `${COLUMNS} ${TABLES} and cluster.id = :id`,
);

const SORT = sortText({
  createdAt: `''`,
  name: wordText('cluster.name'),
  environment: wordText('environment.name'),
});

interface ClusterFilter extends SortParameters {
  readonly tenantId: string;
  readonly environmentKey: string | null;
  readonly text: string | null;
  readonly scopes: string | null;
}

type ListedCluster = ClusterView & { readonly sortValue: string };

const listSql = (isFalling: boolean): string => {
  const { condition, order } = pageAfter('"sortValue"', 'id', { isFalling });
  return `select * from (${COLUMNS}, ${SORT} as "sortValue" ${TABLES}
      and (:environmentKey::text is null or environment.name_key = :environmentKey)
      and ${hasText(['cluster.name'])}
      and ${inScopes({ environmentKey: 'environment.name_key' })}) as found
    where ${condition} ${order}`;
};

const FALLING = statement<ClusterFilter, ListedCluster>(
  'clusters.list-falling',
  listSql(true),
  FILTERED,
);
const RISING = statement<ClusterFilter, ListedCluster>(
  'clusters.list-rising',
  listSql(false),
  FILTERED,
);

/** Undefined: there is no cluster with this id. */
export function clusterView(open: OpenContext, id: string): Promise<ClusterView | undefined> {
  return open.tx.first(findView, { tenantId: open.tenantId, id });
}

/** In the order that is asked for; of one environment when it is named; of those that may be read. */
export function clusterViews(
  open: OpenContext,
  { environment, text }: Pick<ClustersQuery, 'environment' | 'text'>,
  slice: SortedSlice,
): Promise<ListedCluster[]> {
  const given = {
    ...sortParameters(slice),
    tenantId: open.tenantId,
    environmentKey: environment === undefined ? null : environmentKey(environment),
    text: text ?? null,
    scopes: scopesText(open.scopesOf(Permission.FleetRead)),
  };
  return slice.isFalling ? open.tx.query(FALLING, given) : open.tx.query(RISING, given);
}
