import type { RegistryEntry } from '../kernel/registry.js';
import type { Context } from '../platform/context.js';
import type { Cause, FoldedJournal } from './journal.js';
import type { Plan, Step, StepParams } from './plan.js';
import type { GateProgress, RunKey, RunStatus, WaitingOn } from './run.js';

/** What a handler is told about the one step that it runs. */
export interface StepCall<P extends StepParams = StepParams> {
  readonly key: RunKey;
  readonly step: Step<P>;
  readonly plan: Plan;
  readonly planNumber: number;
  readonly attempt: number;
  /** When the step was first started, ms since the epoch. */
  readonly startedAt: number;
  readonly now: number;
  readonly journal: FoldedJournal;
  readonly gate: GateProgress | null;
  /** Fires when the action's own budget or the lease is used up. */
  readonly abort: AbortSignal;
}

/** Of a step that has succeeded, for later steps and for people; at most 16 KiB. */
export type StepOutput = Readonly<Record<string, unknown>>;

export type StepOutcome<O extends StepOutput = StepOutput> =
  /** Done; `output` is journalled and handed to later steps. */
  | {
      readonly outcome: 'done';
      readonly output?: O;
      readonly status?: RunStatus;
      /** A plan on present facts that replaces the rest of this one. */
      readonly replan?: { readonly plan: Plan; readonly factsText: string };
      readonly said?: Said;
    }
  /** Not yet: ask again at `until`, or earlier on a hint. */
  | {
      readonly outcome: 'wait';
      readonly until: number;
      readonly waitingOn: Omit<WaitingOn, 'since' | 'until'>;
      /** Whose doing it is when it waits beyond its deadline. Absent: not the release's. */
      readonly cause?: Cause;
      /** The deadline shown to people, when it is later than the next look. */
      readonly deadline?: number;
      /** The due loop folds this run's gate instead of waking the engine. */
      readonly pollsGate?: boolean;
      /** Worth a line in the journal, once (a node was left out). */
      readonly note?: Readonly<Record<string, unknown>>;
      /** It begins anew (a watch after a pause): its budget does, too. */
      readonly restarts?: boolean;
      /** What the run is while it waits for this. */
      readonly status?: RunStatus;
      readonly said?: Said;
      /**
       * Somebody keeps it from going on (a freeze, a switch): that takes nothing of its budget, for as long
       * as it says so, and is journalled when it begins and when it ends.
       */
      readonly isHeld?: boolean;
    }
  /** Somebody has decided against it before anything has moved: the run ends as Rejected. */
  | {
      readonly outcome: 'rejected';
      readonly reason: string;
      readonly by: string;
      readonly said?: Said;
    }
  /** What an earlier step has made sure of is so no longer: that one is run again, then this one. */
  | { readonly outcome: 'again'; readonly stepId: string; readonly reason: string }
  /** It will not become good: go back, or end if nothing has moved. */
  | {
      readonly outcome: 'unstable';
      readonly reason: string;
      /** Absent: the release's own. */
      readonly cause?: Cause;
      readonly evidence?: Readonly<Record<string, unknown>>;
    }
  /** A person has to look: the run is paused. */
  | { readonly outcome: 'attention'; readonly reason: string };

/** Worth entries of kind `approval` in the journal, in this order. */
export type Said = readonly Readonly<Record<string, unknown>>[];

/** Whatever it is, it has not succeeded. */
export type NotDone = Exclude<StepOutcome, { readonly outcome: 'done' }>;

/**
 * What every kind of step implements. `run` is idempotent: it may be called again after a crash,
 * and is called again after every `wait`. It throws TerminalError for "never", anything else counts
 * toward the retries. Retry, deadline, pause and undo policy live in decide.ts, never here.
 */
export interface StepHandler<
  P extends StepParams = StepParams,
  O extends StepOutput = StepOutput,
> extends RegistryEntry {
  /**
   * `transaction`: runs inside the engine's fenced transaction, with `open.tx`; touches nothing
   * but the database. `outside`: `step-started` is committed first, then it runs without one.
   */
  readonly mode: 'transaction' | 'outside';
  /**
   * Of mode `outside`: it only looks, nothing has to be taken back. Then `step-started` is committed
   * ahead of the outcome only when it proves slow.
   */
  readonly onlyLooks?: true;
  /**
   * `step`: one run may take the step's whole deadline instead of an action's 20 s, under a lease
   * that is renewed all the time. For what cannot be split; verbs wait until it has ended.
   */
  readonly budget?: 'step';
  /** It takes what runs of this kind share, or waits for it: that is locked before the run is. */
  readonly locksShared?: true;
  run(ctx: Context, call: StepCall<P>): Promise<StepOutcome<O>>;
  /**
   * Ends a wait at a person's word; steps that cannot be cut short have none. Runs inside the
   * engine's fenced transaction, so only steps of mode `transaction` may have it.
   */
  promote?(ctx: Context, call: StepCall<P>, by: PromotedBy): Promise<StepOutcome<O> | Refused>;
}

export interface PromotedBy {
  readonly actor: string;
  readonly reason: string;
}

/** The verb does not fit what the step knows by now; it goes on as if nobody had asked. */
export interface Refused {
  readonly outcome: 'refused';
  readonly reason: string;
}
