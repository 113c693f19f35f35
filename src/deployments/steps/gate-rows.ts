/** What a gate's step reads and writes: what the gate looks at, how far it has come, and its verdict. */
import type { StepCall } from '../../engine/step-handler.js';
import type { OpenContext } from '../../platform/context.js';
import type { Verdict } from '../gates/gate.js';
import { packEvidence, samplesOf } from '../gates/gate-evidence.js';
import type { GateSpec, GateState } from '../gates/gate-spec.js';
import { RUN_KIND, saveRunGate } from '../runs/runs.store.js';

export interface StoredGate {
  readonly gate: GateState;
  readonly spec: GateSpec;
}

export async function loadGate(open: OpenContext, call: StepCall): Promise<StoredGate | null> {
  if (!call.gate) return null;
  const [row] = await open.tx.query<StoredGate>(
    `select r.gate, s.body as spec from runs r
     join gate_specs s on s.tenant_id = r.tenant_id and s.deployment_id = r.id and s.step_id = $4
     where r.tenant_id = $1 and r.kind = $2 and r.id = $3 and r.gate is not null`,
    [open.tenantId, RUN_KIND, call.key.id, call.step.id],
  );
  return row ?? null;
}

export async function saveGate(open: OpenContext, call: StepCall, gate: GateState): Promise<void> {
  const { tenantId, kind, id } = call.key;
  await open.tx.execute(saveRunGate, { tenantId, kind, id, gate: JSON.stringify(gate) });
}

export async function putSpec(open: OpenContext, call: StepCall, spec: GateSpec): Promise<void> {
  await open.tx.execute(
    `insert into gate_specs (tenant_id, deployment_id, step_id, body) values ($1, $2, $3, $4)
     on conflict (tenant_id, deployment_id, step_id) do update
       set body = excluded.body, at = clock_timestamp()`,
    [open.tenantId, call.key.id, call.step.id, JSON.stringify(spec)],
  );
}

/** The number of the newest sample of this step; 0: there is none. */
export async function samplesSoFar(open: OpenContext, call: StepCall): Promise<number> {
  const [samples] = await open.tx.query<{ n: number }>(
    `select coalesce(max(n), 0) as n from gate_samples
     where tenant_id = $1 and deployment_id = $2 and step_id = $3`,
    [open.tenantId, call.key.id, call.step.id],
  );
  return samples?.n ?? 0;
}

export async function saveVerdict(
  open: OpenContext,
  call: StepCall,
  { gate, spec }: StoredGate,
  verdict: Exclude<Verdict, 'waiting'>,
): Promise<void> {
  const { kind, version, params, baselines } = spec;
  const samples = await samplesOf(open, call.key.id, call.step.id, spec.samplesBefore);
  await open.tx.execute(
    `insert into gate_verdicts (tenant_id, deployment_id, step_id, n, verdict, gate_kind,
       gate_version, params, evidence_text)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing`,
    [
      ...[open.tenantId, call.key.id, call.step.id, gate.n, verdict, kind, version],
      ...[JSON.stringify(params), packEvidence({ kind, version, params, baselines, samples })],
    ],
  );
}
