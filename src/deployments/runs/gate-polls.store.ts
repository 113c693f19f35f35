/**
 * Gates of all tenants, as they are polled: their runs' own rows, and `gate_samples`. Each statement is
 * asked once per batch, whatever the number of gates.
 */
import { statement } from '../../platform/database/statement.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import { RUN_KIND } from './runs.store.js';
import type { GateSample } from '../gates/gate.js';
import type { GateSpec, GateState } from '../gates/gate-spec.js';
import type { GateSpecCache, SpecKey } from '../gates/gate-spec-cache.js';

export interface DueGate {
  readonly tenantId: string;
  readonly id: string;
  readonly gate: GateState;
  readonly spec: GateSpec;
  /** Milliseconds since the epoch: since when it is due. */
  readonly dueAt: number;
  readonly now: number;
}

export interface Folded {
  readonly due: DueGate;
  readonly next: GateState;
  readonly sample: GateSample;
  /** Milliseconds since the epoch; null: wake the engine now. */
  readonly wakeAt: number | null;
}

export interface Wanted {
  readonly limit: number;
  /** This one alone, if it is due. */
  readonly id?: string;
}

interface DueRow extends Omit<DueGate, 'spec'> {
  /** Null: there is nothing that says what to look at. */
  readonly version: string | null;
}

// Limited before anything is joined, so that a batch costs the same however many are due. `xmin` is
// the transaction that wrote the row: it changes with every write, whoever writes.
const DUE = statement<{ readonly limit: number; readonly id: string | null }, DueRow>(
  'gate-polls.due',
  `with due as materialized (
     select r.tenant_id, r.id, r.gate, r.wake_at from runs r
     where r.wake_at <= (select clock_timestamp()) and r.polls_gate
       and (r.lease_until is null or r.lease_until < (select clock_timestamp()))
       and (:id::uuid is null or r.id = :id)
     order by r.wake_at limit :limit
     for update skip locked)
   select r.tenant_id as "tenantId", r.id, r.gate, s.xmin::text as version,
     (extract(epoch from r.wake_at) * 1000)::float8 as "dueAt",
     (extract(epoch from clock_timestamp()) * 1000)::float8 as now
   from due r
   left join gate_specs s on s.tenant_id = r.tenant_id and s.deployment_id = r.id
     and s.step_id = r.gate->>'stepId'`,
);

/** Takes the gates that are due longest, passing over what another worker has just taken. */
export async function takeDue(
  tx: SystemTransaction,
  cache: GateSpecCache,
  { limit, id }: Wanted,
): Promise<{ due: DueGate[]; taken: number }> {
  const rows = await tx.query(DUE, { limit, id: id ?? null });
  const isWhole = (row: DueRow): row is DueRow & { version: string } => row.version !== null;
  const halves = rows.filter((row) => !isWhole(row));
  // Nobody would ever look at these again: the step begins its watch anew.
  await giveBack(tx, halves);
  const due = await withSpecs(tx, cache, rows.filter(isWhole));
  return { due, taken: rows.length };
}

const GIVE_BACK = statement<{ readonly kind: string; readonly ids: readonly string[] }>(
  'gate-polls.give-back',
  `update runs set polls_gate = false, wake_at = clock_timestamp()
   where kind = :kind and id = any(:ids::uuid[]) and polls_gate`,
);

/** The step begins these watches anew. */
export async function giveBack(
  tx: SystemTransaction,
  runs: readonly { readonly id: string }[],
): Promise<void> {
  if (runs.length === 0) return;
  await tx.execute(GIVE_BACK, { kind: RUN_KIND, ids: runs.map(({ id }) => id) });
}

async function withSpecs(
  tx: SystemTransaction,
  cache: GateSpecCache,
  due: readonly (Omit<DueGate, 'spec'> & { version: string })[],
): Promise<DueGate[]> {
  const keys = due.map(({ tenantId, id, gate, version }) => ({
    tenantId,
    id,
    stepId: gate.stepId,
    version,
  }));
  const missing = keys.filter((key) => !cache.get(key));
  const read = new Map((await readSpecs(tx, missing)).map((each) => [each.id, each]));
  return due.flatMap(({ version: _, ...gate }, at) => {
    const fresh = read.get(gate.id);
    if (fresh) cache.put(fresh, fresh.spec);
    const spec = fresh?.spec ?? cache.get(keys[at]!);
    return spec ? [{ ...gate, spec }] : [];
  });
}

