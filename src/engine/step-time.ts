/** How much of its time a step has used, and how much is left: the one place that says what counts. */
import { stepKey, type FoldedJournal, type StepRecord } from './journal.js';
import { ACTION_BUDGET_MS } from './lease-keeper.js';
import type { Step } from './plan.js';
import type { GateProgress } from './run.js';
import type { Sleep } from './run-store.js';
import type { StepCall, StepOutcome } from './step-handler.js';

export interface TimeSpentIn {
  readonly journal: Pick<FoldedJournal, 'pausedMs' | 'stoppedSince'>;
  readonly gate: GateProgress | null;
  readonly now: number;
}

/**
 * Pauses and holds take nothing of it. A gate has used what it has watched: half an hour in which no worker was
 * there to look, or a clock that has jumped, must not end it.
 */
export function spentMs(
  { id }: Pick<Step, 'id'>,
  { startedAt, pausedMsBefore }: Pick<StepRecord, 'startedAt' | 'pausedMsBefore'>,
  { journal, gate, now }: TimeSpentIn,
): number {
  if (gate?.stepId === id && typeof gate.watchedMs === 'number') return gate.watchedMs;
  const { stoppedSince, pausedMs } = journal;
  return (stoppedSince ?? now) - startedAt - (pausedMs - pausedMsBefore);
}

/** Until the step wants to be asked again. Never past its deadline: decide() must get its say then. */
export function sleepOf(call: StepCall, outcome: StepOutcome & { outcome: 'wait' }): Sleep {
  const { step, now } = call;
  if (outcome.isHeld) return sleepOfHeld(call, outcome);
  const startedAt = outcome.restarts ? now : call.startedAt;
  const deadline = now + step.deadlineMs - (outcome.restarts ? 0 : spentBy(call));
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

/** Its time does not run, so nothing ends that wait but what holds it. */
function sleepOfHeld(
  { journal, now }: StepCall,
  outcome: StepOutcome & { outcome: 'wait' },
): Sleep {
  const { until, deadline = until, waitingOn } = outcome;
  return {
    until,
    pollsGate: false,
    waitingOn: { ...waitingOn, since: journal.heldSince ?? now, until: deadline },
  };
}

/** Of the step's own deadline. At least an action's time: decide() has let it begin. */
export function remainingMs(call: StepCall): number {
  return Math.max(ACTION_BUDGET_MS, call.step.deadlineMs - spentBy(call));
}

function spentBy(call: StepCall): number {
  const { journal, planNumber, step, startedAt } = call;
  const record = journal.steps.get(stepKey(planNumber, step.id));
  const pausedMsBefore = record?.pausedMsBefore ?? journal.pausedMs;
  return spentMs(step, { startedAt, pausedMsBefore }, call);
}
