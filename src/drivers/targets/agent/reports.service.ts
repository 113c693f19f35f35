import { Inject, Injectable, Optional } from '@nestjs/common';
import {
  PROTOCOL,
  type ObservedModule,
  type ReportRequest,
  type ReportResponse,
} from '../../../agent/protocol/protocol.js';
import { DomainError } from '../../../kernel/errors.js';
import { Config } from '../../../platform/config/config.js';
import type { Context } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { Signal } from '../../../platform/signal/signal.js';
import { Topic } from '../../../platform/signal/topics.js';
import { catchUp } from './catch-up.js';
import { repairDrift } from './drift.js';
import { insertMetrics } from './metric-rows.js';
import { isLostSql } from './node-health.js';
import { nodeRevoked } from './node-revoked.js';
import { NodeReported } from './node-reported.js';

/** Takes in what a node says of itself: presence, observed state and metrics in one transaction. */
@Injectable()
export class ReportsService {
  constructor(
    private readonly database: Database,
    private readonly signal: Signal,
    private readonly config: Config,
    @Optional() @Inject(NodeReported) private readonly listener?: NodeReported,
  ) {}

  async report(context: Context, report: ReportRequest): Promise<ReportResponse> {
    checkUnique(report);
    const nodeId = context.actor.id;
    const revision = await this.database.transaction(context, async (ctx) => {
      ctx.tx.commitsAs('report');
      const node = await this.touch(ctx, report);
      const changedModuleIds = await this.observe(ctx, report.observed);
      await insertMetrics(ctx, nodeId, report.metrics);
      const moved = (await catchUp(ctx, nodeId)) + (await repairDrift(ctx, nodeId));
      const healed = await healRevision(ctx, report.revision, node.revision + moved);
      this.tellAfterCommit(ctx, node.clusterId, changedModuleIds, moved > 0 || healed !== null);
      return healed ?? node.revision + moved;
    });
    return { protocol: PROTOCOL, reportIntervalMs: this.config.reportIntervalMs, revision };
  }

  private async touch(
    ctx: Context,
    report: ReportRequest,
  ): Promise<{ clusterId: string; revision: number }> {
    const health = report.observed.some(needsPerson) ? 'Unhealthy' : 'Healthy';
    const [node] = await ctx.tx.query<{ clusterId: string; revision: number }>(PRESENCE_SQL, [
      ...[ctx.tenantId, ctx.actor.id, report.bootId, report.agentVersion],
      ...[report.revision, health],
      ...[report.capacity?.cpuMillicores ?? null, report.capacity?.memoryMiB ?? null],
    ]);
    if (node) return node;
    throw nodeRevoked();
  }

  /** Writes only what differs and answers which modules did. */
  private async observe(ctx: Context, observed: readonly ObservedModule[]): Promise<string[]> {
    if (observed.length === 0) return [];
    const rows = await ctx.tx.query<{ moduleId: string }>(OBSERVE_SQL, [
      ...[ctx.tenantId, ctx.actor.id, JSON.stringify(observed)],
    ]);
    return rows.map((row) => row.moduleId);
  }

  private tellAfterCommit(
    ctx: Context,
    clusterId: string,
    changedModuleIds: readonly string[],
    hasNewDesired: boolean,
  ): void {
    const { tenantId, actor } = ctx;
    if (hasNewDesired) ctx.tx.afterCommit(() => this.signal.publish(Topic.Desired, actor.id));
    if (changedModuleIds.length === 0) return;
    ctx.tx.afterCommit(() => this.signal.publish(Topic.Observed, clusterId));
    ctx.tx.afterCommit(() =>
      this.listener?.nodeReported({ tenantId, nodeId: actor.id, clusterId, changedModuleIds }),
    );
  }
}

/**
 * A crash inside a hook that must not be repeated, with nothing running since: a person has to look
 * at the node. A release that fails is the module's trouble, not the node's; a fix must get there.
 */
function needsPerson(module: ObservedModule): boolean {
  return module.state === 'outcome-unknown' && module.running.length === 0;
}

function checkUnique(report: ReportRequest): void {
  const moduleIds = new Set(report.observed.map((module) => module.moduleId));
  if (moduleIds.size === report.observed.length) return;
  throw new DomainError(
    'invalid',
    'validation-failed',
    'observed: a module must not occur twice in one report.',
  );
}

/**
 * A node ahead of the database has seen a later state: the database was restored from a backup. The
 * revision jumps past the node's, or the node would wait for a number that comes much later.
 */
async function healRevision(ctx: Context, accepted: number, known: number): Promise<number | null> {
  if (accepted <= known || accepted > Number.MAX_SAFE_INTEGER - 1) return null;
  const [row] = await ctx.tx.query<{ revision: number }>(
    `update nodes set desired_revision = greatest(desired_revision, $3::bigint) + 1
     where tenant_id = $1 and id = $2 and desired_revision < $3 returning desired_revision as revision`,
    [ctx.tenantId, ctx.actor.id, accepted],
  );
  return row?.revision ?? null;
}

const PRESENCE_SQL = `
  with node as (
    select id, cluster_id, desired_revision from nodes
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
        then own.health_at else excluded.health_at end
  )
  select cluster_id as "clusterId", desired_revision as revision from node`;

// Unknown modules are left out: the node may still know one that a restored backup does not.
const OBSERVE_SQL = `
  insert into observed_modules as own
    (tenant_id, node_id, module_id, generation, state, running, reason, down, endpoints)
  select $1, $2, item."moduleId", item.generation, item.state, item.running, item.reason,
    coalesce(item.down, '[]'), item.endpoints
  from jsonb_to_recordset($3::jsonb) as item ("moduleId" uuid, generation bigint, state text,
    running jsonb, reason jsonb, down jsonb, endpoints jsonb)
  join modules module on module.tenant_id = $1 and module.id = item."moduleId"
  order by item."moduleId"
  on conflict (tenant_id, node_id, module_id) do update set
    generation = excluded.generation, state = excluded.state, running = excluded.running,
    reason = excluded.reason, down = excluded.down, endpoints = excluded.endpoints,
    at = clock_timestamp()
  where (own.generation, own.state, own.running, own.reason, own.down, own.endpoints)
    is distinct from (excluded.generation, excluded.state, excluded.running, excluded.reason,
      excluded.down, excluded.endpoints)
  returning module_id as "moduleId"`;
