/** The gates of a deployment as they were watched: what they looked at, their samples, what they said. */
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';
import type { GateSample, Verdict } from '../gates/gate.js';
import type { GateSpec } from '../gates/gate-spec.js';

export interface GateRow {
  readonly stepId: string;
  readonly spec: GateSpec;
  /** Of its present watch. */
  readonly polls: number;
  readonly verdict: Exclude<Verdict, 'waiting'> | null;
  readonly decidedAt: Date | null;
  /** Packed, only where the samples themselves are no more. */
  readonly evidenceText: string | null;
}

type OfDeployment = { readonly tenantId: string; readonly id: string };

const GATES = statement<OfDeployment, GateRow>(
  'gate-charts.gates',
  `select s.step_id as "stepId", s.body as spec, counted.polls, v.verdict, v.at as "decidedAt",
     case when counted.polls = 0 then v.evidence_text end as "evidenceText"
   from gate_specs s
   cross join lateral (select count(*)::int as polls from gate_samples g
     where g.tenant_id = s.tenant_id and g.deployment_id = s.deployment_id and g.step_id = s.step_id
       and g.n > (s.body ->> 'samplesBefore')::int) as counted
   left join lateral (select v.verdict, v.at, v.evidence_text from gate_verdicts v
     where v.tenant_id = s.tenant_id and v.deployment_id = s.deployment_id and v.step_id = s.step_id
       and v.n > (s.body ->> 'samplesBefore')::int order by v.n desc limit 1) as v on true
   where s.tenant_id = :tenantId and s.deployment_id = :id
   order by (s.body ->> 'movedAt')::float8`,
);

/** Oldest first. */
export function gateRows(open: OpenContext, id: string): Promise<GateRow[]> {
  return open.tx.query(GATES, { tenantId: open.tenantId, id });
}

export interface SampleRow {
  readonly stepId: string;
  readonly at: Date;
  readonly body: GateSample;
}

const SAMPLES = statement<OfDeployment & { readonly steps: readonly string[] }, SampleRow>(
  'gate-charts.samples',
  `select g.step_id as "stepId", g.at, g.body from gate_specs s
   join gate_samples g on g.tenant_id = s.tenant_id and g.deployment_id = s.deployment_id
     and g.step_id = s.step_id and g.n > (s.body ->> 'samplesBefore')::int
   where s.tenant_id = :tenantId and s.deployment_id = :id and s.step_id = any(:steps::text[])
   order by g.step_id, g.n`,
);

export function gateSampleRows(
  open: OpenContext,
  id: string,
  steps: readonly string[],
): Promise<SampleRow[]> {
  return open.tx.query(SAMPLES, { tenantId: open.tenantId, id, steps });
}
