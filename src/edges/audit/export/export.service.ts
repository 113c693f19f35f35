import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import type { ExportHead } from '../../../kernel/tlog/export-lines.js';
import { edgeAt } from '../../../kernel/tlog/tree-proofs.js';
import type { Context, OpenContext } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { StreamPlaces } from '../../../platform/http/stream-places.js';
import {
  auditEntryNotFound,
  auditExportUnclear,
  auditLogEmpty,
  auditSizeUnknown,
} from '../audit.errors.js';
import { ArchivedEntries } from '../archive/archived-entries.js';
import { firstSince } from '../archive/archives.views.js';
import { firstIdAt } from '../archive/audit-month.js';
import { AuditRetention } from '../archive/audit-retention.js';
import { AuditReads } from '../entries/audit-reads.js';
import { timeOfEntry } from '../entries/entries.views.js';
import { originOf } from '../log/log-key.js';
import { LogReader } from '../log/log-reader.js';
import { checkpointCovering, hashesOf, treeHead } from '../proofs/tree.views.js';
import { linesOfChoice } from './choice-lines.js';
import { type ExportQuery, FILTER_NAMES } from './export.dto.js';
import { linesOfLog } from './log-lines.js';

/**
 * A log as a stream of lines. Its end is fixed when it begins, so that it comes to one; it is read in short
 * transactions, only as fast as the reader takes it, and no further when they go away.
 */
@Injectable()
export class ExportService {
  constructor(
    private readonly database: Database,
    private readonly reader: LogReader,
    private readonly reads: AuditReads,
    private readonly streams: StreamPlaces,
    private readonly archived: ArchivedEntries,
    private readonly retention: AuditRetention,
  ) {}

  /**
   * Throws `audit-log-empty`, `audit-size-unknown`, `audit-entry-not-found`, `audit-export-unclear`, and
   * `downloads-limit` when the tenant has as many under way as one caller may have downloads.
   */
  async open(ctx: Context, query: ExportQuery): Promise<Readable> {
    const since = this.retention.shownSince(ctx.tenantId);
    const filter = filterIn(query);
    if (filter !== null && query.from !== undefined) throw auditExportUnclear();
    const leave = this.streams.take(`audit-export ${ctx.tenantId}`);
    try {
      const head = await this.database.transaction(ctx, async (open) => {
        // Chosen entries have no place to begin at: each is proven by itself.
        const shown = filter === null ? await firstSince(open, firstIdAt(since.getTime())) : 0;
        const asked = { ...query, from: Math.max(shown, query.from ?? 0) };
        const head = await headOf(open, asked, filter);
        await this.reads.noteExport(open, { from: head.from, to: head.size, filter });
        return head;
      });
      const { database, reader } = this;
      const lines =
        filter === null
          ? linesOfLog(ctx, head, { database, reader })
          : this.choice(ctx, head, query);
      // Always emitted, at the end as well as when the reader goes away.
      return Readable.from(lines, { objectMode: false }).once('close', leave);
    } catch (error) {
      leave();
      throw error;
    }
  }

  private choice(ctx: Context, head: ExportHead, query: ExportQuery): AsyncGenerator<Buffer> {
    const { database, archived } = this;
    const shownSince = this.retention.shownSince(ctx.tenantId);
    const before = query.before ?? null;
    return linesOfChoice(ctx, head, { database, archived, shownSince, filter: query, before });
  }
}

/** Null: everything, in the order of the log. */
function filterIn(query: ExportQuery): ExportHead['filter'] {
  const given = FILTER_NAMES.flatMap((name) => {
    const value = query[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const isWhole = given.length === 0 && query.before === undefined;
  return isWhole ? null : Object.fromEntries(given);
}

async function headOf(
  open: OpenContext,
  { from = 0, to, before }: ExportQuery,
  filter: ExportHead['filter'],
): Promise<ExportHead> {
  const newest = await treeHead(open);
  if (!newest) throw auditLogEmpty();
  const end = to === undefined ? newest : await checkpointCovering(open, to);
  if (!end || from > end.size) throw auditSizeUnknown();
  if (before !== undefined && !(await timeOfEntry(open, before))) throw auditEntryNotFound();
  const origin = originOf(open.tenantId);
  const edge = await edgeAt(hashesOf(open), from);
  return { kind: 'head', origin, from, edge, size: end.size, checkpoint: end.checkpoint, filter };
}
