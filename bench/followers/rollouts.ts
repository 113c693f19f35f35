/** Deployments that begin at a steady rate and write what a direct rollout writes, without nodes and workers. */
import { setTimeout as delay } from 'node:timers/promises';
import { RedisSignal } from '../../src/platform/signal/redis-signal.js';
import { Topic } from '../../src/platform/signal/topics.js';
import { newId } from '../../src/kernel/ids.js';
import type { Rig } from '../engine/rig.js';

const DIGEST = `sha256:${'0'.repeat(64)}`;
const STEPS = ['preflight', 'slot', 'recheck', 'w1.move', 'w1.converge', 'w1.stabilization'];
/** Each is a commit: what an action of a worker writes together. */
const COMMITS = [
  ['created', 'planned'],
  ['step-started', 'step-succeeded', 'status-changed'],
  ...STEPS.slice(1).map(() => ['step-started', 'step-succeeded']),
  ['finished'],
];
export const EVENTS_OF_ONE = COMMITS.flat().length;
const LIFE_MS = 2_500;

export interface Row {
  readonly kind: string;
  readonly stepId: string | null;
  readonly data: object;
}

export class Rollouts {
  private constructor(
    private readonly rig: Rig,
    private readonly tenantId: string,
    private readonly signal: RedisSignal,
    private readonly place: readonly string[],
  ) {}

  static async open(rig: Rig, tenantId: string, channel: string): Promise<Rollouts> {
    const signal = new RedisSignal(rig.redisUrl, channel, () => undefined);
    rig.later(() => signal.close());
    const place = Array.from({ length: 4 }, () => newId());
    const [environmentId, clusterId, moduleId, releaseId] = place;
    await rig.sql(
      `insert into environments (tenant_id, id, name, name_key, defaults, allowed_strategies,
         signature_policy) values ($1, $2, 'Rows', 'rows', '{}', '{direct}', 'if-present')`,
      [tenantId, environmentId],
    );
    await rig.sql(
      `insert into clusters (tenant_id, id, environment_id, name, target_kind)
       values ($1, $2, $3, 'rows', 'agent')`,
      [tenantId, clusterId, environmentId],
    );
    await rig.sql(`insert into modules (tenant_id, id, name) values ($1, $2, 'rows')`, [
      tenantId,
      moduleId,
    ]);
    await rig.sql(
      `insert into artifacts (tenant_id, artifact_digest, size, state) values ($1, $2, 1, 'ready')`,
      [tenantId, DIGEST],
    );
    await rig.sql(
      `insert into releases (tenant_id, id, module_id, version, release_digest, artifact_digest,
         manifest_text, created_by) values ($1, $2, $3, '1', $4, $4, '{}', 'bench')`,
      [tenantId, releaseId, moduleId, DIGEST],
    );
    return new Rollouts(rig, tenantId, signal, place);
  }

  /** Resolves when the last of them is over. */
  async run(perSecond: number, seconds: number): Promise<number> {
    const count = Math.round(perSecond * seconds);
    const began = performance.now();
    const all: Promise<void>[] = [];
    for (let at = 0; at < count; at += 1) {
      await delay(Math.max(0, began + (at * 1000) / perSecond - performance.now()));
      all.push(this.one());
    }
    await Promise.all(all);
    return count;
  }

  private async one(): Promise<void> {
    const id = newId();
    const [environmentId, clusterId, moduleId, releaseId] = this.place;
    await this.rig.sql(
      `with made as (insert into deployments (tenant_id, id, environment_id, cluster_id, module_id,
         release_id, strategy, status, spec_text, subject_digest, requested_by, journal_seq)
         values ($1, $2, $3, $4, $5, $6, 'direct', 'Pending', '{}', $7, 'bench', 0)),
       planned as (insert into plans (tenant_id, run_kind, deployment_id, number, role, body_text,
         plan_digest, subject_digest, facts_text)
         values ($1, 'deployment', $2, 1, 'forward', $8, $7, $7, '{}'))
       insert into runs (tenant_id, kind, id) values ($1, 'deployment', $2)`,
      [this.tenantId, id, environmentId, clusterId, moduleId, releaseId, DIGEST, PLAN],
    );
    let sequence = 0;
    for (const [at, kinds] of COMMITS.entries()) {
      const rows = kinds.map((kind) => ({ seq: (sequence += 1), ...rowOf(kind, at) }));
      await this.write(id, rows, at);
      this.signal.publish(Topic.Deployment, id);
      await delay(LIFE_MS / COMMITS.length);
    }
  }

  private async write(id: string, rows: readonly object[], at: number): Promise<void> {
    const status = at === 0 ? 'Pending' : at === COMMITS.length - 1 ? 'Succeeded' : 'Running';
    await this.rig.sql(
      `with head as (update deployments set journal_seq = journal_seq + $3, status = $4,
         finished_at = case when $4 = 'Succeeded' then clock_timestamp() end
         where tenant_id = $1 and id = $2)
       insert into journal (tenant_id, run_kind, deployment_id, seq, at, plan_number, step_id, kind,
         actor, data)
       select $1, 'deployment', $2, entry.seq, clock_timestamp(), 1, entry."stepId", entry.kind, 'bench',
         entry.data
       from jsonb_to_recordset($5::jsonb) as entry (seq int, "stepId" text, kind text, data jsonb)`,
      [this.tenantId, id, rows.length, status, JSON.stringify(rows)],
    );
  }
}

const PLAN = JSON.stringify({
  role: 'forward',
  steps: STEPS.map((id) => ({
    id,
    kind: id.replace(/^w1\./, ''),
    effects: [],
    wave: id.startsWith('w1') ? 1 : 0,
    title: id,
    deadlineMs: 60_000,
    params: {},
  })),
});

function rowOf(kind: string, at: number): Row {
  const isStatus = ['created', 'status-changed', 'finished'].includes(kind);
  if (!isStatus) {
    const stepId = kind === 'planned' ? null : STEPS[at - 1]!;
    return { kind, stepId, data: {} };
  }
  const status = { created: 'Pending', finished: 'Succeeded' }[kind] ?? 'Running';
  const previousStatus = kind === 'created' ? null : 'Pending';
  return { kind, stepId: null, data: { status, previousStatus } };
}
