import type { Registry } from '../../kernel/registry.js';
import type { StepHandler } from '../../engine/step-handler.js';
import type { Verdict } from '../gates/gate.js';
import type { OpenContext } from '../../platform/context.js';
import { openStep } from '../reads/journal.queries.js';

/** The step that `promote` would end now. */
export interface OpenGate {
  readonly stepId: string;
  /** Null: a wait that judges nothing. */
  readonly verdict: Verdict | null;
}

/** Null: what goes on now cannot be cut short. Meaningful while the deployment is Running. */
export async function openGate(
  open: OpenContext,
  deploymentId: string,
  handlers: Registry<StepHandler>,
): Promise<OpenGate | null> {
  const gate = await openStep(open, deploymentId);
  if (!gate || handlers.get(gate.kind).promote === undefined) return null;
  return { stepId: gate.stepId, verdict: gate.verdict };
}
