import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { messageOf } from '../../../kernel/errors.js';
import { limits } from '../../../kernel/limits.js';
import { tenantsWaiting } from '../../../platform/audit/audit-pending.store.js';
import { Database } from '../../../platform/database/database.js';
import { Logger } from '../../../platform/logging/logger.js';
import { Metrics } from '../../../platform/metrics/metrics.js';
import { ANCHOR_SINKS, type AnyAnchorSink } from '../anchors/anchor-sink.js';
import { type AnchoringPorts, bringAnchors, publishCheckpoints } from '../anchors/anchoring.js';
import { AuditReads } from '../entries/audit-reads.js';
import { AuditMetrics } from './audit.metrics.js';
import { importEntries } from './importing.js';
import { LogKey } from './log-key.js';
import { sealTrees } from './sealing.js';

const BEAT_MS = 400;
const RETRY_MS = 2_000;
const CLOSE_MS = 60_000;
/** Tenants in one turn; the others come with the next. */
const TENANTS = 2_000;

/** Seals what has been written, again and again, and gives the checkpoints to the outside. */
@Injectable()
export class LogSealer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log: Logger;
  private readonly metrics: AuditMetrics;
  private readonly anchoring: AnchoringPorts;
  private readAt = -Infinity;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private anchored: Promise<void> | undefined;
  private isStopping = false;

  constructor(
    private readonly database: Database,
    private readonly key: LogKey,
    @Inject(ANCHOR_SINKS) sinks: readonly AnyAnchorSink[],
    private readonly reads: AuditReads,
    logger: Logger,
    metrics: Metrics,
  ) {
    this.log = logger.child({ part: 'audit' });
    this.metrics = new AuditMetrics(metrics);
    const onAnchor = (sink: string, outcome: string) => this.metrics.anchors.inc({ sink, outcome });
    this.anchoring = { database, sinks, log: this.log, onAnchor };
  }

  onApplicationBootstrap(): void {
    this.begin();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    clearTimeout(this.timer);
    await this.running;
    await this.anchored;
  }

  /** Until everything that was there is sealed; how much that was. */
  async seal(): Promise<number> {
    await importEntries(this.database);
    let sealed = 0;
    const waiting = await this.database.system((tx) => tenantsWaiting(tx, TENANTS));
    while (waiting.length > 0 && !this.isStopping) {
      const some = waiting.splice(0, limits.auditTreesAtOnce);
      const { entries, isFull } = await this.database.system((tx) => sealTrees(tx, this.key, some));
      sealed += entries.length;
      this.metrics.sealed(entries);
      // Behind the others: a tenant that writes more than anybody holds up nobody else.
      if (isFull) waiting.push(...some);
    }
    return sealed;
  }

  /** Checkpoints that are due, to all places outside. */
  async anchor(): Promise<void> {
    await publishCheckpoints(this.anchoring);
    await bringAnchors(this.anchoring);
  }

  /** What is left to be said of who has read: once a minute. */
  private async closeReads(): Promise<void> {
    if (performance.now() - this.readAt < CLOSE_MS) return;
    this.readAt = performance.now();
    await this.reads.close();
  }

  private begin(): void {
    this.running = this.turn().then((nextMs) => {
      this.running = undefined;
      if (!this.isStopping) this.timer = setTimeout(() => this.begin(), nextMs);
    });
  }

  /** Beside the sealing: a place outside that is slow holds up no entry. */
  private beginAnchoring(): void {
    this.anchored ??= this.anchor()
      .catch((error: unknown) => {
        this.metrics.failures.inc();
        this.log.warn({ error: messageOf(error) }, 'checkpoints could not be anchored');
      })
      .finally(() => (this.anchored = undefined));
  }

  private async turn(): Promise<number> {
    try {
      await this.seal();
      this.beginAnchoring();
      await this.closeReads();
      return BEAT_MS;
    } catch (error) {
      this.metrics.failures.inc();
      this.log.warn(
        { error: messageOf(error) },
        'the audit log could not be sealed; it is tried again',
      );
      return RETRY_MS;
    }
  }
}
