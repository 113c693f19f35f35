// Starts a wave's gate, and acts on what it says. The polling in between is the gate poller's: this
// step only runs when the gate begins, has a verdict, or a node of the rollout is in trouble.
import { Injectable } from '@nestjs/common';
import { Targets } from '../../drivers/targets/targets.js';
import { stepKey } from '../../engine/journal.js';
import type {
  PromotedBy,
  Refused,
  StepHandler,
  StepOutcome,
  StepRun,
} from '../../engine/step-handler.js';
import type { Context } from '../../platform/context.js';
import { DeploymentMetrics } from '../deployment.metrics.js';
import type { Verdict } from '../gates/gate.js';
import { packEvidence, samplesOf } from '../gates/gate-evidence.js';
import type { GateNode, GateSpec, GateState } from '../gates/gate-spec.js';
import { gates } from '../gates/gates.js';
import { hasListened } from '../gates/watch.js';
import type { DeploymentSpec } from '../planning/deployment-spec.js';
import { RUN_KIND } from '../runs/run-sql.js';
import { specOf } from '../runs/spec-of.js';
import { gateSpecOf, movedBy, withCapacity, withOnlyNew } from './gate-spec-of.js';
import { gateParamsOf } from './baseline.step.js';
import { leftOutSoFar, mayLeaveOut } from './left-out.js';
import { named } from './named.js';

interface Stored {
  readonly gate: GateState;
  readonly spec: GateSpec;
}

@Injectable()
export class GateStep implements StepHandler {
  readonly kind = 'gate';
  readonly title = 'Watch until the wave has settled';
  readonly mode = 'transaction';

  constructor(
    private readonly targets: Targets,
    private readonly metrics: DeploymentMetrics,
  ) {}

  async run(ctx: Context, run: StepRun): Promise<StepOutcome> {
    const deployment = await specOf(ctx, run.key.id);
    const stored = await this.load(ctx, run);
    // What another version has begun it may mean otherwise, so this one watches from the beginning.
    if (stored?.spec.version !== gates.get(gateParamsOf(run.step.params).kind).version) {
      return this.start(ctx, run, deployment);
    }
    // What is known to be bad is taken back, whoever else may be lost.
    const isBad = stored.gate.verdict === 'unstable';
    const trouble = isBad ? null : await this.troubleOf(ctx, run, deployment, stored);
    if (trouble) return trouble;
    return this.actOn(ctx, run, deployment, stored);
  }

  /** A person ends the watch. What it has seen so far stays with their reason, in the journal. */
  async promote(ctx: Context, run: StepRun, by: PromotedBy): Promise<StepOutcome | Refused> {
    const deployment = await specOf(ctx, run.key.id);
    const stored = await this.load(ctx, run);
    if (!stored) return { outcome: 'refused', reason: 'the gate has not begun yet' };
    const { gate, spec } = stored;
    // The engine takes it back with its very next action.
    if (gate.verdict === 'unstable') return { outcome: 'refused', reason: gate.reason };
    const trouble = await this.troubleOf(ctx, run, deployment, stored);
    if (trouble?.outcome === 'unstable') return trouble;
    ctx.tx.afterCommit(() => this.metrics.gateVerdict(ctx.tenantId, deployment, 'promoted'));
    return {
      outcome: 'done',
      output: {
        ...{ promoted: true, by: by.actor, reason: by.reason },
        ...{ verdict: gate.verdict, reading: gate.reading, samples: gate.n },
        trend: gates.get(spec.kind).trend(gate.state),
      },
    };
  }

