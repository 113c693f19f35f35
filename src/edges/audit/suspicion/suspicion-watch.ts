import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { auditLimits } from '../../../kernel/audit-limits.js';
import type { Clock } from '../../../kernel/clock.js';
import { messageOf } from '../../../kernel/errors.js';
import { newId } from '../../../kernel/ids.js';
import { CLOCK } from '../../../platform/clock.js';
import type { OpenContext } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { Events } from '../../../platform/events/events.js';
import { Logger } from '../../../platform/logging/logger.js';
import { Settings } from '../../../platform/settings/settings.js';
import { suspiciousActivityDetected } from './suspicion.events.js';
import type { Signal, SuspicionKind } from './suspicion-kind.js';
import { suspicionKinds } from './suspicion-kinds.js';
import {
  countSignal,
  forgetSignalsBefore,
  isNewSuspicion,
  signalsSince,
} from './suspicions.store.js';

const FORGET_EVERY_MS = 600_000;

/**
 * Counts what its kinds notice, in the transaction in which it happens, so that all processes count
 * together and nothing is held in memory. Says once in a window that there is too much of it.
 */
@Injectable()
export class SuspicionWatch implements OnModuleInit, OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly database: Database,
    private readonly events: Events,
    private readonly settings: Settings,
    private readonly log: Logger,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    const { events, settings, clock } = this;
    for (const kind of suspicionKinds) {
      kind.watch({ events, settings, clock }, (open, signal) => this.notice(open, kind, signal));
    }
    this.timer = setInterval(() => void this.forget(), FORGET_EVERY_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  private async notice(
    open: OpenContext,
    { kind, windowMs, measure, threshold: setting }: SuspicionKind,
    { who: whole, place = '', times: noticed = 1 }: Signal,
  ): Promise<void> {
    const who = whole.slice(0, 200);
    const now = new Date(this.clock.now());
    const since = new Date(now.getTime() - windowMs);
    await countSignal(open, { kind, who, place, times: noticed, now });
    const counted = await signalsSince(open, { kind, who, since });
    const threshold = setting
      ? this.settings.valueOf(setting, { tenantId: open.tenantId })
      : counted[measure];
    if (counted[measure] < threshold) return;
    if (!(await isNewSuspicion(open, { kind, who, now, since }))) return;
    const facts = { kind, who, ...counted, threshold, windowMinutes: windowMs / 60_000 };
    await open.record(suspiciousActivityDetected(newId(), facts, 'denied'));
  }

  private async forget(): Promise<void> {
    const before = new Date(this.clock.now() - auditLimits.suspicionKeptMs);
    try {
      await this.database.system((tx) => forgetSignalsBefore(tx, before));
    } catch (error) {
      this.log.warn({ error: messageOf(error) }, 'what was noticed could not be forgotten');
    }
  }
}
