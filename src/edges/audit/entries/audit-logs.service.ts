import { Injectable } from '@nestjs/common';
import { fieldsOf } from '../../../platform/audit/audit-row.js';
import type { Context } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import {
  type Broken,
  newestFirst,
  type Page,
  type PageRequest,
} from '../../../platform/http/page.js';
import { ArchivedEntries } from '../archive/archived-entries.js';
import { AuditRetention } from '../archive/audit-retention.js';
import { auditEntryNotFound } from '../audit.errors.js';
import type { AuditEntryView, AuditLogsQuery } from './audit-logs.dto.js';
import { AuditReads } from './audit-reads.js';
import {
  END_OF_TIME,
  type EntryFilter,
  entryRow,
  entryRows,
  LAST_ID,
  timeOfEntry,
  type EntryRow,
} from './entries.views.js';
import { filterOf } from './entry-filter.js';

type Times = PageRequest & { readonly from?: string | undefined; readonly to?: string | undefined };

/** What happened, to whoever may read it; that they have read it is an entry itself. */
@Injectable()
export class AuditLogsService {
  constructor(
    private readonly database: Database,
    private readonly reads: AuditReads,
    private readonly archived: ArchivedEntries,
    private readonly retention: AuditRetention,
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
  async show(ctx: Context, id: string): Promise<AuditEntryView> {
    const held = await this.database.transaction(ctx, async (open) => {
      await this.reads.note(open, 'entries');
      return entryRow(open, id);
    });
    const row = held ?? (await this.archived.one(ctx, id));
    if (!row || row.at < this.retention.shownSince(ctx.tenantId)) throw auditEntryNotFound();
    return viewOf(row);
  }

  private async page(
    ctx: Context,
    list: string,
    query: Times,
    given: Partial<EntryFilter>,
  ): Promise<Page<AuditEntryView>> {
    const { from, to } = query;
    const asked = { ...filterOf({ from, to }), ...given };
    const since = this.retention.shownSince(ctx.tenantId);
    const filter = { ...asked, from: since > asked.from ? since : asked.from };
    const { items, nextCursor } = await newestFirst(list, query, (before, take) =>
      this.rows(ctx, filter, { before, take }),
    );
    return { items: items.map(viewOf), nextCursor };
  }

  /** Those of the tables, and behind them those of the archive. */
  private async rows(
    ctx: Context,
    filter: EntryFilter,
    page: { readonly before: string | null; readonly take: number },
  ): Promise<EntryRow[] | Broken<EntryRow>> {
    const { before, take } = page;
    const { rows, at } = await this.database.transaction(ctx, async (open) => {
      await this.reads.note(open, 'entries');
      return {
        rows: await entryRows(open, filter, page),
        at: before === null ? END_OF_TIME : await timeOfEntry(open, before),
      };
    });
    if (rows.length >= take || at === null) return rows;
    const place = rows.at(-1) ?? { at, id: before ?? LAST_ID };
    const left = { before: place, take: take - rows.length };
    const older = await this.archived.page(ctx, filter, left);
    return { ...older, rows: [...rows, ...older.rows] };
  }
}

function viewOf(row: EntryRow): AuditEntryView {
  const { tenantId: _tenantId, body: details, ...fields } = fieldsOf(row);
  return { ...fields, sequence: row.sequence, details } as AuditEntryView;
}
