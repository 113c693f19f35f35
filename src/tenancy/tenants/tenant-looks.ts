import { Injectable } from '@nestjs/common';
import { recordFolded } from '../../platform/audit/folds/folded.js';
import type { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { lookedAsPlatformAdmin } from './tenants.events.js';

/**
 * A platform admin's looks into a tenant, in that tenant's audit log: the first one at once, and after it
 * at most one entry in ten minutes for each person and kind of thing, which says how many there were.
 */
@Injectable()
export class TenantLooks {
  constructor(private readonly database: Database) {}

  /** Before they see anything. */
  async note(ctx: Context, path: string): Promise<void> {
    const kind = path.slice(0, 80);
    await this.database.transaction(ctx, (open) =>
      recordFolded(open, (count) => lookedAsPlatformAdmin(open.tenantId, { kind, count }), {
        kind,
      }),
    );
  }
}
