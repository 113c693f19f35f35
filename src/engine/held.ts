import type { Lease, LoadedRun } from './run.js';

export interface ActionBudget {
  readonly signal: AbortSignal;
  /** From now on the action may take so long. Without an answer: as long as it is used to. */
  readonly extend?: (ms: number) => void;
}

/** What is acted on, under which lease, for how long. */
export interface Held {
  readonly lease: Lease;
  readonly run: LoadedRun;
  readonly budget: ActionBudget;
}
