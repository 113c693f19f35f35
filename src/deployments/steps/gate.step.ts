// Starts a wave's gate, and acts on what it says. The polling in between is the gate poller's: this
// step only runs when the gate begins, has a verdict, or a node of the rollout is in trouble.
import { Injectable } from '@nestjs/common';
import { Targets } from '../../drivers/targets/targets.js';
import { stepKey } from '../../engine/journal.js';
import type { NotDone, PromotedBy, Refused } from '../../engine/step-handler.js';
import type { CallOf, HandlerOf, OutcomeOf } from '../../engine/step-type.js';
import type { OpenContext } from '../../platform/context.js';
import { DeploymentMetrics } from '../deployment.metrics.js';
import type { GateNode, GateSpec, GateState } from '../gates/gate-spec.js';
import { gates } from '../gates/gates.js';
import { hasListened } from '../gates/watch.js';
import type { DeploymentSpec } from '../planning/deployment-spec.js';
import { specOf } from '../runs/spec-of.js';
import { stepTypes } from '../strategies/step-types.js';
import {
  loadGate,
  putSpec,
  samplesSoFar,
  saveGate,
  saveVerdict,
  type StoredGate,
} from './gate-rows.js';
import { gateSpecOf, movedBy, withCapacity, withOnlyNew } from './gate-spec-of.js';
import { causeOf } from './down-there.js';
import { leftOutSoFar, mayLeaveOut } from './left-out.js';
import { recordVerdict } from './gate-verdict.js';
import { named } from './named.js';

type Gate = typeof stepTypes.gate;

@Injectable()
export class GateStep implements HandlerOf<Gate> {
  readonly kind = stepTypes.gate.kind;
  readonly title = stepTypes.gate.title;
  readonly mode = 'transaction';

  constructor(
    private readonly targets: Targets,
    private readonly metrics: DeploymentMetrics,
  ) {}

  async run(open: OpenContext, call: CallOf<Gate>): Promise<OutcomeOf<Gate>> {
    return recordVerdict(open, call, await this.look(open, call));
  }

  private async look(open: OpenContext, call: CallOf<Gate>): Promise<OutcomeOf<Gate>> {
    const deployment = await specOf(open, call.key.id);
    const stored = await loadGate(open, call);
    // What another version has begun it may mean otherwise, so this one watches from the beginning.
    if (stored?.spec.version !== gates.get(call.step.params.gate.kind).version) {
      return this.start(open, call, deployment);
    }
    // What is known to be bad is taken back, whoever else may be lost.
    const isBad = stored.gate.verdict === 'unstable';
    const trouble = isBad ? null : await this.troubleOf(open, call, deployment, stored);
    if (trouble) return trouble;
    return this.actOn(open, call, deployment, stored);
  }

  /** A person ends the watch. What it has seen so far stays with their reason, in the journal. */
  async promote(
    open: OpenContext,
    call: CallOf<Gate>,
    by: PromotedBy,
  ): Promise<OutcomeOf<Gate> | Refused> {
    return recordVerdict(open, call, await this.letPass(open, call, by));
  }

  private async letPass(
    open: OpenContext,
    call: CallOf<Gate>,
    by: PromotedBy,
  ): Promise<OutcomeOf<Gate> | Refused> {
    const deployment = await specOf(open, call.key.id);
    const stored = await loadGate(open, call);
    if (!stored) return { outcome: 'refused', reason: 'the gate has not begun yet' };
    const { gate, spec } = stored;
    // The engine takes it back with its very next action.
    if (gate.verdict === 'unstable') return { outcome: 'refused', reason: gate.reason };
    const trouble = await this.troubleOf(open, call, deployment, stored);
    if (trouble?.outcome === 'unstable') return trouble;
    open.tx.afterCommit(() => this.metrics.gateVerdict(open.tenantId, deployment, 'promoted'));
    return {
      outcome: 'done',
      output: {
        promoted: true,
        by: by.actor,
        reason: by.reason,
        verdict: gate.verdict,
        reading: gate.reading,
        samples: gate.n,
        trend: gates.get(spec.kind).trend(gate.state),
      },
    };
  }

