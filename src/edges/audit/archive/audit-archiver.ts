import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { ObjectStore } from '../../../drivers/storage/object-store.js';
import { OBJECT_STORE } from '../../../drivers/storage/object-store.token.js';
import type { Clock } from '../../../kernel/clock.js';
import { messageOf } from '../../../kernel/errors.js';
import { newId } from '../../../kernel/ids.js';
import { CLOCK } from '../../../platform/clock.js';
import { Database } from '../../../platform/database/database.js';
import { Logger } from '../../../platform/logging/logger.js';
import { Metrics } from '../../../platform/metrics/metrics.js';
import { Settings } from '../../../platform/settings/settings.js';
import { LogKey } from '../log/log-key.js';
import { LogReader } from '../log/log-reader.js';
import { ArchiveMetrics } from './archive.metrics.js';
import type { ArchiveParts } from './archive-writer.js';
import { archiveMonth } from './archiving.js';
import { auditDays } from './audit-archive.settings.js';
import { monthOf } from './audit-month.js';
import { claimMonth, failMonth, heldMonths, releaseMonth, renewMonth } from './months.store.js';

/** A month becomes due once in a month; what failed is looked at again within the hour. */
const LOOK_MS = 60 * 60_000;
const FIRST_LOOK_MS = 60_000;
/** Longer than a file may take: who has died holds a month for so long. */
const LEASE_MS = 10 * 60_000;
const RETRY_MS = 30 * 60_000;
const REASON_CHARACTERS = 500;
const DAY_MS = 86_400_000;

/** Brings old months of the audit log into the archive and drops them: one process at a time, in the worker. */
@Injectable()
export class AuditArchiver implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log: Logger;
  private readonly metrics: ArchiveMetrics;
  private readonly parts: ArchiveParts;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private isStopping = false;

  constructor(
    private readonly database: Database,
    reader: LogReader,
    key: LogKey,
    @Inject(OBJECT_STORE) store: ObjectStore,
    private readonly settings: Settings,
    @Inject(CLOCK) private readonly clock: Clock,
    logger: Logger,
    metrics: Metrics,
  ) {
    this.log = logger.child({ part: 'audit-archive' });
    this.metrics = new ArchiveMetrics(metrics);
    this.parts = { database, reader, key, store };
  }

  onApplicationBootstrap(): void {
    this.plan(FIRST_LOOK_MS);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /** The months that it has archived and dropped, in order. What fails is written down, and never thrown. */
  async run(): Promise<string[]> {
    const due = await this.dueMonths();
    const done: string[] = [];
    for (const month of due) {
      // The older one first, always: what is wrong with it is wrong with the log.
      if (!(await this.bring(month))) break;
      done.push(month);
    }
    this.metrics.due.set(due.length - done.length);
    if (done.length === due.length) this.metrics.lastSuccess.set(this.clock.now() / 1000);
    return done;
  }

  /** All of whose entries are older than the platform keeps in the database. */
  private async dueMonths(): Promise<string[]> {
    const keptSince = this.clock.now() - this.settings.valueOf(auditDays) * DAY_MS;
    const held = await this.database.system(heldMonths);
    return held.filter((month) => monthOf(month).to.getTime() <= keptSince);
  }

  private async bring(month: string): Promise<boolean> {
    const lease = { month, token: newId(), leaseMs: LEASE_MS };
    if (!(await this.database.system((tx) => claimMonth(tx, lease)))) return false;
    try {
      const isDone = await archiveMonth({
        ...lease,
        parts: this.parts,
        goesOn: async () =>
          !this.isStopping && (await this.database.system((tx) => renewMonth(tx, lease))),
        onArchived: (archive) => this.metrics.archived(archive),
      });
      if (isDone) this.log.info({ month }, 'a month of the audit log is archived');
      else await this.database.system((tx) => releaseMonth(tx, lease));
      return isDone;
    } catch (error) {
      const reason = messageOf(error).slice(0, REASON_CHARACTERS);
      this.metrics.failures.inc();
      this.log.error(
        { month, reason },
        'a month of the audit log could not be archived: nothing is dropped, and it is tried again',
      );
      await this.postpone(lease, reason);
      return false;
    }
  }

  private async postpone(
    { month, token }: { month: string; token: string },
    reason: string,
  ): Promise<void> {
    const failed = { month, token, reason, delayMs: RETRY_MS };
    await this.database
      .system((tx) => failMonth(tx, failed))
      .catch((error: unknown) => this.log.warn({ month, error: messageOf(error) }, 'not noted'));
  }

  private plan(afterMs: number): void {
    if (this.isStopping) return;
    this.timer = setTimeout(() => {
      this.running = this.runQuietly().finally(() => this.plan(LOOK_MS));
    }, afterMs);
  }

  private async runQuietly(): Promise<void> {
    try {
      await this.run();
    } catch (error) {
      this.metrics.failures.inc();
      this.log.warn({ error: messageOf(error) }, 'nobody could see what is to be archived');
    }
  }
}
