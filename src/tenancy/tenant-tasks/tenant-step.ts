import type { TenantTask } from './tenant-tasks.store.js';

/** What a task is a list of. Each may be run again at any time, also after half of its work. */
export interface TenantStep {
  readonly kind: string;
  readonly title: string;
  /** Throws TerminalError for "never", whatever else for "later". */
  run(task: TenantTask): Promise<StepEnd>;
  /** Without: there is nothing to take back. */
  undo?(task: TenantTask): Promise<StepEnd>;
}

/** Done, perhaps with a pause before the next one; or not yet, and to be called again. */
export type StepEnd =
  { readonly isDone: true; readonly pauseMs?: number } | { readonly isDone: false };

export const DONE: StepEnd = { isDone: true };
export const MORE: StepEnd = { isDone: false };
