import type { RunKey, RunStatus } from '../../engine/run.js';
import type { RegistryEntry } from '../../kernel/registry.js';
import type { OpenContext } from '../../platform/context.js';
import type { Journalled } from './journal.store.js';
import type { RunTable } from './run-table.store.js';

/** The injection token of all kinds that this process has rows of. */
export const RUN_ROWS = Symbol('RunRows');

export interface StatusChanged {
  readonly id: string;
  readonly from: RunStatus;
  readonly to: RunStatus;
  readonly reason: string | null;
  /** Who made the engine do it: itself, or the person whose verb it follows. */
  readonly actor: string;
}

/**
 * Runs of one kind in PostgreSQL: where each has its row, and what goes with a change of it. The
 * clockwork, plans, journals and verbs of all kinds are in the same tables.
 */
export interface RunRows extends RegistryEntry, Journalled {
  /** Over the table with one row for each run, which is locked before the run's row in `runs`. */
  readonly sql: RunTable;
  /** Statements that lock what runs of this kind share, in the global order; sent together. */
  lockShared(open: OpenContext, id: string): readonly Promise<unknown>[];
  /** In the transaction of the change. */
  statusChanged(open: OpenContext, change: StatusChanged): Promise<void>;
  /** After a commit: whoever looks at this run should look again. */
  changed(key: RunKey): void;
}
