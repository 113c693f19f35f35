import { isDriftSql } from '../../drivers/targets/agent/drift.js';
import { suspicionSql, type SuspicionKind } from '../../drivers/targets/agent/node-suspicions.js';
import type { ObservedState } from '../../drivers/targets/target.js';
import { NODE_STATE_SINCE_SQL, NODE_STATE_SQL, type NodeState } from './node-state.js';

interface ReleaseName {
  readonly releaseId: string;
  readonly version: string;
}

export interface NodeModuleView {
  readonly moduleId: string;
  readonly name: string;
  readonly generation: number;
  readonly observedGeneration: number;
  readonly state: ObservedState | null;
  readonly desired: readonly ReleaseName[];
  readonly running: readonly ReleaseName[];
  readonly reason: { readonly code: string; readonly message: string } | null;
  readonly endpoints: readonly string[];
  readonly drift: boolean;
}

export interface NodeView {
  readonly id: string;
  readonly name: string;
  readonly environment: string;
  readonly cluster: string;
  readonly clusterId: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: NodeState;
  readonly stateSince: Date;
  readonly agentVersion: string | null;
  readonly lastReportAt: Date | null;
  readonly createdAt: Date;
  readonly drift: boolean;
  readonly suspicion: {
    readonly kind: SuspicionKind;
    readonly message: string;
    readonly at: string;
  } | null;
  readonly modules: readonly NodeModuleView[];
}

const releaseNames = (list: string) => `
  coalesce((
    select jsonb_agg(jsonb_build_object('releaseId', release.id, 'version', release.version))
    from jsonb_array_elements(${list}) as item
    join releases release
      on release.tenant_id = $1 and release.id = (item ->> 'releaseId')::uuid), '[]')`;

const MODULES_SQL = `
  select jsonb_agg(jsonb_build_object(
      'moduleId', module.id, 'name', module.name,
      'generation', coalesce(desired.generation, 0),
      'observedGeneration', coalesce(seen.generation, 0), 'state', seen.state,
      'desired', ${releaseNames('desired.releases')},
      'running', ${releaseNames('seen.running')},
      'reason', seen.reason, 'endpoints', coalesce(seen.endpoints, '[]'),
      'drift', ${isDriftSql('desired', 'seen')}) order by module.name) as list,
    bool_or(${isDriftSql('desired', 'seen')}) as drift
  from (select * from desired_modules where tenant_id = $1 and node_id = chosen.id) as desired
  full join (select * from observed_modules where tenant_id = $1 and node_id = chosen.id) as seen
    on seen.module_id = desired.module_id
  join modules module
    on module.tenant_id = $1 and module.id = coalesce(desired.module_id, seen.module_id)`;

/**
 * Nodes with what they run, in one statement however many there are. The page is cut before the
 * modules are looked up. `$1` is the tenant; the condition may use more.
 */
export const nodeViewSql = (condition: string, limit: string): string => `
  with chosen as (
    select node.id, node.name, environment.name as environment, cluster.name as cluster,
      node.cluster_id, node.labels, ${NODE_STATE_SQL} as state,
      ${NODE_STATE_SINCE_SQL} as state_since, presence.agent_version, presence.last_report_at,
      node.created_at, ${suspicionSql('presence')} as suspicion
    from nodes node
    join clusters cluster on cluster.tenant_id = $1 and cluster.id = node.cluster_id
    join environments environment
      on environment.tenant_id = $1 and environment.id = cluster.environment_id
    left join node_presence presence on presence.tenant_id = $1 and presence.node_id = node.id
    where node.tenant_id = $1 and node.revoked_at is null and ${condition}
    order by node.id desc limit ${limit}
  )
  select chosen.id, chosen.name, chosen.environment, chosen.cluster,
    chosen.cluster_id as "clusterId", chosen.labels, chosen.state,
    chosen.state_since as "stateSince", chosen.agent_version as "agentVersion",
    chosen.last_report_at as "lastReportAt", chosen.created_at as "createdAt",
    chosen.suspicion, coalesce(modules.drift, false) as drift, coalesce(modules.list, '[]') as modules
  from chosen left join lateral (${MODULES_SQL}) as modules on true
  order by chosen.id desc`;
