/** What a step is told when it runs, and how much of its time is left. */
import { stepKey } from './journal.js';
import { ACTION_BUDGET_MS } from './lease-keeper.js';
import type { Step } from './plan.js';
import type { LoadedRun } from './run.js';
import type { Sleep } from './run-store.js';
import { spentMs } from './spent-time.js';
import type { StepOutcome, StepRun } from './step-handler.js';

export interface StepAttempt {
  readonly step: Step;
  readonly attempt: number;
  /** Its time is over: why it has failed, unless this look finds more than a wait. */
  readonly overdue?: string;
}

export function stepRunOf(
  run: LoadedRun,
  { step, attempt }: StepAttempt,
  signal: AbortSignal,
): StepRun {
  const { key, journal, now } = run;
  const isUndo = run.status === 'RollingBack';
  const plan = isUndo && run.undo ? run.undo : run.forward;
  const planNumber = isUndo ? (journal.undoPlanNumber ?? 0) : journal.planNumber;
  const record = journal.steps.get(stepKey(planNumber, step.id));
  return {
    key,
    step,
    plan,
    planNumber,
    attempt,
    signal,
    journal,
    now,
    startedAt: record?.startedAt ?? now,
    gate: run.gate?.stepId === step.id ? run.gate : null,
  };
}

/** Until the step wants to be asked again. Never past its deadline: decide() must get its say then. */
export function sleepOf(stepRun: StepRun, outcome: StepOutcome & { outcome: 'wait' }): Sleep {
  const { step, now } = stepRun;
  const startedAt = outcome.restarts ? now : stepRun.startedAt;
  const deadline = now + step.deadlineMs - (outcome.restarts ? 0 : spentBy(stepRun));
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
  return Math.max(ACTION_BUDGET_MS, stepRun.step.deadlineMs - spentBy(stepRun));
}

function spentBy(stepRun: StepRun): number {
  const { journal, planNumber, step, startedAt } = stepRun;
  const record = journal.steps.get(stepKey(planNumber, step.id));
  const pausedMsBefore = record?.pausedMsBefore ?? journal.pausedMs;
  return spentMs(step, { startedAt, pausedMsBefore }, stepRun);
}
