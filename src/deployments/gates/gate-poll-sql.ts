/** The statements of polling gates. Each is asked once per batch, whatever the number of gates. */
import { RUN_KIND } from '../runs/runs.store.js';
import type { Transaction } from '../../platform/database/transaction.js';
import type { GateSample } from './gate.js';
import type { GateSpec, GateState } from './gate-spec.js';
import type { GateSpecCache, SpecKey } from './gate-spec-cache.js';

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

/** Takes the gates that are due longest, passing over what another worker has just taken. */
export async function takeDue(
  tx: Transaction,
  cache: GateSpecCache,
  { limit, id }: Wanted,
): Promise<{ due: DueGate[]; taken: number }> {
  const rows = await tx.query<DueRow>(DUE_SQL, [limit, id ?? null]);
  const isWhole = (row: DueRow): row is DueRow & { version: string } => row.version !== null;
  const halves = rows.filter((row) => !isWhole(row));
  // Nobody would ever look at these again: the step begins its watch anew.
  await giveBack(tx, halves);
  const due = await withSpecs(tx, cache, rows.filter(isWhole));
  return { due, taken: rows.length };
}

/** The step begins these watches anew. */
export async function giveBack(
  tx: Transaction,
  runs: readonly { readonly id: string }[],
): Promise<void> {
  if (runs.length > 0) await tx.execute(ACT_SQL, [RUN_KIND, runs.map(({ id }) => id)]);
}

async function withSpecs(
  tx: Transaction,
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

async function readSpecs(
  tx: Transaction,
  keys: readonly SpecKey[],
): Promise<(SpecKey & { spec: GateSpec })[]> {
  if (keys.length === 0) return [];
  return tx.query(SPECS_SQL, [
    keys.map(({ tenantId }) => tenantId),
    keys.map(({ id }) => id),
    keys.map(({ stepId }) => stepId),
  ]);
}

// Limited before anything is joined, so that a batch costs the same however many are due. `xmin` is
// the transaction that wrote the row: it changes with every write, whoever writes.
const DUE_SQL = `
  with due as materialized (
    select r.tenant_id, r.id, r.gate, r.wake_at from runs r
    where r.wake_at <= (select clock_timestamp()) and r.polls_gate
      and (r.lease_until is null or r.lease_until < (select clock_timestamp()))
      and ($2::uuid is null or r.id = $2)
    order by r.wake_at limit $1
    for update skip locked)
  select r.tenant_id as "tenantId", r.id, r.gate, s.xmin::text as version,
    (extract(epoch from r.wake_at) * 1000)::float8 as "dueAt",
    (extract(epoch from clock_timestamp()) * 1000)::float8 as now
  from due r
  left join gate_specs s on s.tenant_id = r.tenant_id and s.deployment_id = r.id
    and s.step_id = r.gate->>'stepId'`;

/** $1 kind, $2 ids. */
const ACT_SQL = `
  update runs set polls_gate = false, wake_at = clock_timestamp()
  where kind = $1 and id = any($2::uuid[]) and polls_gate`;

const SPECS_SQL = `
  select s.tenant_id as "tenantId", s.deployment_id as id, s.step_id as "stepId",
    s.xmin::text as version, s.body as spec
  from unnest($1::uuid[], $2::uuid[], $3::text[]) as asked (tenant_id, id, step_id)
  join gate_specs s on s.tenant_id = asked.tenant_id and s.deployment_id = asked.id
    and s.step_id = asked.step_id`;

export async function storeSamples(tx: Transaction, folded: readonly Folded[]): Promise<void> {
  await tx.execute(
    `insert into gate_samples (tenant_id, deployment_id, step_id, n, at, body)
     select tenant_id, id, step_id, n, to_timestamp(at / 1000), body
     from json_to_recordset($1::json) as new (tenant_id uuid, id uuid, step_id text, n int,
       at float8, body json)`,
    [
      // One text: arrays of JSON would have each of its quotation marks escaped.
      JSON.stringify(
        folded.map(({ due: { tenantId, id }, next: { stepId, n, readTo }, sample }) => ({
          tenant_id: tenantId,
          id,
          step_id: stepId,
          n,
          at: readTo,
          body: sample,
        })),
      ),
    ],
  );
}

export async function storeStates(tx: Transaction, folded: readonly Folded[]): Promise<void> {
  await tx.execute(
    `update runs r set gate = new.gate, polls_gate = new.wake_at is not null,
       wake_at = coalesce(to_timestamp(new.wake_at / 1000), clock_timestamp())
     from json_to_recordset($2::json) as new (tenant_id uuid, id uuid, gate json, wake_at float8)
     where r.tenant_id = new.tenant_id and r.kind = $1 and r.id = new.id`,
    [
      RUN_KIND,
      JSON.stringify(
        folded.map(({ due: { tenantId, id }, next, wakeAt }) => ({
          tenant_id: tenantId,
          id,
          gate: next,
          wake_at: wakeAt,
        })),
      ),
    ],
  );
}

/** Twice the longest interval between polls: no gate sleeps longer unless the clock was set back. */
const FAR_AHEAD_MS = 600_000;

/** Gates whose next poll lies where no poll can be: they would sleep until the clock is there again. */
export async function wakeFarAhead(tx: Transaction): Promise<void> {
  await tx.execute(
    `update runs set wake_at = clock_timestamp()
     where kind = $1 and polls_gate and wake_at > clock_timestamp() + interval '${FAR_AHEAD_MS} milliseconds'`,
    [RUN_KIND],
  );
}

/** The gate cannot be judged, and says why: the engine acts on that, as on any other verdict. */
export async function giveUp(tx: Transaction, { id }: DueGate, reason: string): Promise<void> {
  await tx.execute(
    `update runs set gate = (gate::jsonb
         || jsonb_build_object('verdict', 'inconclusive', 'reason', $3::text))::json,
       polls_gate = false, wake_at = clock_timestamp()
     where kind = $1 and id = $2 and polls_gate`,
    [RUN_KIND, id, reason],
  );
}
