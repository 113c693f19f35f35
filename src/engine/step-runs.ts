/** What a step is told when it runs, and how much of its time is left. */
import { stepKey } from './journal.js';
import { ACTION_BUDGET_MS } from './lease-keeper.js';
import type { Step } from './plan.js';
import type { LoadedRun, RunKey } from './run.js';
import type { Sleep } from './run-store.js';
import type { StepOutcome, StepRun } from './step-handler.js';

export interface StepAttempt {
  readonly step: Step;
  readonly attempt: number;
  /** Its time is over: why it has failed, unless this look finds more than a wait. */
  readonly overdue?: string;
}

export function stepRunOf(
  key: RunKey,
  run: LoadedRun,
  { step, attempt }: StepAttempt,
  signal: AbortSignal,
): StepRun {
  const isUndo = run.status === 'RollingBack';
  const plan = isUndo && run.undo ? run.undo : run.forward;
  const planNumber = isUndo ? (run.journal.undoPlanNumber ?? 0) : run.journal.planNumber;
  const record = run.journal.steps.get(stepKey(planNumber, step.id));
  return {
    ...{ key, step, plan, planNumber, attempt, signal, journal: run.journal, now: run.now },
    startedAt: record?.startedAt ?? run.now,
    gate: run.gate?.stepId === step.id ? run.gate : null,
  };
}

/** Until the step wants to be asked again. Never past its deadline: decide() must get its say then. */
export function sleepOf(stepRun: StepRun, outcome: StepOutcome & { outcome: 'wait' }): Sleep {
  const { step, journal } = stepRun;
  const startedAt = outcome.restarts ? stepRun.now : stepRun.startedAt;
  const pausedMs = outcome.restarts ? 0 : journal.pausedMs - pausedMsBefore(stepRun);
  const deadline = startedAt + step.deadlineMs + pausedMs;
  return {
    until: Math.min(outcome.until, deadline),
    pollsGate: outcome.pollsGate ?? false,
    waitingOn: {
      ...outcome.waitingOn,
      since: startedAt,
      until: Math.min(outcome.deadline ?? deadline, deadline),
    },
  };
}

/** Of the step's own deadline. At least an action's time: decide() has let it begin. */
export function remainingMs(stepRun: StepRun): number {
  const { step, startedAt, now, journal } = stepRun;
  const spentMs = now - startedAt - (journal.pausedMs - pausedMsBefore(stepRun));
  return Math.max(ACTION_BUDGET_MS, step.deadlineMs - spentMs);
}

function pausedMsBefore({ journal, planNumber, step }: StepRun): number {
  return journal.steps.get(stepKey(planNumber, step.id))?.pausedMsBefore ?? journal.pausedMs;
}
