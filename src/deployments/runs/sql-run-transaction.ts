import { assert } from '../../kernel/assert.js';
import type { JournalEntry } from '../../engine/journal.js';
import type { Plan } from '../../engine/plan.js';
import type { RunStatus } from '../../engine/run.js';
import {
  Fenced,
  type NewEntry,
  type RunTransaction,
  type Sleep,
  type StatusChange,
} from '../../engine/run-store.js';
import type { OpenContext } from '../../platform/context.js';
import { together } from '../../platform/database/together.js';
import { newestVerb } from './asked-verbs.store.js';
import { JournalWriter } from './journal.store.js';
import { endRun, sleepRun, type Held } from './leases.store.js';
import { savePlan } from './plans.store.js';
import type { RunRows } from './run-rows.js';
import { lockRow, type LockedRow } from './run-table.store.js';
import { dropGate } from './runs.store.js';

/**
 * One fenced transaction: what runs share, the run's own row and its row in `runs` are locked in this
 * order.
 */
export class SqlRunTransaction implements RunTransaction {
  private current: RunStatus;
  /** The last of its changes, with the ending of whichever brought one. */
  private change: StatusChange | undefined;
  private asleep: Sleep | undefined;
  private readonly journal: JournalWriter;

  private constructor(
    readonly open: OpenContext,
    private readonly lease: Held,
    private readonly rows: RunRows,
    private readonly locked: LockedRow,
  ) {
    this.current = locked.status;
    this.journal = new JournalWriter(open, lease.key, rows, locked);
  }

  static async begin(
    open: OpenContext,
    lease: Held,
    { locksShared, rows }: { readonly locksShared: boolean; readonly rows: RunRows },
  ): Promise<SqlRunTransaction> {
    // Sent together, and locked one after the other in this order.
    const before = locksShared ? rows.lockShared(open, lease.key.id) : [];
    const own = lockRow(open, rows.sql, lease);
    await together([...before, own]);
    const locked = await own;
    if (!locked) throw new Fenced();
    open.tx.afterCommit(() => rows.changed(lease.key));
    return new SqlRunTransaction(open, lease, rows, locked);
  }

  get status(): RunStatus {
    return this.current;
  }

  get pokes(): number {
    return this.locked.pokes;
  }

  append(entry: NewEntry): Promise<JournalEntry> {
    return Promise.resolve(this.journal.append(entry));
  }

  async changeStatus(change: StatusChange, actor: string): Promise<JournalEntry> {
    const { status, reason, ending = this.change?.ending } = change;
    const { key } = this.lease;
    const from = this.current;
    assert(this.rows.states.can(from, status), `no way from ${from} to ${status}`);
    this.current = status;
    this.change = { status, reason, ...(ending === undefined ? {} : { ending }) };
    await together([
      dropGate(this.open, key, status === 'RollingBack'),
      this.rows.statusChanged(this.open, { id: key.id, from, to: status, reason, actor }),
    ]);
    return this.append({
      kind: this.rows.states.isTerminal(status) ? 'finished' : 'status-changed',
      planNumber: 0,
      actor,
      data: { status, previousStatus: from, ...(reason ? { reason } : {}) },
    });
  }

  savePlan(plan: Plan, factsText: string): Promise<number> {
    const { subjectDigest } = this.locked;
    return savePlan(this.open, this.lease.key, { plan, subjectDigest, factsText });
  }

  newestVerb(): Promise<number> {
    return newestVerb(this.open, this.lease.key);
  }

  sleep(sleep: Sleep): Promise<void> {
    this.open.tx.commitsAs('sleep');
    this.asleep = sleep;
    return Promise.resolve();
  }

  /** Writes the journal, and what it means for the run's rows, once and together. */
  async flush(): Promise<void> {
    await together([this.lieDown(), this.journal.flush(this.lease.fence, this.change)]);
  }

  private async lieDown(): Promise<void> {
    if (this.change && this.rows.states.isTerminal(this.current)) {
      await endRun(this.open, this.lease.key);
    } else if (this.asleep) {
      await sleepRun(this.open.tx, this.lease, this.pokes, this.asleep);
    }
  }
}
