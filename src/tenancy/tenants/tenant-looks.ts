import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { limits } from '../../kernel/limits.js';
import { CLOCK } from '../../platform/clock.js';
import { Grants } from '../../kernel/grants.js';
import { newId } from '../../kernel/ids.js';
import { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import {
  closeLooks,
  countLook,
  type DueLook,
  dueLooks,
  forgetLooks,
} from './tenant-looks.store.js';
import { lookedAsPlatformAdmin } from './tenants.events.js';

const AT_ONCE = 50;
const CLOSE_MS = 60_000;

/**
 * A platform admin's looks into a tenant, in that tenant's audit log: the first one at once, and after it
 * at most one entry in ten minutes for each person and kind of thing, which says how many there were.
 */
@Injectable()
export class TenantLooks {
  private closedAt = -Infinity;

  constructor(
    private readonly database: Database,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Before they see anything. */
  async note(ctx: Context, kind: string): Promise<void> {
    const { id: personId, name: personName } = ctx.actor;
    await this.database.transaction(ctx, async (open) => {
      const look = { personId, personName, kind: kind.slice(0, 80), ...this.times() };
      const count = await countLook(open, look);
      if (count > 0) await open.record(lookedAsPlatformAdmin(open.tenantId, { kind, count }));
    });
  }

  /** Says what is left to be said; does nothing when it was asked for less than a minute ago. */
  async close(): Promise<void> {
    const now = this.clock.monotonic();
    if (now - this.closedAt < CLOSE_MS) return;
    this.closedAt = now;
    const { since } = this.times();
    await this.database.system((tx) => forgetLooks(tx, since));
    const due = await this.database.system((tx) => dueLooks(tx, since, AT_ONCE));
    for (const look of due) await this.closeOne(look);
  }

  private async closeOne(look: DueLook): Promise<void> {
    const { tenantId, personId, personName, kind } = look;
    const ctx = new Context({
      tenantId,
      actor: { kind: 'user', id: personId, name: personName, personId },
      grants: Grants.none,
      requestId: newId(),
    });
    await this.database.transaction(ctx, async (open) => {
      const count = await closeLooks(open, look, this.times());
      if (count > 0) await open.record(lookedAsPlatformAdmin(tenantId, { kind, count }));
    });
  }

  private times(): { now: Date; since: Date } {
    const now = this.clock.now();
    return { now: new Date(now), since: new Date(now - limits.tenantLooksMs) };
  }
}
