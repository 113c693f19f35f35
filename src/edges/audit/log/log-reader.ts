import { Injectable } from '@nestjs/common';
import type { Context } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { ArchiveReader } from '../archive/archive-reader.js';
import { archivesOver } from '../archive/archives.views.js';
import { loggedEntries, type LoggedEntry } from '../proofs/tree.views.js';

export type ReadEntry = LoggedEntry & {
  /** The archive has it, and has lost what is personal of it. */
  readonly isTorn?: boolean;
};

/**
 * The one door to what stands in a log, in its order: out of the tables, and out of the archive what is no
 * longer there. It opens its own transactions: call it outside of any, and in batches of what may be held in
 * memory.
 */
@Injectable()
export class LogReader {
  constructor(
    private readonly database: Database,
    private readonly archive: ArchiveReader,
  ) {}

  /**
   * Those of `[from, to)` that the tree has; of one that is gone, its sequence and its hash. What comes out
   * of the archive is as little proven as what comes out of a table: `leafHash` says what it has to be.
   */
  async entries(ctx: Context, from: number, to: number): Promise<ReadEntry[]> {
    const entries = await this.database.transaction(ctx, (open) => loggedEntries(open, from, to));
    const gone = entries.filter(({ id }) => id === null);
    if (gone.length === 0) return entries;
    const span = [gone[0]!.sequence, gone.at(-1)!.sequence + 1] as const;
    const archives = await this.database.transaction(ctx, (open) => archivesOver(open, ...span));
    const found = new Map<number, ReadEntry>();
    for (const archive of archives) {
      const { rows, lost } = await this.archive.entriesIn(ctx.tenantId, archive);
      for (const { sequence, leafHash } of gone) {
        const row = rows.get(sequence);
        if (row && !found.has(sequence))
          found.set(sequence, {
            ...row,
            sequence,
            leafHash,
            ...(lost.has(sequence) ? { isTorn: true } : {}),
          });
      }
    }
    return entries.map((entry) => found.get(entry.sequence) ?? entry);
  }
}