const SPECS = statement<
  {
    readonly tenantIds: readonly string[];
    readonly ids: readonly string[];
    readonly stepIds: readonly string[];
  },
  SpecKey & { readonly spec: GateSpec }
>(
  'gate-polls.specs',
  `select s.tenant_id as "tenantId", s.deployment_id as id, s.step_id as "stepId",
     s.xmin::text as version, s.body as spec
   from unnest(:tenantIds::uuid[], :ids::uuid[], :stepIds::text[])
     as asked (tenant_id, id, step_id)
   join gate_specs s on s.tenant_id = asked.tenant_id and s.deployment_id = asked.id
     and s.step_id = asked.step_id`,
);

async function readSpecs(
  tx: SystemTransaction,
  keys: readonly SpecKey[],
): Promise<(SpecKey & { spec: GateSpec })[]> {
  if (keys.length === 0) return [];
  return tx.query(SPECS, {
    tenantIds: keys.map(({ tenantId }) => tenantId),
    ids: keys.map(({ id }) => id),
    stepIds: keys.map(({ stepId }) => stepId),
  });
}

// One text: arrays of JSON would have each of its quotation marks escaped.
const STORE_SAMPLES = statement<{ readonly samples: string }>(
  'gate-polls.store-samples',
  `insert into gate_samples (tenant_id, deployment_id, step_id, n, at, body)
   select tenant_id, id, step_id, n, to_timestamp(at / 1000), body
   from json_to_recordset(:samples::json) as new (tenant_id uuid, id uuid, step_id text, n int,
     at float8, body json)`,
);

export async function storeSamples(
  tx: SystemTransaction,
  folded: readonly Folded[],
): Promise<void> {
  const samples = folded.map(({ due: { tenantId, id }, next: { stepId, n, readTo }, sample }) => ({
    tenant_id: tenantId,
    id,
    step_id: stepId,
    n,
    at: readTo,
    body: sample,
  }));
  await tx.execute(STORE_SAMPLES, { samples: JSON.stringify(samples) });
}

const STORE_STATES = statement<{ readonly kind: string; readonly states: string }>(
  'gate-polls.store-states',
  `update runs r set gate = new.gate, polls_gate = new.wake_at is not null,
     wake_at = coalesce(to_timestamp(new.wake_at / 1000), clock_timestamp())
   from json_to_recordset(:states::json)
     as new (tenant_id uuid, id uuid, gate json, wake_at float8)
   where r.tenant_id = new.tenant_id and r.kind = :kind and r.id = new.id`,
);

export async function storeStates(tx: SystemTransaction, folded: readonly Folded[]): Promise<void> {
  const states = folded.map(({ due: { tenantId, id }, next, wakeAt }) => ({
    tenant_id: tenantId,
    id,
    gate: next,
    wake_at: wakeAt,
  }));
  await tx.execute(STORE_STATES, { kind: RUN_KIND, states: JSON.stringify(states) });
}

/** Twice the longest interval between polls: no gate sleeps longer unless the clock was set back. */
const FAR_AHEAD_MS = 600_000;

const WAKE_FAR_AHEAD = statement<{ readonly kind: string }>(
  'gate-polls.wake-far-ahead',
  `update runs set wake_at = clock_timestamp()
   where kind = :kind and polls_gate
     and wake_at > clock_timestamp() + interval '${FAR_AHEAD_MS} milliseconds'`,
);

/** Gates whose next poll lies where no poll can be: they would sleep until the clock is there again. */
export async function wakeFarAhead(tx: SystemTransaction): Promise<void> {
  await tx.execute(WAKE_FAR_AHEAD, { kind: RUN_KIND });
}

const GIVE_UP = statement<{ readonly kind: string; readonly id: string; readonly reason: string }>(
  'gate-polls.give-up',
  `update runs set gate = (gate::jsonb
       || jsonb_build_object('verdict', 'inconclusive', 'reason', :reason::text))::json,
     polls_gate = false, wake_at = clock_timestamp()
   where kind = :kind and id = :id and polls_gate`,
);

/** The gate cannot be judged, and says why: the engine acts on that, as on any other verdict. */
export async function giveUp(
  tx: SystemTransaction,
  { id }: DueGate,
  reason: string,
): Promise<void> {
  await tx.execute(GIVE_UP, { kind: RUN_KIND, id, reason });
}
