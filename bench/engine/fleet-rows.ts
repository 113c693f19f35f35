/** Clusters and nodes of one tenant, as rows: nobody enrols ten thousand agents for a bench. */
import type { Rig } from './rig.js';

export interface Fleet {
  readonly environmentId: string;
  readonly clusters: readonly {
    readonly id: string;
    readonly name: string;
    readonly nodeIds: readonly string[];
  }[];
}

export interface FleetOptions {
  readonly clusters: number;
  /** Of each cluster. */
  readonly nodes: number;
  readonly strategy: object;
  readonly gate: object;
}

export async function fleetOf(rig: Rig, tenantId: string, options: FleetOptions): Promise<Fleet> {
  const [environment] = await rig.sql<{ id: string }>(
    `update environments set defaults = $2, on_conflict = 'queue'
     where tenant_id = $1 and name = 'QA' returning id`,
    [tenantId, JSON.stringify({ strategy: options.strategy, gate: options.gate })],
  );
  const clusters = await rig.sql<{ id: string; name: string; nodeIds: string[] }>(CLUSTERS_SQL, [
    tenantId,
    environment!.id,
    options.clusters,
    options.nodes,
  ]);
  return { environmentId: environment!.id, clusters };
}

// Presence lies a day ahead: nodes that say nothing must not count as lost.
const CLUSTERS_SQL = `
  with c as (
    insert into clusters (tenant_id, id, environment_id, name, target_kind)
    select $1::uuid, gen_random_uuid(), $2::uuid, 'c-' || i, 'agent'
    from generate_series(1, $3::int) as i
    returning id, name),
  n as (
    insert into nodes (tenant_id, id, cluster_id, name, public_key)
    select $1::uuid, gen_random_uuid(), c.id, 'node-' || i, 'key-' || gen_random_uuid()
    from c, generate_series(1, $4::int) as i
    returning id, cluster_id, name),
  p as (
    insert into node_presence (tenant_id, node_id, last_report_at, boot_id, agent_version, health,
      health_at, cpu_millicores, memory_mib)
    select $1::uuid, n.id, clock_timestamp() + interval '1 day', 'bench', '0', 'Healthy',
      clock_timestamp(), 4000, 8192 from n)
  select c.id, c.name, array_agg(n.id order by n.name) as "nodeIds"
  from c join n on n.cluster_id = c.id group by c.id, c.name order by c.name`;
