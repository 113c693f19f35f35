/**
 * Reports from which nothing follows, of several nodes of a tenant in one statement: they say what they said
 * before, on the same machine, and have been told nothing since. Each is taken whole or not at all; one that
 * is not quiet leaves no trace here and is looked at by itself (reports.store.ts).
 */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import { hasMissedSql } from './module-targets.store.js';
import { isLostSql } from './node-health.js';

/** Looked at in full once in so long all the same: who has changed rows by hand finds them healed. */
const SETTLED_FOR = `interval '60 seconds'`;

export interface QuietReport {
  readonly nodeId: string;
  readonly bootId: string;
  readonly agentVersion: string;
  readonly revision: number;
  readonly cpuMillicores: number | null;
  readonly memoryMiB: number | null;
  /** Of what it says that it runs. */
  readonly digest: string;
  readonly metrics: readonly object[];
}

// What is asked of the presence is asked where it is written, and so once more when another report of the node
// was faster: it may have said something else.
const takeQuiet = statement<
  {
    readonly tenantId: string;
    /** JSON. */
    readonly reports: string;
  },
  { readonly nodeId: string; readonly revision: number }
>(
  'reports.take-quiet',
  `with asked as materialized (
    select item.*, node.desired_revision
    from json_to_recordset(:reports::json) as item ("nodeId" uuid, "bootId" text, "agentVersion" text,
      revision bigint, "cpuMillicores" int, "memoryMiB" int, digest text, metrics json)
    join nodes node on node.tenant_id = :tenantId and node.id = item."nodeId"
    where node.revoked_at is null and item.revision <= node.desired_revision and not ${hasMissedSql}
  ), presence as (
    update node_presence as own set last_report_at = clock_timestamp(),
      agent_version = asked."agentVersion", accepted_revision = asked.revision,
      cpu_millicores = asked."cpuMillicores", memory_mib = asked."memoryMiB"
    from asked
    where own.tenant_id = :tenantId and own.node_id = asked."nodeId" and own.boot_id = asked."bootId"
      and own.settled_as = asked.digest and own.settled_revision = asked.desired_revision
      and own.settled_at > clock_timestamp() - ${SETTLED_FOR} and not ${isLostSql('own')}
    returning own.node_id
  ), measured as (
    insert into node_metrics (tenant_id, node_id, module_id, release_id, instance, at, requests,
      errors, cpu_ms, memory_bytes, counters)
    select :tenantId, presence.node_id, item."moduleId", item."releaseId", item.instance,
      statement_timestamp() - item."ageMs" * interval '1 millisecond', item.requests, item.errors,
      item."cpuMs", item."memoryBytes", item.counters
    from presence join asked on asked."nodeId" = presence.node_id
    cross join json_to_recordset(asked.metrics) as item ("moduleId" uuid, "releaseId" uuid,
      instance text, "ageMs" float8, requests bigint, errors bigint, "cpuMs" float8,
      "memoryBytes" bigint, counters json)
  )
  select presence.node_id as "nodeId", asked.desired_revision as revision
  from presence join asked on asked."nodeId" = presence.node_id`,
);

/** Answers the desired revisions of the nodes whose reports were taken; of the others nothing was written. */
export async function takeQuietReports(
  open: OpenContext,
  reports: readonly QuietReport[],
): Promise<ReadonlyMap<string, number>> {
  const { tenantId } = open;
  const taken = await open.tx.query(takeQuiet, { tenantId, reports: JSON.stringify(reports) });
  return new Map(taken.map(({ nodeId, revision }) => [nodeId, revision]));
}