  private async start(
    ctx: Context,
    run: StepRun,
    deployment: DeploymentSpec,
  ): Promise<StepOutcome> {
    const planned = gateSpecOf(run, deployment);
    const observed = await this.targets.get(planned.targetKind).observe(ctx, {
      moduleId: planned.moduleId,
      nodeIds: [...planned.wave, ...planned.earlier].map(({ nodeId }) => nodeId),
    });
    const watched = withOnlyNew(planned, movedBy(run.plan, run.step.wave), observed);
    const samples = await ctx.tx.query<{ n: number }>(
      `select coalesce(max(n), 0) as n from gate_samples
       where tenant_id = $1 and deployment_id = $2 and step_id = $3`,
      [ctx.tenantId, run.key.id, run.step.id],
    );
    // After a pause the count of good checks restarts; the numbering of samples goes on.
    const samplesBefore = samples[0]?.n ?? 0;
    const spec = { ...withCapacity(watched, observed, deployment), samplesBefore };
    await ctx.tx.execute(
      `insert into gate_specs (tenant_id, deployment_id, step_id, body) values ($1, $2, $3, $4)
       on conflict (tenant_id, deployment_id, step_id) do update
         set body = excluded.body, at = clock_timestamp()`,
      [ctx.tenantId, run.key.id, run.step.id, JSON.stringify(spec)],
    );
    const gate: GateState = {
      ...{ stepId: run.step.id, n: samplesBefore },
      ...{ readTo: run.now, watchedMs: 0, watchedSince: run.now },
      state: gates.get(spec.kind).start(spec.baselines, spec.params),
      ...{ verdict: 'waiting', reason: 'the first poll is yet to come', reading: null },
    };
    await this.saveState(ctx, run, gate);
    const before = run.journal.steps.get(stepKey(run.planNumber, run.step.id));
    // After a pause it is watched all over again, and may take as long as the first time.
    return { ...waitForPoll(run, spec, gate), restarts: before?.status === 'started' };
  }

  /** A node that failed, or was lost, is in trouble whatever the figures say. */
  private async troubleOf(
    ctx: Context,
    run: StepRun,
    deployment: DeploymentSpec,
    { spec, gate }: Stored,
  ): Promise<StepOutcome | null> {
    const nodes = [...spec.wave, ...spec.earlier];
    const observed = await this.targets.get(deployment.cluster.targetKind).observe(ctx, {
      moduleId: spec.moduleId,
      nodeIds: [...nodes, ...spec.control].map(({ nodeId }) => nodeId),
    });
    const byNode = new Map(observed.map((each) => [each.nodeId, each]));
    const failed = nodes.find(({ nodeId }) => {
      const seen = byNode.get(nodeId);
      return seen && seen.observedGeneration >= seen.generation && seen.state === 'failed';
    });
    if (failed) {
      const reason = byNode.get(failed.nodeId)?.reason;
      const why = reason ? `${reason.code}: ${reason.message}` : 'no reason given';
      const reasonText = `node ${failed.name} reports the release failed (${why})`;
      const wereBroken = spec.baselines.broken?.wave ?? spec.baselines.broken?.earlier;
      if (wereBroken && nodes.some((node) => byNode.get(node.nodeId)?.state === 'healthy')) {
        const rest =
          'others that were broken before run it now, so nothing is taken back by itself';
        return { outcome: 'attention', reason: `${reasonText}; ${rest}` };
      }
      return {
        ...{ outcome: 'unstable', reason: reasonText },
        evidence: { node: failed.name, reading: gate.reading },
      };
    }
    const isLost = ({ nodeId }: { readonly nodeId: string }) =>
      ['Lost', 'Revoked', undefined].includes(byNode.get(nodeId)?.health);
    const lost = nodes.filter(isLost);
    if (lost.length === 0) return null;
    // Where nobody at all is heard of, it is the control plane that does not hear.
    const isDeaf = observed.length > 1 && observed.every(isLost);
    if (isDeaf || !hasListened(gate, run.now, Number(spec.params.pollIntervalMs))) return null;
    return this.leaveOut(ctx, run, deployment, { spec, gate }, lost);
  }

  private async leaveOut(
    ctx: Context,
    run: StepRun,
    deployment: DeploymentSpec,
    { spec, gate }: Stored,
    lost: readonly GateNode[],
  ): Promise<StepOutcome> {
    const names = lost.map(({ name }) => name);
    const all = new Set([...leftOutSoFar(run.journal), ...names]);
    const { minAvailable } = deployment.cluster;
    const rest = spec.wave.filter((node) => !lost.includes(node));
    if (rest.length === 0 || !mayLeaveOut(all.size, run.plan, minAvailable)) {
      return {
        outcome: 'unstable',
        reason: `nodes were lost while they were watched: ${named(lost)}`,
        evidence: { lost: names.length, reading: gate.reading },
      };
    }
    const without = (group: readonly GateNode[]) =>
      group.filter((node) => !names.includes(node.name));
    const left: GateSpec = {
      ...spec,
      wave: rest,
      earlier: without(spec.earlier),
      first: without(spec.first),
    };
    await ctx.tx.execute(
      `update gate_specs set body = $4 where tenant_id = $1 and deployment_id = $2 and step_id = $3`,
      [ctx.tenantId, run.key.id, run.step.id, JSON.stringify(left)],
    );
    const { silent: _, ...next } = { ...gate, verdict: 'waiting' as const };
    await this.saveState(ctx, run, next);
    const wait = waitForPoll(run, left, next);
    return { ...wait, note: { leftOut: names, message: `left out: ${names.join(', ')} (lost)` } };
  }

