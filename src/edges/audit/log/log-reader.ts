import { Injectable } from '@nestjs/common';
import type { Context } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { loggedEntries, type LoggedEntry } from '../proofs/tree.views.js';

/**
 * The one door to what stands in a log, in its order. It opens its own transactions: call it outside of any,
 * and in batches of what may be held in memory.
 */
@Injectable()
export class LogReader {
  constructor(private readonly database: Database) {}

  /** Those of `[from, to)` that the tree has; of one that is gone, its sequence and its hash. */
  entries(ctx: Context, from: number, to: number): Promise<LoggedEntry[]> {
    return this.database.transaction(ctx, (open) => loggedEntries(open, from, to));
  }
}
