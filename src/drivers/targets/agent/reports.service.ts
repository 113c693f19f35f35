import { Injectable } from '@nestjs/common';
import {
  PROTOCOL,
  type ReportRequest,
  type ReportResponse,
} from '../../../agent/protocol/protocol.js';
import type { Counter } from 'prom-client';
import { limits } from '../../../kernel/limits.js';
import { Config } from '../../../platform/config/config.js';
import type { Context, OpenContext } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { validationFailed } from '../../../platform/http/http.errors.js';
import { Metrics } from '../../../platform/metrics/metrics.js';
import { CatchUp } from './catch-up.js';
import { repairDrift } from './drift.store.js';
import { insertMetrics } from './node-metrics.store.js';
import { bootOf } from './node-context.js';
import { NodeDuplicates } from './node-duplicates.js';
import { touchPresence, type ReportingNode } from './presence.store.js';
import { writeObserved, type RefusedRow } from './observed.store.js';
import { nodeReported, nodeTold } from './nodes.events.js';
import { noteSuspicion } from './node-suspicions.js';
import { raiseRevision } from './nodes.store.js';

/** Takes in what a node says of itself: presence, observed state and metrics in one transaction. */
@Injectable()
export class ReportsService {
  private readonly refusedRows: Counter;

  constructor(
    private readonly database: Database,
    private readonly config: Config,
    private readonly duplicates: NodeDuplicates,
    private readonly latecomers: CatchUp,
    metrics: Metrics,
  ) {
    this.refusedRows = metrics.counter({
      name: 'node_report_rows_refused_total',
      help: 'Rows of reports that cannot be: a generation that nobody was told, a release of another module',
    });
  }

  async report(ctx: Context, report: ReportRequest): Promise<ReportResponse> {
    checkUnique(report);
    const boot = bootOf(ctx);
    checkBoot(report, boot);
    const nodeId = ctx.actor.id;
    const revision = await this.database
      .transaction(ctx, async (open) => {
        open.tx.commitsAs('report');
        const node = await touchPresence(open, report);
        if (!node.isServed) throw new ReportsElsewhere(node.name);
        const { changedModuleIds, refused } = await writeObserved(open, report.observed);
        await this.suspect(open, node, report, refused);
        await insertMetrics(open, nodeId, report.metrics);
        const moved =
          (await this.latecomers.catchUp(open, nodeId, node.clusterId)) +
          (await repairDrift(open, nodeId));
        const healed = await healRevision(open, report.revision, node.revision + moved);
        if (moved > 0 || healed !== null) await open.record(nodeTold(nodeId, {}));
        if (changedModuleIds.length > 0) {
          const { clusterId } = node;
          await open.record(nodeReported(nodeId, { clusterId, changedModuleIds }));
        }
        return healed ?? node.revision + moved;
      })
      .catch(async (error: unknown) => {
        if (!(error instanceof ReportsElsewhere)) throw error;
        const { tenantId } = ctx;
        throw await this.duplicates.refusal({ tenantId, nodeId, name: error.node }, boot);
      });
    return { protocol: PROTOCOL, reportIntervalMs: this.config.reportIntervalMs, revision };
  }

  /** What cannot be is taken for said by mistake or on purpose; the rest of the report counts. */
  private async suspect(
    open: OpenContext,
    node: ReportingNode,
    report: ReportRequest,
    refused: readonly RefusedRow[],
  ): Promise<void> {
    const isAhead = report.revision > node.revision + limits.aheadOfDatabase;
    if (refused.length === 0 && !isAhead) return;
    this.refusedRows.inc(refused.length + (isAhead ? 1 : 0));
    const [first] = refused;
    const what = first
      ? `generation ${first.generation} of module "${first.module}"`
      : `revision ${report.revision}`;
    const message = `The node has reported ${what}, which it was never told, or a release of another module. That was not taken over. Its agent is broken, or somebody speaks in its name.`;
    await noteSuspicion(open, {
      kind: 'implausible',
      nodeId: open.actor.id,
      name: node.name,
      message,
    });
  }
}

/** Takes the transaction back; what is said about it is written down in another one. */
class ReportsElsewhere extends Error {
  constructor(readonly node: string) {
    super('the node reports from another machine');
  }
}

/** Else a machine could be let in as one and be remembered as another. */
function checkBoot(report: ReportRequest, boot: string): void {
  if (report.bootId === boot) return;
  throw validationFailed('bootId: must be the `boot` of the token that the node has signed.');
}

function checkUnique(report: ReportRequest): void {
  const moduleIds = new Set(report.observed.map((module) => module.moduleId));
  if (moduleIds.size === report.observed.length) return;
  throw validationFailed('observed: a module must not occur twice in one report.');
}

/**
 * A node ahead of the database has seen a later state: the database was restored from a backup. The
 * revision jumps past the node's, or the node would wait for a number that comes much later.
 */
async function healRevision(
  open: OpenContext,
  accepted: number,
  known: number,
): Promise<number | null> {
  if (accepted <= known || accepted > known + limits.aheadOfDatabase) return null;
  return raiseRevision(open, open.actor.id, accepted);
}
