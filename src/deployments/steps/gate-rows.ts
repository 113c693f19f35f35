/** What a gate's step reads and writes: what the gate looks at, how far it has come, and its verdict. */
import type { StepCall } from '../../engine/step-handler.js';
import type { OpenContext } from '../../platform/context.js';
import type { Verdict } from '../gates/gate.js';
import { packEvidence } from '../gates/gate-evidence.js';
import type { GateSpec, GateState } from '../gates/gate-spec.js';
import {
  addVerdict,
  newestSample,
  putGateSpec,
  samplesOf,
  saveGateState,
  storedGate,
  type GateOf,
  type StoredGate,
} from '../gates/gates.store.js';

export type { StoredGate };

export async function loadGate(open: OpenContext, call: StepCall): Promise<StoredGate | null> {
  if (!call.gate) return null;
  return storedGate(open, gateOf(call));
}

export async function saveGate(open: OpenContext, call: StepCall, gate: GateState): Promise<void> {
  await saveGateState(open, call.key, gate);
}

export async function putSpec(open: OpenContext, call: StepCall, spec: GateSpec): Promise<void> {
  await putGateSpec(open, gateOf(call), spec);
}

/** The number of the newest sample of this step; 0: there is none. */
export async function samplesSoFar(open: OpenContext, call: StepCall): Promise<number> {
  return newestSample(open, gateOf(call));
}

export async function saveVerdict(
  open: OpenContext,
  call: StepCall,
  { gate, spec }: StoredGate,
  verdict: Exclude<Verdict, 'waiting'>,
): Promise<void> {
  const { kind, version, params, baselines } = spec;
  const samples = await samplesOf(open, gateOf(call), spec.samplesBefore);
  await addVerdict(open, gateOf(call), {
    n: gate.n,
    verdict,
    gateKind: kind,
    version,
    params,
    evidenceText: packEvidence({ kind, version, params, baselines, samples }),
  });
}

const gateOf = ({ key, step }: StepCall): GateOf => ({ deploymentId: key.id, stepId: step.id });