  private async actOn(
    ctx: Context,
    run: StepRun,
    deployment: DeploymentSpec,
    stored: Stored,
  ): Promise<StepOutcome> {
    const { gate, spec } = stored;
    if (gate.verdict === 'waiting') return waitForPoll(run, spec, gate);
    await this.saveVerdict(ctx, run, stored, gate.verdict);
    const verdict = gate.verdict;
    ctx.tx.afterCommit(() => this.metrics.gateVerdict(ctx.tenantId, deployment, verdict));
    const evidence = { verdict, reason: gate.reason, reading: gate.reading, samples: gate.n };
    const kind = gates.get(spec.kind);
    if (verdict === 'stable') {
      return { outcome: 'done', output: { ...evidence, trend: kind.trend(gate.state) } };
    }
    if (verdict === 'unstable') return { outcome: 'unstable', reason: gate.reason, evidence };
    // Taking it back could make it worse: that is nobody's decision but a person's.
    switch (gate.needsPerson ? 'pause' : kind.noDataAction(spec.params)) {
      case 'pause':
        return { outcome: 'attention', reason: `inconclusive: ${gate.reason}` };
      case 'fail':
        return { outcome: 'unstable', reason: `inconclusive: ${gate.reason}`, evidence };
      case 'wait':
        return this.start(ctx, run, deployment);
    }
  }

  private async load(ctx: Context, run: StepRun): Promise<Stored | null> {
    if (!run.gate) return null;
    const [row] = await ctx.tx.query<Stored>(
      `select r.gate, s.body as spec from runs r
       join gate_specs s on s.tenant_id = r.tenant_id and s.deployment_id = r.id and s.step_id = $4
       where r.tenant_id = $1 and r.kind = $2 and r.id = $3 and r.gate is not null`,
      [ctx.tenantId, RUN_KIND, run.key.id, run.step.id],
    );
    return row ?? null;
  }

  private async saveState(ctx: Context, run: StepRun, gate: GateState): Promise<void> {
    await ctx.tx.execute(
      `update runs set gate = $4 where tenant_id = $1 and kind = $2 and id = $3`,
      [ctx.tenantId, RUN_KIND, run.key.id, JSON.stringify(gate)],
    );
  }

  private async saveVerdict(
    ctx: Context,
    run: StepRun,
    { gate, spec }: Stored,
    verdict: Exclude<Verdict, 'waiting'>,
  ): Promise<void> {
    const { kind, version, params, baselines } = spec;
    const samples = await samplesOf(ctx, run.key.id, run.step.id, spec.samplesBefore);
    await ctx.tx.execute(
      `insert into gate_verdicts (tenant_id, deployment_id, step_id, n, verdict, gate_kind,
         gate_version, params, evidence_text)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing`,
      [
        ...[ctx.tenantId, run.key.id, run.step.id, gate.n, verdict, kind, version],
        ...[JSON.stringify(params), packEvidence({ kind, version, params, baselines, samples })],
      ],
    );
  }
}

function waitForPoll(
  run: StepRun,
  spec: GateSpec,
  gate: GateState,
): Extract<StepOutcome, { outcome: 'wait' }> {
  const latest = Number(spec.params.maxWaitMs ?? 0);
  const pollMs = Number(spec.params.pollIntervalMs);
  return {
    outcome: 'wait',
    // Not further ahead than one interval, though a clock that was set back may say so.
    until: Math.min(run.now + pollMs, Math.max(run.now, gate.readTo + pollMs)),
    deadline: run.now + Math.max(0, latest - gate.watchedMs),
    pollsGate: true,
    waitingOn: {
      kind: 'gate',
      who: 'someone who may operate deployments; else it opens by itself when the wave has settled',
      verb: 'promote',
      detail: `wave ${run.step.wave} is being watched: ${gate.reason}`,
    },
  };
}
