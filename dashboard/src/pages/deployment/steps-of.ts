import type { Schemas } from '../../api/client.ts';
import type { DeploymentEvent } from '../../api/deployments.ts';

type PlannedStep = Schemas['DeploymentPlans']['plans'][number]['steps'][number];

export interface StepStanding extends PlannedStep {
  readonly state: 'waiting' | 'started' | 'done' | 'failed';
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** Of a failure, or what it has noted last. */
  readonly problem: string | null;
}

/** The steps of a plan with what the journal says of each: the last word counts, as steps are tried again. */
export function stepsOf(
  steps: readonly PlannedStep[],
  events: readonly DeploymentEvent[],
): StepStanding[] {
  const standings = new Map<string, Omit<StepStanding, keyof PlannedStep>>();
  for (const { step, kind, at, data } of events) {
    if (step === null) continue;
    const before = standings.get(step);
    const startedAt = before?.startedAt ?? at;
    const message = typeof data.message === 'string' ? data.message : null;
    if (kind === 'step-started') {
      standings.set(step, {
        state: 'started',
        startedAt,
        endedAt: null,
        problem: before?.problem ?? null,
      });
    } else if (kind === 'step-succeeded') {
      standings.set(step, { state: 'done', startedAt, endedAt: at, problem: null });
    } else if (kind === 'step-failed') {
      standings.set(step, { state: 'failed', startedAt, endedAt: at, problem: message });
    }
  }
  const untouched = { state: 'waiting', startedAt: null, endedAt: null, problem: null } as const;
  return steps.map((step) => ({ ...step, ...(standings.get(step.id) ?? untouched) }));
}
