import type { Registry } from '../../kernel/registry.js';
import type { StepHandler } from '../../engine/step-handler.js';
import type { Verdict } from '../gates/gate.js';
import type { OpenContext } from '../../platform/context.js';
import { RUN_KIND } from '../runs/runs.store.js';

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
  const [gate] = await open.tx.query<OpenGate & { kind: string }>(OPEN_SQL, [
    open.tenantId,
    deploymentId,
    RUN_KIND,
  ]);
  if (!gate || handlers.get(gate.kind).promote === undefined) return null;
  return { stepId: gate.stepId, verdict: gate.verdict };
}

// Steps run one after the other, so the last one started is the only one that can be open.
const OPEN_SQL = `
  select last.step_id as "stepId", last.data->>'kind' as kind,
    case when r.gate->>'stepId' = last.step_id then r.gate->>'verdict' end as verdict
  from (
    select step_id, plan_number, seq, data from journal
    where tenant_id = $1 and deployment_id = $2 and kind = 'step-started'
    order by seq desc limit 1) as last
  join runs r on r.tenant_id = $1 and r.kind = $3 and r.id = $2
  where not exists (
    select 1 from journal ended
    where ended.tenant_id = $1 and ended.deployment_id = $2 and ended.seq > last.seq
      and ended.plan_number = last.plan_number and ended.step_id = last.step_id
      and ended.kind in ('step-succeeded', 'step-failed'))`;
