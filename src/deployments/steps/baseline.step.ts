// The yardstick of one wave, from metrics that are already stored: how these nodes, the untouched
// ones and those of earlier waves behaved before they were moved. It never waits.
import { Injectable } from '@nestjs/common';
import { metricSources } from '../../drivers/metric-sources/metric-sources.js';
import { stepKey } from '../../engine/journal.js';
import { movesOf, type NodeMove, type Plan, type StepParams } from '../../engine/plan.js';
import type { StepHandler, StepOutcome, StepRun } from '../../engine/step-handler.js';
import type { Context } from '../../platform/context.js';
import { withAbandoned } from '../gates/abandoned.js';
import type { GateBaseline, GateParams } from '../gates/gate.js';
import { gates } from '../gates/gates.js';
import { mergeNodes } from '../gates/merge-nodes.js';
import { specOf } from '../runs/spec-of.js';

export interface GateStepParams {
  readonly kind: string;
  readonly params: GateParams;
}

/** What the step journals and the wave's gate reads. */
export interface BaselineOutput {
  readonly firstRelease: boolean;
  readonly wave: GateBaseline | null;
  readonly earlier: GateBaseline | null;
  readonly control: GateBaseline | null;
}

@Injectable()
export class BaselineStep implements StepHandler {
  readonly kind = 'baseline';
  readonly title = 'Read how these nodes behaved before';
  readonly mode = 'transaction';

  async run(ctx: Context, run: StepRun): Promise<StepOutcome> {
    const spec = await specOf(ctx, run.key.id);
    const { kind, params } = gateParamsOf(run.step.params);
    const gate = gates.get(kind);
    const groups = waveGroups(run.plan, run.step.wave);
    const pollMs = Number(params.pollIntervalMs);
    const read = async (nodeIds: readonly string[], toMs: number): Promise<GateBaseline | null> => {
      if (nodeIds.length === 0) return null;
      const polls = await metricSources.get(spec.cluster.targetKind).readHistory(ctx.tx, {
        ...{ tenantId: ctx.tenantId, moduleId: spec.module.id, nodeIds },
        ...{ fromMs: toMs - gate.baselineReachMs, toMs, pollMs },
      });
      // Nobody has reported anything (a first release): there is nothing to merge an hour of.
      if (polls.every(({ length }) => length === 0)) return null;
      const counted = polls.map((nodes) => nodes.map((node) => withAbandoned(node, params)));
      return gate.baseline(counted.map(mergeNodes), params);
    };
    const output: BaselineOutput = {
      firstRelease: groups.wave.every(({ from }) => from === null),
      wave: await read(ids(groups.wave), run.now),
      // Nodes that have moved already are measured against their time before the rollout.
      earlier: await read(ids(groups.earlier), firstMoveAt(run) ?? run.now),
      control: await read(ids(groups.control), run.now),
    };
    return { outcome: 'done', output: { ...output } };
  }
}

export function gateParamsOf(params: StepParams): GateStepParams {
  return params.gate as GateStepParams;
}

/**
 * The nodes of this wave, those of waves before it only, and those that are not touched yet. A node
 * that moves in stages belongs to several waves.
 */
export function waveGroups(plan: Plan, wave: number) {
  const of = (isIn: (wave: number) => boolean) =>
    plan.steps.filter((step) => isIn(step.wave)).flatMap(movesOf);
  const without = (moves: readonly NodeMove[], others: readonly NodeMove[]) => {
    const taken = new Set(others.map(({ nodeId }) => nodeId));
    return [...new Map(moves.map((move) => [move.nodeId, move])).values()].filter(
      ({ nodeId }) => !taken.has(nodeId),
    );
  };
  const own = of((each) => each === wave);
  const before = of((each) => each < wave);
  return {
    wave: own,
    earlier: without(before, own),
    first: of((each) => each === 1),
    control: without(
      of((each) => each > wave),
      [...own, ...before],
    ),
  };
}

const ids = (moves: readonly { nodeId: string }[]) => moves.map(({ nodeId }) => nodeId);

function firstMoveAt({ journal, planNumber }: StepRun): number | null {
  return journal.steps.get(stepKey(planNumber, 'w1.move'))?.startedAt ?? null;
}
