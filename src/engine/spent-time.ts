/** How much of its time a step has used: the one place that says what does not count. */
import type { FoldedJournal, StepRecord } from './journal.js';
import type { Step } from './plan.js';
import type { GateProgress } from './run.js';

export interface TimeSpentIn {
  readonly journal: Pick<FoldedJournal, 'pausedMs'>;
  readonly gate: GateProgress | null;
  readonly now: number;
}

/**
 * Pauses take nothing of it. A gate has used what it has watched: half an hour in which no worker was
 * there to look, or a clock that has jumped, must not end it.
 */
export function spentMs(
  { id }: Pick<Step, 'id'>,
  { startedAt, pausedMsBefore }: Pick<StepRecord, 'startedAt' | 'pausedMsBefore'>,
  { journal, gate, now }: TimeSpentIn,
): number {
  if (gate?.stepId === id && typeof gate.watchedMs === 'number') return gate.watchedMs;
  return now - startedAt - (journal.pausedMs - pausedMsBefore);
}
