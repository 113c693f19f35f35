import type { Registry, RegistryEntry } from '../kernel/registry.js';
import type { Plan } from './plan.js';
import type { LoadedRun, RunKey, RunStatus } from './run.js';
import type { RunTransaction } from './run-store.js';
import type { StepHandler } from './step-handler.js';

/** The second plan of a run: how to take back what has been moved. */
export interface UndoPlan {
  readonly plan: Plan;
  readonly factsText: string;
  /** What people should know of where it leads. */
  readonly warnings?: readonly string[];
}

/** All that the engine knows of what it runs. A new kind of run is one of these and its steps. */
export interface RunKind extends RegistryEntry {
  readonly steps: Registry<StepHandler>;
  /** Pure over the stored plan and journal. */
  planUndo(run: LoadedRun): UndoPlan;
  /** Told inside the transaction that ends a run; gives back what it held. */
  onFinish(tx: RunTransaction, key: RunKey, status: RunStatus): Promise<void>;
}
