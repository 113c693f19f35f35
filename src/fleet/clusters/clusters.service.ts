import { Injectable } from '@nestjs/common';
import { nodeTold } from '../../drivers/targets/agent/nodes.events.js';
import { bumpClusterNodes } from '../../drivers/targets/agent/nodes.store.js';
import { Targets } from '../../drivers/targets/targets.js';
import { newId } from '../../kernel/ids.js';
import { limits } from '../../kernel/limits.js';
import { canonicalNetwork } from '../../kernel/networks.js';
import { Permission } from '../../kernel/permission.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { insertNew } from '../../platform/database/entity-rows.js';
import { versionMismatch } from '../../platform/http/http.errors.js';
import { idempotent } from '../../platform/http/idempotency.js';
import type { Page } from '../../platform/http/page.js';
import { sorted } from '../../platform/http/sorted-page.js';
import { changing } from '../../platform/events/changing.js';
import { QuotaCounts } from '../../tenancy/quotas/quota-counts.js';
import { takeQuota } from '../../tenancy/quotas/quotas.events.js';
import { capacityChanged } from '../capacity.events.js';
import { clusterExists, clusterLimit, clusterNotFound } from '../fleet.errors.js';
import { environmentByName } from '../fleet.queries.js';
import { ClusterEntity } from './cluster.entity.js';
import type { ClusterView } from './cluster.js';
import type { ClustersQuery, CreateClusterBody, ReplaceClusterBody } from './clusters.dto.js';
import { clusterChanged, clusterCreated, factsOf } from './clusters.events.js';
import { clusterView, clusterViews } from './clusters.views.js';

@Injectable()
export class ClustersService {
  constructor(
    private readonly database: Database,
    private readonly targets: Targets,
    counts: QuotaCounts,
  ) {
    counts.register('clusters', (open) =>
      open.tx.repository(ClusterEntity).countBy({ tenantId: open.tenantId }),
    );
  }

  list(ctx: Context, query: ClustersQuery): Promise<Page<ClusterView>> {
    return this.database.transaction(ctx, (open) =>
      sorted('clusters', query, {
        first: '-createdAt',
        age: 'createdAt',
        read: (slice) => clusterViews(open, query, slice),
      }),
    );
  }

  /** Throws `cluster-not-found`. */
  get(ctx: Context, id: string): Promise<ClusterView> {
    return this.database.transaction(ctx, (open) => find(open, id));
  }

  /** Throws `unknown-target`, `environment-not-found`, `cluster-limit`, `cluster-exists`, `quota-exceeded`. */
  async create(
    ctx: Context,
    request: CreateClusterBody,
    key: string | undefined,
  ): Promise<ClusterView> {
    ctx.require(Permission.FleetManage, { environment: request.environment });
    this.targets.get(request.targetKind);
    const call = { key, route: 'POST /clusters', body: request };
    const answer = await idempotent(this.database, ctx, call, async (open) => {
      const cluster = await find(open, await insert(open, request));
      await open.record(
        changing(clusterCreated(cluster.id, factsOf(cluster)), { before: null, after: cluster }),
      );
      await takeQuota(open, 'clusters');
      return { status: 201, body: cluster };
    });
    return answer.body;
  }

  /** Throws `cluster-not-found`, `version-mismatch`. */
  replace(
    ctx: Context,
    id: string,
    change: { readonly version: number; readonly rules: ReplaceClusterBody },
  ): Promise<ClusterView> {
    const { version, rules } = change;
    return this.database.transaction(ctx, async (open) => {
      const { tenantId } = open;
      const before = await find(open, id);
      open.require(Permission.FleetManage, { environment: before.environment });
      const trustedProxies = spelled(rules.trustedProxies ?? before.trustedProxies);
      const clusters = open.tx.repository(ClusterEntity);
      const { affected } = await clusters.update(
        { tenantId, id, version },
        { ...rules, trustedProxies },
      );
      const cluster = await find(open, id);
      if (affected === 0) throw versionMismatch(cluster.version);
      await open.record(changing(clusterChanged(id, factsOf(cluster)), { before, after: cluster }));
      if (before.maxInFlight !== cluster.maxInFlight) await open.record(capacityChanged(id, {}));
      if (before.trustedProxies.join() !== cluster.trustedProxies.join()) await tellNodes(open, id);
      return cluster;
    });
  }
}

/** By whoever reads its environment's fleet, or changes it. */
function mayBeSeen(ctx: Context, { environment }: ClusterView): boolean {
  const { FleetRead, FleetManage } = Permission;
  return ctx.can(FleetRead, { environment }) || ctx.can(FleetManage, { environment });
}

async function find(open: OpenContext, id: string): Promise<ClusterView> {
  const cluster = await clusterView(open, id);
  if (cluster && mayBeSeen(open, cluster)) return cluster;
  throw clusterNotFound('There is no cluster with this id. GET /api/v1/clusters lists them.');
}

/** Answers its id. Throws `environment-not-found`, `cluster-limit`, `cluster-exists`. */
async function insert(open: OpenContext, request: CreateClusterBody): Promise<string> {
  const { tenantId } = open;
  const { environment: environmentName, ...facts } = request;
  const environment = await environmentByName(open, environmentName);
  const clusters = open.tx.repository(ClusterEntity);
  const count = await clusters.countBy({ tenantId, environmentId: environment.id });
  if (count >= limits.clustersPerEnvironment) throw clusterLimit();
  const [added] = await insertNew(clusters, {
    ...facts,
    trustedProxies: spelled(request.trustedProxies),
    tenantId,
    id: newId(),
    environmentId: environment.id,
  });
  if (added) return added.id;
  throw clusterExists(request.name, environment.name);
}

async function tellNodes(open: OpenContext, clusterId: string): Promise<void> {
  for (const id of await bumpClusterNodes(open, clusterId)) await open.record(nodeTold(id, {}));
}

/** One spelling each, and each once. */
function spelled(networks: readonly string[]): string[] {
  return [...new Set(networks.map(canonicalNetwork))];
}
