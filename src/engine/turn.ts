import type { OpenContext } from '../platform/context.js';
import { foldEntry, type JournalEntry } from './journal.js';
import type { Plan } from './plan.js';
import type { LoadedRun, RunStatus } from './run.js';
import type { NewEntry, RunTransaction, Sleep, StatusChange } from './run-store.js';

/** What a turn leaves: the run sleeps or is over, or it is this now, or somebody knows better. */
export type After = 'asleep' | 'stale' | LoadedRun;

/**
 * One transaction of the holder of a lease, and what the run has become in it: decide() is asked
 * again on that without reading, and what follows from one another is committed together.
 */
export class Turn implements RunTransaction {
  private readonly plans = new Map<number, Plan>();
  private sleeps = false;

  constructor(
    private readonly tx: RunTransaction,
    private present: LoadedRun,
  ) {}

  get run(): LoadedRun {
    return this.present;
  }

  get after(): After {
    if (this.sleeps) return 'asleep';
    return this.tx.pokes === this.present.pokes ? this.present : 'stale';
  }

  get open(): OpenContext {
    return this.tx.open;
  }

  get status(): RunStatus {
    return this.tx.status;
  }

  get pokes(): number {
    return this.tx.pokes;
  }

  async append(entry: NewEntry): Promise<JournalEntry> {
    const made = await this.tx.append(entry);
    this.fold(made);
    return made;
  }

  async changeStatus(change: StatusChange, actor: string): Promise<JournalEntry> {
    const made = await this.tx.changeStatus(change, actor);
    this.fold(made);
    const { status, reason, ending = this.present.ending } = change;
    this.present = { ...this.present, status, reason, ending, gate: null };
    return made;
  }

  async savePlan(plan: Plan, factsText: string): Promise<number> {
    const number = await this.tx.savePlan(plan, factsText);
    this.plans.set(number, plan);
    return number;
  }

  newestVerb(): Promise<number> {
    return this.tx.newestVerb();
  }

  /** Not when a hint has come since the run was read: that must not be slept over. */
  async sleep(sleep: Sleep): Promise<void> {
    if (this.after === 'stale') return;
    await this.tx.sleep(sleep);
    this.sleeps = true;
  }

  /** The run is over: nothing is left to look at. */
  rest(): void {
    this.sleeps = true;
  }

  private fold(entry: JournalEntry): void {
    const { verbs, forward, undo, now } = this.present;
    const journal = foldEntry(this.present.journal, entry);
    const { planNumber, undoPlanNumber } = journal;
    this.present = {
      ...this.present,
      journal,
      verbs: verbs.filter(({ number }) => number > journal.lastVerb),
      forward: this.plans.get(planNumber) ?? forward,
      undo: this.plans.get(undoPlanNumber ?? 0) ?? undo,
      now: Math.max(now, entry.at),
    };
  }
}
