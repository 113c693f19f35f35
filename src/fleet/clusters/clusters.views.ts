/** Clusters as HTTP answers them: with what stands in other tables, in one statement. */
import { environmentKey } from '../../kernel/environment-key.js';
import { Permission } from '../../kernel/permission.js';
import type { OpenContext } from '../../platform/context.js';
import { inScopes, scopesText } from '../../platform/database/in-scopes.js';
import { statement } from '../../platform/database/statement.js';
import type { ClusterView } from './cluster.js';

const VIEW = `
  select cluster.id, cluster.name, environment.name as environment,
    cluster.target_kind as "targetKind", cluster.min_available as "minAvailable",
    cluster.max_in_flight as "maxInFlight", cluster.trusted_proxies as "trustedProxies",
    (select count(*)::int from nodes node where node.tenant_id = :tenantId
       and node.cluster_id = cluster.id and node.revoked_at is null) as nodes,
    cluster.version, cluster.created_at as "createdAt"
  from clusters cluster
  join environments environment
    on environment.tenant_id = :tenantId and environment.id = cluster.environment_id
  where cluster.tenant_id = :tenantId`;

const findView = statement<{ readonly tenantId: string; readonly id: string }, ClusterView>(
  'clusters.find-view',
  `${VIEW} and cluster.id = :id`,
);

const listViews = statement<
  {
    readonly tenantId: string;
    readonly environmentKey: string | null;
    readonly scopes: string | null;
    readonly before: string | null;
    readonly take: number;
  },
  ClusterView
>(
  'clusters.list-views',
  `${VIEW} and (:environmentKey::text is null or environment.name_key = :environmentKey)
     and ${inScopes({ environmentKey: 'environment.name_key' })}
     and (:before::uuid is null or cluster.id < :before)
   order by cluster.id desc limit :take`,
);

/** Undefined: there is no cluster with this id. */
export function clusterView(open: OpenContext, id: string): Promise<ClusterView | undefined> {
  return open.tx.first(findView, { tenantId: open.tenantId, id });
}

/** Newest first, before an id; of one environment when it is named; of those that may be read. */
export function clusterViews(
  open: OpenContext,
  environment: string | undefined,
  { before, take }: { readonly before: string | null; readonly take: number },
): Promise<ClusterView[]> {
  const key = environment === undefined ? null : environmentKey(environment);
  return open.tx.query(listViews, {
    tenantId: open.tenantId,
    environmentKey: key,
    scopes: scopesText(open.scopesOf(Permission.FleetRead)),
    before,
    take,
  });
}
