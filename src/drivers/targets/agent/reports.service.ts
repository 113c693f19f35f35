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
import { bootOf } from './node-context.js';
import { NodeDuplicates } from './node-duplicates.js';
import { settlePresence } from './presence.store.js';
import { observedDigest, QuietReports } from './quiet-reports.js';
import { nodeReported, nodeTold } from './nodes.events.js';
import { noteSuspicion } from './node-suspicions.js';
import { raiseRevision } from './nodes.store.js';
import { takeReport, type TakenReport } from './reports.store.js';

/**
 * Takes in what a node says of itself: presence, observed state and metrics in one transaction, which is
 * committed when the node has its answer.
 */
@Injectable()
export class ReportsService {
  private readonly refusedRows: Counter;

  constructor(
    private readonly database: Database,
    private readonly config: Config,
    private readonly duplicates: NodeDuplicates,
    private readonly latecomers: CatchUp,
    private readonly quiet: QuietReports,
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
    const digest = observedDigest(report);
    const revision =
      (await this.quiet.take(ctx, report, digest)) ?? (await this.take(ctx, report, digest));
    return { protocol: PROTOCOL, reportIntervalMs: this.config.reportIntervalMs, revision };
  }

  /** Looks at all of it, and does what follows. Answers the node's desired revision. */
  private async take(ctx: Context, report: ReportRequest, digest: string): Promise<number> {
    const nodeId = ctx.actor.id;
    try {
      const { revision, isSettled } = await this.database.transaction(ctx, async (open) => {
        open.tx.commitsAs('report');
        const node = await takeReport(open, report);
        if (!node.isServed) throw new ReportsElsewhere(node.name);
        const follows = await this.follow(open, node, report);
        if (follows.isSettled) await settlePresence(open, { digest, revision: node.revision });
        return follows;
      });
      this.quiet.remember(nodeId, isSettled ? digest : null);
      return revision;
    } catch (error) {
      this.quiet.remember(nodeId, null);
      if (!(error instanceof ReportsElsewhere)) throw error;
      const { tenantId } = ctx;
      throw await this.duplicates.refusal({ tenantId, nodeId, name: error.node }, report.bootId);
    }
  }

  /** What a report leads to, in its transaction. Settled: to nothing, and the same one would not either. */
  private async follow(
    open: OpenContext,
    node: TakenReport,
    report: ReportRequest,
  ): Promise<{ readonly revision: number; readonly isSettled: boolean }> {
    const nodeId = open.actor.id;
    const { changedModuleIds, clusterId } = node;
    await this.suspect(open, node, report);
    const moved = await this.moved(open, node);
    const healed = await healRevision(open, report.revision, node.revision + moved);
    if (moved > 0 || healed !== null) await open.record(nodeTold(nodeId, {}));
    if (changedModuleIds.length > 0) {
      await open.record(nodeReported(nodeId, { clusterId, changedModuleIds }));
    }
    const isSettled = node.isSettled && moved === 0 && report.revision <= node.revision;
    return { revision: healed ?? node.revision + moved, isSettled };
  }

  /** In how many modules the node is told something because of what it says. Nearly always in none. */
  private async moved(open: OpenContext, node: TakenReport): Promise<number> {
    const { hasMissed, mayHaveDrifted, clusterId } = node;
    const nodeId = open.actor.id;
    const missed = hasMissed ? await this.latecomers.catchUp(open, nodeId, clusterId) : 0;
    return missed + (mayHaveDrifted ? await repairDrift(open, nodeId) : 0);
  }

  /** What cannot be is taken for said by mistake or on purpose; the rest of the report counts. */
  private async suspect(
    open: OpenContext,
    node: TakenReport,
    report: ReportRequest,
  ): Promise<void> {
    const { refused } = node;
    const isAhead = report.revision > node.revision + limits.aheadOfDatabase;
    if (refused.length === 0 && !isAhead) return;
    this.refusedRows.inc(refused.length + (isAhead ? 1 : 0));
    const [first] = refused;
    const what = first
      ? `generation ${first.generation} of module "${first.module}"`
      : `revision ${report.revision}`;
    const message = `The node has reported ${what}, which it was never told, or a release of another module. That was ignored. Its agent is broken, or somebody impersonates it.`;
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
