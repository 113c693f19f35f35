import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../../kernel/clock.js';
import { CLOCK } from '../../../platform/clock.js';
import { Settings } from '../../../platform/settings/settings.js';
import { auditDays } from './audit-archive.settings.js';

const DAY_MS = 86_400_000;

/** How far back a tenant looks: what is older is neither shown nor exported, and still verified. */
@Injectable()
export class AuditRetention {
  constructor(
    private readonly settings: Settings,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  shownSince(tenantId: string): Date {
    const days = this.settings.valueOf(auditDays, { tenantId });
    return new Date(Math.max(0, this.clock.now() - days * DAY_MS));
  }
}
