/**
 * What is agreed about a kind of step: the parameters that a plan gives to it, and what it leaves in
 * the journal for later steps. Plans are made and read through it; stored, both are plain JSON.
 */
import type { RegistryEntry } from '../kernel/registry.js';
import { stepKey, type FoldedJournal } from './journal.js';
import type { Plan, Step, StepEffect, StepParams } from './plan.js';
import type { StepCall, StepHandler, StepOutcome, StepOutput } from './step-handler.js';

export interface StepType<
  P extends StepParams = StepParams,
  O extends StepOutput = StepOutput,
> extends RegistryEntry {
  /** One step of a plan. Title and effects are the kind's, unless this one has its own. */
  step(fields: NewStep<P>): Step<P>;
  is(step: Step): step is Step<P>;
  /** The first of this kind in a wave. */
  inWave(plan: Plan, wave: number): Step<P> | undefined;
  /** What the step has left; undefined: it has not succeeded (yet). */
  outputOf(at: JournalOfPlan, step: Pick<Step, 'id'>): O | undefined;
}

export interface NewStep<P> {
  readonly id: string;
  readonly wave: number;
  readonly deadlineMs: number;
  readonly params: P;
  readonly title?: string;
  readonly effects?: readonly StepEffect[];
}

export interface JournalOfPlan {
  readonly planNumber: number;
  readonly journal: Pick<FoldedJournal, 'steps'>;
}

interface Agreed extends RegistryEntry {
  readonly effects: readonly StepEffect[];
}

export function defineStep<
  P extends StepParams = Record<never, never>,
  O extends StepOutput = Record<never, never>,
>({ kind, title, effects }: Agreed): StepType<P, O> {
  const is = (step: Step): step is Step<P> => step.kind === kind;
  return {
    kind,
    title,
    is,
    step: (fields) => ({ kind, title, effects, ...fields }),
    inWave: ({ steps }, wave) => steps.filter(is).find((step) => step.wave === wave),
    outputOf: ({ journal, planNumber }, { id }) => {
      const record = journal.steps.get(stepKey(planNumber, id));
      // The one place where what was journalled is taken for what its kind has written.
      return record?.status === 'succeeded' ? (record.output as O) : undefined;
    },
  };
}

type ParamsOf<T> = T extends StepType<infer P> ? P : never;
type OutputOf<T> = T extends StepType<infer _, infer O> ? O : never;

/** What the handler of a type implements, is told and answers. */
export type HandlerOf<T> = StepHandler<ParamsOf<T>, OutputOf<T>>;
export type CallOf<T> = StepCall<ParamsOf<T>>;
export type OutcomeOf<T> = StepOutcome<OutputOf<T>>;
