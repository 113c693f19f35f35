import { canonicalJson } from '../../kernel/canonical-json.js';
import { stepKey } from '../../engine/journal.js';
import type { Plan } from '../../engine/plan.js';
import type { LoadedRun } from '../../engine/run.js';
import { undoPlan } from '../strategies/plan-parts.js';

/** The second plan of a run, from its stored plan and journal alone. */
export function planUndo(run: LoadedRun): { plan: Plan; factsText: string } {
  const { planNumber, steps } = run.journal;
  const plan = undoPlan(run.forward, (stepId) => steps.has(stepKey(planNumber, stepId)));
  return { plan, factsText: canonicalJson({ forwardPlan: planNumber }) };
}
