import { Inject, Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import type { ReportRequest } from '../../../agent/protocol/protocol.js';
import { BoundedMap } from '../../../kernel/bounded-map.js';
import type { Clock } from '../../../kernel/clock.js';
import { DomainError } from '../../../kernel/errors.js';
import { reportLimits } from '../../../kernel/report-limits.js';
import { CLOCK } from '../../../platform/clock.js';
import { Context } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { storedMetrics } from './node-metrics.store.js';
import { takeQuietReports, type QuietReport } from './quiet-reports.store.js';

/** More than one process can serve. */
const NODES = 20_000;

interface Waiting {
  readonly report: ReportRequest;
  readonly nodeId: string;
  readonly digest: string;
  readonly since: number;
  /** Null: it was not taken. */
  readonly resolve: (revision: number | null) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gathers reports that say what they said before: one transaction for some of a tenant's nodes instead of
 * one for each. Which ones may be is a guess from memory, the database decides: what it does not take is
 * handled by itself, and so is each of a batch that failed, since one of them may be the reason.
 */
@Injectable()
export class QuietReports {
  /** By node, of the last report from which nothing followed. */
  private readonly settled = new BoundedMap<string, string>(NODES);
  private readonly waiting = new Map<string, Waiting[]>();

  constructor(
    private readonly database: Database,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** The node's desired revision, once its report is durable. Null: it has to be looked at in full. */
  take(
    { tenantId, actor }: Context,
    report: ReportRequest,
    digest: string,
  ): Promise<number | null> {
    const nodeId = actor.id;
    if (this.settled.get(nodeId) !== digest) return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      const since = this.clock.monotonic();
      const one = { report, nodeId, digest, since, resolve, reject };
      const batch = this.waiting.get(tenantId);
      // One row of a node in a batch: which of two machines was meant could not be told from the answer.
      if (batch && !batch.some((each) => each.nodeId === nodeId)) {
        batch.push(one);
        if (batch.length >= reportLimits.gathered) this.flush(tenantId, batch);
      } else {
        const opened = [one];
        this.waiting.set(tenantId, opened);
        setTimeout(() => this.flush(tenantId, opened), reportLimits.gatherMs);
      }
    });
  }

  /** From this report nothing followed; from the next one of these words nothing may. */
  remember(nodeId: string, digest: string | null): void {
    if (digest === null) this.settled.delete(nodeId);
    else this.settled.set(nodeId, digest);
  }

  private flush(tenantId: string, batch: Waiting[]): void {
    if (this.waiting.get(tenantId) === batch) this.waiting.delete(tenantId);
    // A full one went ahead of its time.
    const reports = batch.splice(0);
    if (reports.length > 0) void this.answer(tenantId, reports);
  }

  private async answer(tenantId: string, reports: readonly Waiting[]): Promise<void> {
    try {
      const now = this.clock.monotonic();
      const rows = reports.map((each) => rowOf(each, now - each.since));
      const taken = await this.database.transaction(Context.system(tenantId, 'reports'), (open) => {
        open.tx.commitsAs('report');
        return takeQuietReports(open, rows);
      });
      for (const { nodeId, resolve } of reports) {
        const revision = taken.get(nodeId) ?? null;
        if (revision === null) this.settled.delete(nodeId);
        resolve(revision);
      }
    } catch (error) {
      for (const { nodeId, resolve, reject } of reports) {
        this.settled.delete(nodeId);
        // The database is away, or nobody knows whether it has taken them: trying again is the nodes'.
        if (error instanceof DomainError) reject(error);
        else resolve(null);
      }
    }
  }
}

/** What a node says that it runs, in short. */
export function observedDigest({ observed }: ReportRequest): string {
  return createHash('sha256').update(JSON.stringify(observed)).digest('base64url');
}

function rowOf({ report, nodeId, digest }: Waiting, waitedMs: number): QuietReport {
  const { bootId, agentVersion, revision, capacity } = report;
  return {
    nodeId,
    bootId,
    agentVersion,
    revision,
    cpuMillicores: capacity?.cpuMillicores ?? null,
    memoryMiB: capacity?.memoryMiB ?? null,
    digest,
    metrics: storedMetrics(report.metrics, waitedMs),
  };
}
