import { Injectable } from '@nestjs/common';
import { fieldsOf } from '../../../platform/audit/audit-row.js';
import type { Context } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { newestFirst, type Page, type PageRequest } from '../../../platform/http/page.js';
import { auditEntryNotFound } from '../audit.errors.js';
import type { AuditEntryView, AuditLogsQuery } from './audit-logs.dto.js';
import { AuditReads } from './audit-reads.js';
import { type EntryFilter, entryRow, entryRows, type EntryRow } from './entries.views.js';
import { filterOf } from './entry-filter.js';

type Times = PageRequest & { readonly from?: string | undefined; readonly to?: string | undefined };

/** What happened, to whoever may read it; that they have read it is an entry itself. */
@Injectable()
export class AuditLogsService {
  constructor(
    private readonly database: Database,
    private readonly reads: AuditReads,
  ) {}

  list(ctx: Context, query: AuditLogsQuery): Promise<Page<AuditEntryView>> {
    return this.page(ctx, 'audit-logs', query, filterOf(query));
  }

  /** As `list`, of what a path says. */
  listSome(
    ctx: Context,
    list: string,
    query: Times,
    filter: Partial<EntryFilter>,
  ): Promise<Page<AuditEntryView>> {
    return this.page(ctx, list, query, filter);
  }

  /** Throws `audit-entry-not-found`. */
  show(ctx: Context, id: string): Promise<AuditEntryView> {
    return this.database.transaction(ctx, async (open) => {
      await this.reads.note(open, 'entries');
      const row = await entryRow(open, id);
      if (!row) throw auditEntryNotFound();
      return viewOf(row);
    });
  }

  private page(
    ctx: Context,
    list: string,
    query: Times,
    given: Partial<EntryFilter>,
  ): Promise<Page<AuditEntryView>> {
    const { from, to } = query;
    const filter = { ...filterOf({ from, to }), ...given };
    return this.database.transaction(ctx, async (open) => {
      await this.reads.note(open, 'entries');
      const { items, nextCursor } = await newestFirst(list, query, (before, take) =>
        entryRows(open, filter, { before, take }),
      );
      return { items: items.map(viewOf), nextCursor };
    });
  }
}

function viewOf(row: EntryRow): AuditEntryView {
  const { tenantId: _tenantId, body: details, ...fields } = fieldsOf(row);
  return { ...fields, sequence: row.sequence, details } as AuditEntryView;
}
