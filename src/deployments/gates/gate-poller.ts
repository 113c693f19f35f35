/**
 * Folds every due gate of all tenants in one batch: one statement finds them, one reads their
 * samples, one stores the samples, one writes the states. No lease, no action, no queue. A verdict
 * wakes the run, and the gate's step acts on it.
 */
import { Injectable } from '@nestjs/common';
import { metricSources } from '../../drivers/metric-sources/metric-sources.js';
import type { NodeInterval } from '../../drivers/metric-sources/metric-source.js';
import type { DuePoller } from '../../engine/engine.js';
import { Database } from '../../platform/database/database.js';
import type { Transaction } from '../../platform/database/transaction.js';
import { Signal } from '../../platform/signal/signal.js';
import { Topic } from '../../platform/signal/topics.js';
import type { GateSample } from './gate.js';
import { gates } from './gates.js';
import { intervalRequests, sampleOf, type PollOf } from './gate-sample.js';
import type { GateSpec, GateState } from './gate-spec.js';

const BATCH = 500;
/**
 * A sample's time is when the agent took it, which is a little before it is stored. Reading up to
 * this very moment would pass over samples that are still on their way, and never come back to them.
 */
const ON_THEIR_WAY_MS = 300;

interface DueGate {
  readonly tenantId: string;
  readonly id: string;
  readonly gate: GateState;
  readonly spec: GateSpec;
  readonly now: number;
}

interface Folded {
  readonly due: DueGate;
  readonly next: GateState;
  readonly sample: GateSample;
  /** Milliseconds since the epoch; null: wake the engine now. */
  readonly wakeAt: number | null;
}

@Injectable()
export class GatePoller implements DuePoller {
  readonly name = 'gates';

  constructor(
    private readonly database: Database,
    private readonly signal: Signal,
  ) {}

  async poll(): Promise<{ polled: number; more: boolean }> {
    return this.database.system(async (tx) => {
      const due = await tx.query<DueGate>(DUE_SQL, [BATCH]);
      if (due.length === 0) return { polled: 0, more: false };
      const intervals = await this.readIntervals(tx, due);
      const folded = due.map((gate) => fold(gate, intervals));
      await storeSamples(tx, folded);
      await storeStates(tx, folded);
      tx.afterCommit(() => {
        for (const { due: gate } of folded) this.signal.publish(Topic.Gate, gate.id);
      });
      return { polled: due.length, more: due.length === BATCH };
    });
  }

  private async readIntervals(
    tx: Transaction,
    due: readonly DueGate[],
  ): Promise<ReadonlyMap<string, NodeInterval[]>> {
    const all = new Map<string, NodeInterval[]>();
    const kinds = new Set(due.map(({ spec }) => spec.targetKind));
    for (const kind of kinds) {
      const own = due.filter(({ spec }) => spec.targetKind === kind);
      const requests = own.flatMap((gate) => intervalRequests(pollOf(gate)));
      const answers = await metricSources.get(kind).readIntervals(tx, requests);
      for (const [key, intervals] of answers) all.set(key, intervals);
    }
    return all;
  }
}

function pollOf({ tenantId, id, spec, gate, now }: DueGate): PollOf {
  return { tenantId, id, spec, fromMs: gate.readTo, toMs: readTo(gate, now) };
}

/** Never backwards, not even for a gate that has just begun. */
function readTo(gate: GateState, now: number): number {
  return Math.max(gate.readTo, now - ON_THEIR_WAY_MS);
}

function fold(due: DueGate, intervals: ReadonlyMap<string, NodeInterval[]>): Folded {
  const { gate, spec, now } = due;
  const { sample, lost } = sampleOf(pollOf(due), intervals);
  const kind = gates.get(spec.kind);
  const result = kind.fold(gate.state, sample, spec.baselines, spec.params);
  const isOver = result.verdict !== 'waiting' || lost.length > 0;
  const next: GateState = {
    ...{ stepId: gate.stepId, n: gate.n + 1, readTo: readTo(gate, now) },
    ...{ state: result.state, verdict: result.verdict },
    ...{ reason: result.reason, reading: result.reading },
    ...(lost.length > 0 ? { silent: true } : {}),
  };
  return { due, next, sample, wakeAt: isOver ? null : now + Number(spec.params.pollIntervalMs) };
}

async function storeSamples(tx: Transaction, folded: readonly Folded[]): Promise<void> {
  await tx.execute(
    `insert into gate_samples (tenant_id, deployment_id, step_id, n, at, body)
     select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::timestamptz[], $6::jsonb[])`,
    [
      folded.map(({ due }) => due.tenantId),
      folded.map(({ due }) => due.id),
      folded.map(({ next }) => next.stepId),
      folded.map(({ next }) => next.n),
      folded.map(({ next }) => new Date(next.readTo)),
      folded.map(({ sample }) => JSON.stringify(sample)),
    ],
  );
}

async function storeStates(tx: Transaction, folded: readonly Folded[]): Promise<void> {
  await tx.execute(
    `update runs r set gate = new.gate, polls_gate = new.wake_at is not null,
       wake_at = coalesce(to_timestamp(new.wake_at / 1000), clock_timestamp())
     from unnest($1::uuid[], $2::uuid[], $3::jsonb[], $4::float8[]) as new(tenant_id, id, gate, wake_at)
     where r.tenant_id = new.tenant_id and r.kind = 'deployment' and r.id = new.id`,
    [
      folded.map(({ due }) => due.tenantId),
      folded.map(({ due }) => due.id),
      folded.map(({ next }) => JSON.stringify(next)),
      folded.map(({ wakeAt }) => wakeAt),
    ],
  );
}

const DUE_SQL = `
  select r.tenant_id as "tenantId", r.id, r.gate, s.body as spec,
    (extract(epoch from clock_timestamp()) * 1000)::float8 as now
  from runs r
  join gate_specs s on s.tenant_id = r.tenant_id and s.deployment_id = r.id
    and s.step_id = r.gate->>'stepId'
  where r.wake_at <= (select clock_timestamp()) and r.polls_gate
    and (r.lease_until is null or r.lease_until < (select clock_timestamp()))
  order by r.wake_at limit $1
  for update of r skip locked`;
