import { canonicalJson } from '../../kernel/canonical-json.js';
import { stepKey } from '../../engine/journal.js';
import type { UndoPlan } from '../../engine/run-kind.js';
import type { LoadedRun } from '../../engine/run.js';
import { wayBackWarnings } from '../steps/way-back-warnings.js';
import { undoPlan } from '../strategies/plan-parts.js';

/** The second plan of a run, from its stored plan and journal alone. */
export function planUndo(run: LoadedRun): UndoPlan {
  const { planNumber, steps } = run.journal;
  const plan = undoPlan(run.forward, (stepId) => steps.has(stepKey(planNumber, stepId)));
  const factsText = canonicalJson({ forwardPlan: planNumber });
  return { plan, factsText, warnings: wayBackWarnings(plan) };
}
