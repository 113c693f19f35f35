import { Injectable } from '@nestjs/common';
import { Targets } from '../../drivers/targets/targets.js';
import { newId } from '../../kernel/ids.js';
import { limits } from '../../kernel/limits.js';
import { canonicalNetwork } from '../../kernel/networks.js';
import { Audit } from '../../platform/audit/audit.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { versionMismatch } from '../../platform/http/http.errors.js';
import { idempotent } from '../../platform/http/idempotency.js';
import { newestFirst, type Page } from '../../platform/http/page.js';
import { Signal } from '../../platform/signal/signal.js';
import { environmentKey } from '../environments/environment.js';
import { CapacityChanged } from '../capacity-changed.js';
import { clusterExists, clusterLimit, clusterNotFound } from '../fleet.errors.js';
import { environmentByName } from '../fleet.queries.js';
import { tellNodes } from './tell-nodes.js';
import type { ClustersQuery, CreateClusterBody, ReplaceClusterBody } from './clusters.dto.js';

export interface ClusterView {
  readonly id: string;
  readonly name: string;
  readonly environment: string;
  readonly targetKind: string;
  readonly minAvailable: number;
  readonly maxInFlight: number | null;
  readonly trustedProxies: readonly string[];
  readonly nodes: number;
  readonly version: number;
  readonly createdAt: Date;
}

@Injectable()
export class ClustersService {
  constructor(
    private readonly database: Database,
    private readonly audit: Audit,
    private readonly targets: Targets,
    private readonly capacity: CapacityChanged,
    private readonly signal: Signal,
  ) {}

  list(ctx: Context, query: ClustersQuery): Promise<Page<ClusterView>> {
    const key = query.environment === undefined ? null : environmentKey(query.environment);
    return this.database.transaction(ctx, (open) =>
      newestFirst('clusters', query, (before, take) =>
        open.tx.query<ClusterView>(
          `${VIEW_SQL} and ($2::text is null or environment.name_key = $2)
             and ($3::uuid is null or cluster.id < $3)
           order by cluster.id desc limit $4`,
          [open.tenantId, key, before, take],
        ),
      ),
    );
  }

  get(ctx: Context, id: string): Promise<ClusterView> {
    return this.database.transaction(ctx, (open) => this.find(open, id));
  }

  async create(
    ctx: Context,
    request: CreateClusterBody,
    key: string | undefined,
  ): Promise<ClusterView> {
    this.targets.get(request.targetKind);
    const call = { key, route: 'POST /clusters', body: request };
    const answer = await idempotent(this.database, ctx, call, async (open) => {
      const cluster = await this.find(open, await this.insert(open, request));
      await this.append(open, 'cluster-created', cluster);
      return { status: 201, body: cluster };
    });
    return answer.body;
  }

  replace(
    ctx: Context,
    id: string,
    { version, rules }: { readonly version: number; readonly rules: ReplaceClusterBody },
  ): Promise<ClusterView> {
    return this.database.transaction(ctx, async (open) => {
      const before = await this.find(open, id);
      const changed = await open.tx.execute(
        `update clusters set min_available = $4, max_in_flight = $5, trusted_proxies = $6,
           version = version + 1
         where tenant_id = $1 and id = $2 and version = $3`,
        [
          open.tenantId,
          id,
          version,
          rules.minAvailable,
          rules.maxInFlight,
          spelled(rules.trustedProxies) ?? before.trustedProxies,
        ],
      );
      const cluster = await this.find(open, id);
      if (changed === 0) throw versionMismatch(cluster.version);
      await this.append(open, 'cluster-changed', cluster);
      if (before.maxInFlight !== cluster.maxInFlight) {
        await this.capacity.capacityChanged(open, id);
      }
      if (before.trustedProxies.join() !== cluster.trustedProxies.join()) {
        await tellNodes(open, this.signal, id);
      }
      return cluster;
    });
  }

  private async find(open: OpenContext, id: string): Promise<ClusterView> {
    const [cluster] = await open.tx.query<ClusterView>(`${VIEW_SQL} and cluster.id = $2`, [
      open.tenantId,
      id,
    ]);
    if (cluster) return cluster;
    throw clusterNotFound('There is no cluster with this id. GET /api/v1/clusters lists them.');
  }

  private async insert(open: OpenContext, request: CreateClusterBody): Promise<string> {
    const environment = await environmentByName(open, request.environment);
    const [count] = await open.tx.query<{ all: number }>(
      'select count(*) as all from clusters where tenant_id = $1 and environment_id = $2',
      [open.tenantId, environment.id],
    );
    if (count!.all >= limits.clustersPerEnvironment) {
      throw clusterLimit();
    }
    const id = newId();
    const added = await open.tx.execute(
      `insert into clusters (tenant_id, id, environment_id, name, target_kind, min_available,
         max_in_flight, trusted_proxies)
       values ($1, $2, $3, $4, $5, $6, $7, $8)
       on conflict (tenant_id, environment_id, name) do nothing`,
      [
        open.tenantId,
        id,
        environment.id,
        request.name,
        request.targetKind,
        request.minAvailable,
        request.maxInFlight,
        spelled(request.trustedProxies),
      ],
    );
    if (added === 1) return id;
    throw clusterExists(request.name, environment.name);
  }

  private append(open: OpenContext, action: string, cluster: ClusterView): Promise<void> {
    const {
      id,
      name,
      environment,
      targetKind,
      minAvailable,
      maxInFlight,
      trustedProxies,
      version,
    } = cluster;
    return this.audit.append(open, {
      category: 'fleet',
      action,
      subject: { kind: 'cluster', id },
      body: {
        name,
        environment,
        targetKind,
        minAvailable,
        maxInFlight,
        version,
        trustedProxies: [...trustedProxies],
      },
    });
  }
}

/** One spelling each, and each once. */
function spelled(networks: readonly string[] | undefined): string[] | undefined {
  return networks && [...new Set(networks.map(canonicalNetwork))];
}

const VIEW_SQL = `
  select cluster.id, cluster.name, environment.name as environment,
    cluster.target_kind as "targetKind", cluster.min_available as "minAvailable",
    cluster.max_in_flight as "maxInFlight", cluster.trusted_proxies as "trustedProxies",
    (select count(*)::int from nodes node where node.tenant_id = $1
       and node.cluster_id = cluster.id and node.revoked_at is null) as nodes,
    cluster.version, cluster.created_at as "createdAt"
  from clusters cluster
  join environments environment
    on environment.tenant_id = $1 and environment.id = cluster.environment_id
  where cluster.tenant_id = $1`;
