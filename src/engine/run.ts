import type { Plan } from './plan.js';
import type { FoldedJournal } from './journal.js';

/** The statuses of a run, of whatever kind; which may follow which is the kind's own table. */
export type RunStatus =
  | 'Pending'
  | 'PendingApproval'
  | 'Running'
  | 'Paused'
  | 'RollingBack'
  | 'Succeeded'
  | 'Failed'
  | 'RolledBack'
  | 'RollbackFailed'
  | 'Cancelled'
  | 'Rejected';

const OVER: readonly RunStatus[] = [
  'Succeeded',
  'Failed',
  'RolledBack',
  'RollbackFailed',
  'Cancelled',
  'Rejected',
];

/** Final: nothing happens to the run any more. */
export const isOver = (status: RunStatus) => OVER.includes(status);

export type UndoEnding = 'RolledBack' | 'Cancelled';

/** Why a run waits: everything that waits can say so. Times in ms since the epoch. */
export interface WaitingOn {
  /** converge, gate, slot, retry, paused, attention, approval, … */
  readonly kind: string;
  readonly since: number;
  readonly until: number;
  /** Who can unblock it. */
  readonly who: string;
  /** The verb that unblocks it; null: nobody needs to do anything. */
  readonly verb: string | null;
  readonly detail: string;
}

/** A verb that somebody has asked for, on its way to the holder of the lease. */
export interface AskedVerb {
  readonly number: number;
  readonly verb: 'pause' | 'resume' | 'cancel' | 'promote';
  readonly params: Readonly<Record<string, unknown>>;
  readonly actor: string;
  readonly reason: string | null;
}

/** An id is of one run, whatever its kind: nothing else is needed to tell two runs apart. */
export interface RunKey {
  readonly kind: string;
  readonly tenantId: string;
  readonly id: string;
}

/** How log lines name a run. */
export const loggedRun = ({ tenantId, id }: RunKey) => ({ tenantId, run: id });

/** Who may unblock what waits for a person. */
export const operatorOf = ({ kind }: Pick<RunKey, 'kind'>) => `someone who may operate ${kind}s`;

/** The right to act on a run until `untilMonotonic`; every write compares the fence. */
export interface Lease {
  readonly key: RunKey;
  readonly fence: number;
  /** How many hints the run had had when it was leased. */
  readonly pokes: number;
  /**
   * How often in a row an action ended by an error of ours, or with its worker: a lease that ran
   * out without being given back counts, so that what kills workers does not go on for ever.
   */
  readonly failures: number;
}

/** The gate that the due loop folds for this run, as far as it has come. */
export interface GateProgress {
  readonly stepId: string;
  readonly verdict: 'waiting' | 'stable' | 'unstable' | 'inconclusive';
  readonly reason: string;
  /** How long it has been watched. Its step's deadline counts this, and not what a clock says. */
  readonly watchedMs?: number;
}

export interface LoadedRun {
  readonly key: RunKey;
  readonly status: RunStatus;
  /** What RollingBack ends in, with the reason it began for. */
  readonly ending: UndoEnding | null;
  readonly reason: string | null;
  readonly forward: Plan;
  readonly undo: Plan | null;
  readonly journal: FoldedJournal;
  /** Not yet applied, oldest first. */
  readonly verbs: readonly AskedVerb[];
  readonly gate: GateProgress | null;
  readonly pokes: number;
  /** The database's clock when this was read, in ms since the epoch. */
  readonly now: number;
}