  private async start(
    open: OpenContext,
    call: CallOf<Gate>,
    deployment: DeploymentSpec,
  ): Promise<OutcomeOf<Gate>> {
    const planned = gateSpecOf(call, deployment);
    const observed = await this.targets.get(planned.targetKind).observe(open, {
      moduleId: planned.moduleId,
      nodeIds: [...planned.wave, ...planned.earlier].map(({ nodeId }) => nodeId),
    });
    const watched = withOnlyNew(planned, movedBy(call.plan, call.step.wave), observed);
    // After a pause the count of good checks restarts; the numbering of samples goes on.
    const samplesBefore = await samplesSoFar(open, call);
    const spec = { ...withCapacity(watched, observed, deployment), samplesBefore };
    await putSpec(open, call, spec);
    const gate: GateState = {
      stepId: call.step.id,
      n: samplesBefore,
      readTo: call.now,
      watchedMs: 0,
      watchedSince: call.now,
      state: gates.get(spec.kind).start(spec.baselines, spec.params),
      verdict: 'waiting',
      reason: 'not polled yet',
      reading: null,
    };
    await saveGate(open, call, gate);
    const before = call.journal.steps.get(stepKey(call.planNumber, call.step.id));
    // After a pause it is watched all over again, and may take as long as the first time.
    return { ...waitForPoll(call, spec, gate), restarts: before?.status === 'started' };
  }

  /** A node that failed, or was lost, is in trouble whatever the figures say. */
  private async troubleOf(
    open: OpenContext,
    call: CallOf<Gate>,
    deployment: DeploymentSpec,
    { spec, gate }: StoredGate,
  ): Promise<NotDone | null> {
    const nodes = [...spec.wave, ...spec.earlier];
    const observed = await this.targets.get(deployment.cluster.targetKind).observe(open, {
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
          'others that were broken before run it now, so nothing is rolled back automatically';
        return { outcome: 'attention', reason: `${reasonText}; ${rest}` };
      }
      return {
        outcome: 'unstable',
        reason: reasonText,
        cause: causeOf({ reason: reason ?? null }),
        evidence: { node: failed.name, reading: gate.reading },
      };
    }
    const isLost = ({ nodeId }: { readonly nodeId: string }) =>
      ['Lost', 'Revoked', undefined].includes(byNode.get(nodeId)?.health);
    const lost = nodes.filter(isLost);
    if (lost.length === 0) return null;
    // Where nobody at all is heard of, it is the control plane that does not hear.
    const isDeaf = observed.length > 1 && observed.every(isLost);
    if (isDeaf || !hasListened(gate, call.now, Number(spec.params.pollIntervalMs))) return null;
    return this.leaveOut(open, call, deployment, { spec, gate }, lost);
  }

  private async leaveOut(
    open: OpenContext,
    call: CallOf<Gate>,
    deployment: DeploymentSpec,
    { spec, gate }: StoredGate,
    lost: readonly GateNode[],
  ): Promise<NotDone> {
    const names = lost.map(({ name }) => name);
    const all = new Set([...leftOutSoFar(call.journal), ...names]);
    const { minAvailable } = deployment.cluster;
    const rest = spec.wave.filter((node) => !lost.includes(node));
    if (rest.length === 0 || !mayLeaveOut(all.size, call.plan, minAvailable)) {
      return {
        outcome: 'unstable',
        reason: `nodes were lost while they were watched: ${named(lost)}`,
        cause: 'surroundings',
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
    await putSpec(open, call, left);
    const { silent: _, ...next } = { ...gate, verdict: 'waiting' as const };
    await saveGate(open, call, next);
    const wait = waitForPoll(call, left, next);
    return { ...wait, note: { leftOut: names, message: `left out: ${names.join(', ')} (lost)` } };
  }

  private async actOn(
    open: OpenContext,
    call: CallOf<Gate>,
    deployment: DeploymentSpec,
    stored: StoredGate,
  ): Promise<OutcomeOf<Gate>> {
    const { gate, spec } = stored;
    if (gate.verdict === 'waiting') return waitForPoll(call, spec, gate);
    await saveVerdict(open, call, stored, gate.verdict);
    const verdict = gate.verdict;
    open.tx.afterCommit(() => this.metrics.gateVerdict(open.tenantId, deployment, verdict));
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
        return {
          outcome: 'unstable',
          reason: `inconclusive: ${gate.reason}`,
          cause: 'surroundings',
          evidence,
        };
      case 'wait':
        return this.start(open, call, deployment);
    }
  }
}

function waitForPoll(
  call: CallOf<Gate>,
  spec: GateSpec,
  gate: GateState,
): Extract<NotDone, { outcome: 'wait' }> {
  const latest = Number(spec.params.maxWaitMs ?? 0);
  const pollMs = Number(spec.params.pollIntervalMs);
  return {
    outcome: 'wait',
    // Not further ahead than one interval, though a clock that was set back may say so.
    until: Math.min(call.now + pollMs, Math.max(call.now, gate.readTo + pollMs)),
    deadline: call.now + Math.max(0, latest - gate.watchedMs),
    pollsGate: true,
    waitingOn: {
      kind: 'gate',
      who: 'someone who may operate deployments; otherwise it opens when the wave has settled',
      verb: 'promote',
      detail: `wave ${call.step.wave} is being watched: ${gate.reason}`,
    },
  };
}
