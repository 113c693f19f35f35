/**
 * The tables `gate_specs`, `gate_samples` and `gate_verdicts`: what a gate looks at, what it has seen
 * and what it said in the end. How far it has come is in its run's own row; what is polled of all
 * tenants together is in runs/gate-polls.store.ts.
 */
import type { RunKey } from '../../engine/run.js';
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';
import { RUN_KIND, saveRunGate } from '../runs/runs.store.js';
import type { GateParams, GateSample, Verdict } from './gate.js';
import type { GateSpec, GateState } from './gate-spec.js';

/** The step of a deployment whose gate it is. */
export interface GateOf {
  readonly deploymentId: string;
  readonly stepId: string;
}

type NamedGate = {
  readonly tenantId: string;
  readonly deploymentId: string;
  readonly stepId: string;
};

const named = ({ tenantId }: OpenContext, { deploymentId, stepId }: GateOf): NamedGate => ({
  tenantId,
  deploymentId,
  stepId,
});

export interface StoredGate {
  readonly gate: GateState;
  readonly spec: GateSpec;
}

const LOAD = statement<NamedGate & { readonly kind: string }, StoredGate>(
  'gates.load',
  `select r.gate, s.body as spec from runs r
   join gate_specs s on s.tenant_id = r.tenant_id and s.deployment_id = r.id
     and s.step_id = :stepId
   where r.tenant_id = :tenantId and r.kind = :kind and r.id = :deploymentId
     and r.gate is not null`,
);

/** Null: it has not been started, or has been dropped since. */
export async function storedGate(open: OpenContext, gate: GateOf): Promise<StoredGate | null> {
  return (await open.tx.first(LOAD, { ...named(open, gate), kind: RUN_KIND })) ?? null;
}

/** How far it has come. The caller acts on the run. */
export async function saveGateState(
  open: OpenContext,
  { tenantId, kind, id }: RunKey,
  gate: GateState,
): Promise<void> {
  await open.tx.execute(saveRunGate, { tenantId, kind, id, gate: JSON.stringify(gate) });
}

const PUT_SPEC = statement<NamedGate & { readonly body: string }>(
  'gates.put-spec',
  `insert into gate_specs (tenant_id, deployment_id, step_id, body)
   values (:tenantId, :deploymentId, :stepId, :body)
   on conflict (tenant_id, deployment_id, step_id) do update
     set body = excluded.body, at = clock_timestamp()`,
);

export async function putGateSpec(open: OpenContext, gate: GateOf, spec: GateSpec): Promise<void> {
  await open.tx.execute(PUT_SPEC, { ...named(open, gate), body: JSON.stringify(spec) });
}

const NEWEST_SAMPLE = statement<NamedGate, { readonly n: number }>(
  'gates.newest-sample',
  `select coalesce(max(n), 0) as n from gate_samples
   where tenant_id = :tenantId and deployment_id = :deploymentId and step_id = :stepId`,
);

/** Its number; 0: there is none. */
export async function newestSample(open: OpenContext, gate: GateOf): Promise<number> {
  return (await open.tx.first(NEWEST_SAMPLE, named(open, gate)))?.n ?? 0;
}

const SAMPLES = statement<NamedGate & { readonly afterN: number }, { readonly body: GateSample }>(
  'gates.samples',
  `select body from gate_samples
   where tenant_id = :tenantId and deployment_id = :deploymentId and step_id = :stepId
     and n > :afterN
   order by n`,
);

/** Those of one gate since it (re)started, oldest first: those numbered above `afterN`. */
export async function samplesOf(
  open: OpenContext,
  gate: GateOf,
  afterN: number,
): Promise<GateSample[]> {
  const rows = await open.tx.query(SAMPLES, { ...named(open, gate), afterN });
  return rows.map(({ body }) => body);
}

export interface NewVerdict {
  readonly n: number;
  readonly verdict: Exclude<Verdict, 'waiting'>;
  readonly gateKind: string;
  readonly version: number;
  readonly params: GateParams;
  /** Packed: gate-evidence.ts. */
  readonly evidenceText: string;
}

const ADD_VERDICT = statement<
  NamedGate & {
    readonly n: number;
    readonly verdict: string;
    readonly gateKind: string;
    readonly version: number;
    readonly params: string;
    readonly evidenceText: string;
  }
>(
  'gates.add-verdict',
  `insert into gate_verdicts (tenant_id, deployment_id, step_id, n, verdict, gate_kind,
     gate_version, params, evidence_text)
   values (:tenantId, :deploymentId, :stepId, :n, :verdict, :gateKind, :version, :params,
     :evidenceText)
   on conflict do nothing`,
);

/** A step that runs twice has said so once. */
export async function addVerdict(
  open: OpenContext,
  gate: GateOf,
  { params, ...verdict }: NewVerdict,
): Promise<void> {
  const text = JSON.stringify(params);
  await open.tx.execute(ADD_VERDICT, { ...named(open, gate), ...verdict, params: text });
}
