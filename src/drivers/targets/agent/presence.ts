import type { ObservedModule, ReportRequest } from '../../../agent/protocol/protocol.js';
import type { OpenContext } from '../../../platform/context.js';
import { nodeRevoked } from './agent.errors.js';
import { isLostSql } from './node-health.js';

export interface ReportingNode {
  readonly name: string;
  readonly clusterId: string;
  readonly revision: number;
  /** False: it reports from another machine. */
  readonly isServed: boolean;
}

/** The node is there, says this report; unless it is another machine that still reports. */
export async function touchPresence(
  open: OpenContext,
  report: ReportRequest,
): Promise<ReportingNode> {
  const health = report.observed.some(needsPerson) ? 'Unhealthy' : 'Healthy';
  const [node] = await open.tx.query<ReportingNode>(PRESENCE_SQL, [
    open.tenantId,
    open.actor.id,
    report.bootId,
    report.agentVersion,
    report.revision,
    health,
    report.capacity?.cpuMillicores ?? null,
    report.capacity?.memoryMiB ?? null,
  ]);
  if (node) return node;
  throw nodeRevoked();
}

/**
 * A crash inside a hook that must not be repeated, with nothing running since: a person has to look
 * at the node. A release that fails is the module's trouble, not the node's; a fix must get there.
 */
function needsPerson(module: ObservedModule): boolean {
  return module.state === 'outcome-unknown' && module.running.length === 0;
}

const PRESENCE_SQL = `
  with node as (
    select id, name, cluster_id, desired_revision from nodes
    where tenant_id = $1 and id = $2 and revoked_at is null
  ), presence as (
    insert into node_presence as own (tenant_id, node_id, last_report_at, boot_id, agent_version,
      accepted_revision, health, health_at, cpu_millicores, memory_mib)
    select $1, id, clock_timestamp(), $3, $4, $5, $6, clock_timestamp(), $7::int, $8::int from node
    on conflict (tenant_id, node_id) do update set
      last_report_at = excluded.last_report_at, boot_id = excluded.boot_id,
      agent_version = excluded.agent_version, accepted_revision = excluded.accepted_revision,
      health = excluded.health, cpu_millicores = excluded.cpu_millicores,
      memory_mib = excluded.memory_mib,
      health_at = case
        when own.health = excluded.health and not (${isLostSql('own')})
        then own.health_at else excluded.health_at end,
      -- The other machine has fallen silent, as one does that was started again.
      suspected_at = case when own.boot_id <> excluded.boot_id and own.suspicion = 'duplicated'
        then null else own.suspected_at end
    where own.boot_id = excluded.boot_id or ${isLostSql('own')}
    returning node_id
  )
  select name, cluster_id as "clusterId", desired_revision as revision,
    exists (select from presence) as "isServed" from node`;
