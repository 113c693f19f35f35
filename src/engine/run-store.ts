import type { OpenContext } from '../platform/context.js';
import type { JournalEntry, JournalKind } from './journal.js';
import type { Plan } from './plan.js';
import type { Lease, LoadedRun, RunKey, RunStatus, UndoEnding, WaitingOn } from './run.js';

/** A write was refused because somebody newer holds the run. Normal, counted, never retried. */
export class Fenced extends Error {
  constructor() {
    super('the lease was lost: somebody newer holds this run');
    this.name = 'Fenced';
  }
}

export interface NewEntry {
  readonly kind: JournalKind;
  readonly planNumber: number;
  readonly stepId?: string;
  readonly attempt?: number;
  readonly actor: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

export interface StatusChange {
  readonly status: RunStatus;
  readonly ending?: UndoEnding | null;
  readonly reason: string | null;
}

/** One fenced transaction of an action. Whatever is written here is committed together or not. */
export interface RunTransaction {
  readonly open: OpenContext;
  /** As it is in this transaction. */
  readonly status: RunStatus;
  /** How many hints the run has had; none comes before this transaction is over. */
  readonly pokes: number;
  append(entry: NewEntry): Promise<JournalEntry>;
  /**
   * Compare-and-set against the table of transitions; appends `status-changed`, or `finished` for
   * a terminal status, which also gives the lease back for good.
   */
  changeStatus(change: StatusChange, actor: string): Promise<JournalEntry>;
  savePlan(plan: Plan, factsText: string): Promise<number>;
  /** The number of the newest verb, applied or not; 0 without any. Nobody adds one meanwhile. */
  newestVerb(): Promise<number>;
  /** Gives the lease back with all that was written here, and sleeps until `until`. */
  sleep(sleep: Sleep): Promise<void>;
}

/** Where runs of all kinds live: PostgreSQL in production, memory in simulations. */
export abstract class RunStore {
  /** Null: somebody else holds it. */
  abstract lease(key: RunKey, owner: string, leaseMs: number): Promise<Lease | null>;
  /** Takes the leases of due runs of the kinds it knows, rollbacks first, fairly over tenants. */
  abstract claimDue(owner: string, leaseMs: number, limit: number): Promise<Lease[]>;
  /** Renews in one statement that waits for nobody. What is in neither set is lost. */
  abstract renew(owner: string, leases: readonly Lease[], leaseMs: number): Promise<Renewed>;
  /**
   * `previous`: what was loaded before under the same lease. A journal only grows, so the rest of it
   * is enough; the answer is the same as without.
   */
  abstract load(lease: Lease, previous?: LoadedRun): Promise<LoadedRun>;
  /**
   * Throws Fenced when the lease is not held any more. `locksShared`: what runs of this kind share (a
   * slot, a capacity) is locked before the run, which keeps the global lock order.
   */
  abstract commit<T>(
    lease: Lease,
    options: { readonly locksShared: boolean },
    work: (tx: RunTransaction) => Promise<T>,
  ): Promise<T>;
  /**
   * Gives the lease back and sleeps until `until`. False: a hint came while the action ran; the
   * lease is kept, load again.
   */
  abstract sleep(lease: Lease, run: LoadedRun, sleep: Sleep): Promise<boolean>;
  /** Gives the lease back of a run that could not be brought to a wait; needs nothing loaded. */
  abstract release(lease: Lease, release: Release): Promise<void>;
  /** Lays to rest a run that is awake although it is over. */
  abstract retire(lease: Lease): Promise<void>;
}

/** Ids of runs. */
export interface Renewed {
  readonly renewed: ReadonlySet<string>;
  /** Still held, but locked by a transaction at this moment: ask again soon. */
  readonly busy: ReadonlySet<string>;
}

export interface Release {
  readonly delayMs: number;
  readonly waitingOn: Omit<WaitingOn, 'since' | 'until'>;
  /**
   * `counted`: one more error of ours in a row. `kept`: nobody's error (the database is busy), and no
   * step nearer to a person, but the run is not well. `forgotten`: a person takes over; a hint that
   * came meanwhile is not slept over.
   */
  readonly failures: 'counted' | 'kept' | 'forgotten';
}

export interface Sleep {
  readonly until: number;
  readonly waitingOn: WaitingOn;
  readonly pollsGate: boolean;
}
