import { Injectable } from '@nestjs/common';
import { auditLimits } from '../../../kernel/audit-limits.js';
import type { Context } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import type { Broken } from '../../../platform/http/page.js';
import { auditArchiveDamaged } from '../audit.errors.js';
import type { EntryFilter, EntryRow } from '../entries/entries.views.js';
import { placeOf } from '../proofs/tree.views.js';
import { leavesKey } from './archive-names.js';
import { ArchiveReader } from './archive-reader.js';
import { archivesBetween, archivesOver, type ArchiveRow } from './archives.views.js';
import { firstIdAt, monthOf } from './audit-month.js';
import { isChosen } from './entry-choice.js';

/** In the order of lists: newer entries sort ahead. */
export interface EntryPlace {
  readonly at: Date;
  readonly id: string;
}

/** Entries that are only in the archive, as those of the table are asked for. */
@Injectable()
export class ArchivedEntries {
  constructor(
    private readonly database: Database,
    private readonly archive: ArchiveReader,
  ) {}

  /** Throws `audit-archive-damaged`. */
  async one(ctx: Context, id: string): Promise<EntryRow | undefined> {
    const found = await this.database.transaction(ctx, async (open) => {
      const place = await placeOf(open, id);
      if (!place) return undefined;
      const { sequence } = place;
      const archives = await archivesOver(open, sequence, sequence + 1);
      return { sequence, archive: archives[0] };
    });
    if (!found?.archive) return undefined;
    const row = (await this.rowsOf(ctx, found.archive)).get(found.sequence);
    return row && { ...row, sequence: found.sequence };
  }

  /**
   * Those before a place, the newest first. So many files are opened and no more: where that is not enough,
   * it says before which id to go on. Throws `audit-archive-damaged`.
   */
  async page(
    ctx: Context,
    filter: EntryFilter,
    { before, take }: { readonly before: EntryPlace; readonly take: number },
  ): Promise<Broken<EntryRow>> {
    const most = auditLimits.archiveFilesPerPage;
    const to = new Date(Math.min(before.at.getTime(), filter.to.getTime()));
    const files = await this.database.transaction(ctx, (open) =>
      archivesBetween(open, { from: filter.from, to, take: most + 1 }),
    );
    const found: EntryRow[] = [];
    for (const [number, file] of files.slice(0, most).entries()) {
      found.push(...(await this.chosenIn(ctx, file, filter, before)));
      found.sort(newestFirst);
      // What is in no file yet may be newer than what is older than this.
      const next = files[number + 1]?.lastAt ?? null;
      const known = next === null ? found : found.filter(({ at }) => at > next);
      if (known.length >= take || next === null) {
        return { rows: known.slice(0, take), goesOnBefore: null };
      }
      if (number === most - 1) {
        // Before the next millisecond: with all of that one's own.
        return { rows: known, goesOnBefore: firstIdAt(next.getTime() + 1) };
      }
    }
    return { rows: [], goesOnBefore: null };
  }

  private async chosenIn(
    ctx: Context,
    file: ArchiveRow,
    filter: EntryFilter,
    before: EntryPlace,
  ): Promise<EntryRow[]> {
    const { from, to } = monthOf(file.month);
    const chosen: EntryRow[] = [];
    for (const [sequence, row] of await this.rowsOf(ctx, file)) {
      const isOfMonth = row.at >= from && row.at < to;
      const entry = { ...row, sequence };
      if (isOfMonth && isChosen(entry, filter) && newestFirst(before, entry) < 0)
        chosen.push(entry);
    }
    return chosen;
  }

  private async rowsOf(ctx: Context, file: ArchiveRow) {
    const { rows, isIntact } = await this.archive.entriesIn(ctx.tenantId, file);
    if (!isIntact) throw auditArchiveDamaged(leavesKey(ctx.tenantId, file));
    return rows;
  }
}

function newestFirst(a: EntryPlace, b: EntryPlace): number {
  return b.at.getTime() - a.at.getTime() || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}
