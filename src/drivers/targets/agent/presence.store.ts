/** The table `node_presence`: that a node is there, how it is, and what is odd about it. */
import type { ObservedModule, ReportRequest } from '../../../agent/protocol/protocol.js';
import { limits } from '../../../kernel/limits.js';
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import type { SystemTransaction } from '../../../platform/database/transaction.js';
import { isLostSql } from './node-health.js';

type NamedNode = { readonly tenantId: string; readonly nodeId: string };

/**
 * The node is there, says this report; unless it is another machine that still reports. Fragment, over `node`:
 * the row of :nodeId, unless it was revoked. A row of it means that the report counts.
 */
export const TOUCH_PRESENCE = `
    insert into node_presence as own (tenant_id, node_id, last_report_at, boot_id, agent_version,
      accepted_revision, health, health_at, cpu_millicores, memory_mib)
    select :tenantId, id, clock_timestamp(), :bootId, :agentVersion, :revision, :health,
      clock_timestamp(), :cpuMillicores::int, :memoryMiB::int from node
    on conflict (tenant_id, node_id) do update set
      last_report_at = excluded.last_report_at, boot_id = excluded.boot_id,
      agent_version = excluded.agent_version, accepted_revision = excluded.accepted_revision,
      health = excluded.health, cpu_millicores = excluded.cpu_millicores,
      memory_mib = excluded.memory_mib, settled_as = null,
      health_at = case
        when own.health = excluded.health and not (${isLostSql('own')})
        then own.health_at else excluded.health_at end,
      -- The other machine has fallen silent, as one does that was started again.
      suspected_at = case when own.boot_id <> excluded.boot_id and own.suspicion = 'duplicated'
        then null else own.suspected_at end
    where own.boot_id = excluded.boot_id or ${isLostSql('own')}
    returning node_id`;

/** Its parameters. */
export interface Touch extends NamedNode {
  readonly bootId: string;
  readonly agentVersion: string;
  readonly revision: number;
  readonly health: string;
  readonly cpuMillicores: number | null;
  readonly memoryMiB: number | null;
}

export function touchOf(open: OpenContext, report: ReportRequest): Touch {
  const { bootId, agentVersion, revision, observed, capacity } = report;
  return {
    tenantId: open.tenantId,
    nodeId: open.actor.id,
    bootId,
    agentVersion,
    revision,
    health: observed.some(needsPerson) ? 'Unhealthy' : 'Healthy',
    cpuMillicores: capacity?.cpuMillicores ?? null,
    memoryMiB: capacity?.memoryMiB ?? null,
  };
}

/**
 * A crash inside a hook that must not be repeated, with nothing running since: a person has to look
 * at the node. A release that fails is the module's trouble, not the node's; a fix must get there.
 */
function needsPerson(module: ObservedModule): boolean {
  return module.state === 'outcome-unknown' && module.running.length === 0;
}

const settle = statement<NamedNode & { readonly digest: string; readonly revision: number }>(
  'presence.settle',
  `update node_presence set settled_as = :digest, settled_revision = :revision,
     settled_at = clock_timestamp()
   where tenant_id = :tenantId and node_id = :nodeId`,
);

/**
 * Nothing follows from what the node says, as long as it says that and its desired state has that revision.
 * In the transaction that has looked.
 */
export async function settlePresence(
  open: OpenContext,
  said: { readonly digest: string; readonly revision: number },
): Promise<void> {
  const { tenantId, actor } = open;
  await open.tx.execute(settle, { tenantId, nodeId: actor.id, ...said });
}

/** How long whoever looks at the node is shown what was odd about it. Fragment, an interval. */
export const SUSPICION_SHOWN = `interval '${limits.suspicionShownMs} milliseconds'`;

const suspect = statement<
  NamedNode & { readonly kind: string; readonly message: string },
  { readonly isNew: boolean }
>(
  'presence.suspect',
  `with before as (
     select coalesce(
       suspicion is distinct from :kind or suspected_at < clock_timestamp() - ${SUSPICION_SHOWN},
       true) as is_new
     from node_presence where tenant_id = :tenantId and node_id = :nodeId for update
   ), noted as (
     update node_presence set suspicion = :kind, suspicion_message = :message,
       suspected_at = clock_timestamp()
     where tenant_id = :tenantId and node_id = :nodeId
   )
   select is_new as "isNew" from before`,
);

/** False: it was suspected of that already, or has never reported. */
export async function suspectNode(
  open: OpenContext,
  suspicion: { readonly nodeId: string; readonly kind: string; readonly message: string },
): Promise<boolean> {
  const { nodeId, kind, message } = suspicion;
  const before = await open.tx.first(suspect, { tenantId: open.tenantId, nodeId, kind, message });
  return before?.isNew ?? false;
}

const countDrifted = statement<Record<never, never>, { readonly nodes: number }>(
  'presence.count-drifted',
  `select count(*)::int as nodes from node_presence presence
   where drifted_modules > 0 and not ${isLostSql('presence')}`,
);

/** Of all tenants: nodes that run something else than they were told, and are not Lost. */
export async function countDriftedNodes(tx: SystemTransaction): Promise<number> {
  const counted = await tx.first(countDrifted);
  return counted?.nodes ?? 0;
}
