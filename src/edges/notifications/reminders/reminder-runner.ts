import {
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Beat } from '../../../engine/beat.js';
import { messageOf } from '../../../kernel/errors.js';
import { Context, type OpenContext } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { Logger } from '../../../platform/logging/logger.js';
import { purgeNotices } from '../matching/notices.store.js';
import { openApproval } from '../matching/rollouts.queries.js';
import * as events from './reminders.events.js';
import { type DueReminder, dueReminders, purgeReminders, takeReminder } from './reminders.store.js';

const BEAT_MS = 5_000;
const AT_ONCE = 100;
const PURGE_MS = 3_600_000;
/** Longer than the outbox may be behind. */
const KEPT_DAYS = 30;
const PURGED_ROWS = 5_000;

const eventOf = {
  half: events.approvalReminded,
  last: events.approvalReminded,
  escalation: events.approvalEscalated,
  overdue: events.approvalOverdue,
} as const;

/**
 * Reminds of approvals whose time runs out, in this process, from start to shutdown; by PostgreSQL's clock.
 * A reminder is taken and said in one transaction: once, whoever dies and however many workers look.
 */
@Injectable()
export class ReminderRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log: Logger;
  private readonly beat = new Beat(() => this.lookQuietly(), BEAT_MS);
  private running: Promise<unknown> = Promise.resolve();
  private purgedAt = -Infinity;

  constructor(
    private readonly database: Database,
    logger: Logger,
  ) {
    this.log = logger.child({ part: 'reminders' });
  }

  onApplicationBootstrap(): void {
    this.beat.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.beat.stop();
    await this.running;
  }

  private lookQuietly(): Promise<void> {
    const look = this.look().catch((error: unknown) => {
      this.log.warn({ error: messageOf(error) }, 'reminders that are due could not be read');
    });
    this.running = look;
    return look;
  }

  /** Everything that is due, as far as it comes at once. */
  async look(): Promise<void> {
    const due = await this.database.system((tx) => dueReminders(tx, AT_ONCE));
    for (const reminder of due) await this.remindQuietly(reminder);
    await this.purge();
  }

  /** What goes wrong with one is tried again, and is in nobody else's way. */
  private async remindQuietly(due: DueReminder): Promise<void> {
    const ctx = Context.system(due.tenantId, 'reminders');
    try {
      await this.database.transaction(ctx, (open) => remind(open, due));
    } catch (error) {
      this.log.warn({ ...due, error: messageOf(error) }, 'a reminder failed; it is tried again');
    }
  }

  private async purge(): Promise<void> {
    if (performance.now() - this.purgedAt < PURGE_MS) return;
    const limits = { days: KEPT_DAYS, rows: PURGED_ROWS };
    const purged = await this.database.system(async (tx) =>
      Math.max(await purgeNotices(tx, limits), await purgeReminders(tx, limits)),
    );
    if (purged < PURGED_ROWS) this.purgedAt = performance.now();
  }
}

/** Nothing is said of what is decided by now. */
async function remind(open: OpenContext, due: DueReminder): Promise<void> {
  const { deploymentId, requestNumber, kind } = due;
  if (!(await takeReminder(open, due))) return;
  open.tx.commitsAs('reminded');
  const approval = await openApproval(open, deploymentId, requestNumber);
  if (approval === undefined) return;
  const { askedAt, deadlineAt, rules } = approval;
  await open.record(
    eventOf[kind](deploymentId, {
      requestNumber,
      askedAt: askedAt.toISOString(),
      deadlineAt: deadlineAt.toISOString(),
      rules: rules.map(({ name }) => name),
    }),
  );
}
