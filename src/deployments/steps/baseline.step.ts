// The yardstick of one wave, from metrics that are already stored: how these nodes, the untouched
// ones and those of earlier waves behaved before they were moved. It never waits.
import { Injectable } from '@nestjs/common';
import { metricSources } from '../../drivers/metric-sources/metric-sources.js';
import { stepKey } from '../../engine/journal.js';
import { movesOf, type NodeMove, type Plan, type StepParams } from '../../engine/plan.js';
import type { StepHandler, StepOutcome, StepCall } from '../../engine/step-handler.js';
import type { OpenContext } from '../../platform/context.js';
import { DOWN_CODES, type NodeObservation } from '../../drivers/targets/target.js';
import { Targets } from '../../drivers/targets/targets.js';
import type { Broken, GateBaseline, GateParams, Yardstick } from '../gates/gate.js';
import { gates } from '../gates/gates.js';
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
  readonly broken?: { readonly wave?: Broken; readonly earlier?: Broken };
  /** Untouched nodes that were broken, by id: they are not asked what happens to all. */
  readonly controlLeftOut?: readonly string[];
}

/** More than these would not fit into the journal; then the untouched nodes are not asked at all. */
const LEFT_OUT_MOST = 100;

const NOBODY: Yardstick = { baseline: null, broken: null, leftOut: [] };

@Injectable()
export class BaselineStep implements StepHandler {
  readonly kind = 'baseline';
  readonly title = 'Read how these nodes behaved before';
  readonly mode = 'transaction';

  constructor(private readonly targets: Targets) {}

  async run(open: OpenContext, call: StepCall): Promise<StepOutcome> {
    const spec = await specOf(open, call.key.id);
    const { kind, params } = gateParamsOf(call.step.params);
    const gate = gates.get(kind);
    const groups = waveGroups(call.plan, call.step.wave);
    const pollMs = Number(params.pollIntervalMs);
    const observed = await this.targets.get(spec.cluster.targetKind).observe(open, {
      moduleId: spec.module.id,
      nodeIds: ids([...groups.wave, ...groups.earlier, ...groups.control]),
    });
    const ran = new Set(
      ids([...groups.wave, ...groups.control].filter(({ from }) => from !== null)),
    );
    const down = observed.filter((each) => ran.has(each.nodeId) && isDown(each));
    const read = async (moves: readonly NodeMove[], toMs: number): Promise<Yardstick> => {
      if (moves.length === 0) return NOBODY;
      const nodeIds = ids(moves);
      const polls = await metricSources.get(spec.cluster.targetKind).readHistory(open.tx, {
        ...{ tenantId: open.tenantId, moduleId: spec.module.id, nodeIds },
        ...{ fromMs: toMs - gate.baselineReachMs, toMs, pollMs },
      });
      const own = new Set(ids(down).filter((nodeId) => nodeIds.includes(nodeId)));
      // Nobody has reported anything (a first release): there is nothing to merge an hour of.
      if (own.size === 0 && polls.every(({ length }) => length === 0)) return NOBODY;
      return gate.yardstick(polls, params, own);
    };
    const wave = await read(groups.wave, call.now);
    // Nodes that have moved already are measured against their time before the rollout.
    const earlier = await read(groups.earlier, firstMoveAt(call) ?? call.now);
    const earlierBroken = earlier.broken ?? (earlier.baseline ? null : brokenEarlier(call));
    const control = await read(groups.control, call.now);
    const isControlSound = !control.broken && control.leftOut.length <= LEFT_OUT_MOST;
    const output: BaselineOutput = {
      firstRelease: groups.wave.every(({ from }) => from === null),
      ...{ wave: wave.baseline, earlier: earlier.baseline },
      control: isControlSound ? control.baseline : null,
      broken: {
        ...(wave.broken ? { wave: wave.broken } : {}),
        ...(earlierBroken ? { earlier: earlierBroken } : {}),
      },
      ...(isControlSound ? { controlLeftOut: control.leftOut } : {}),
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

/** Nodes that were down have left no figures; their own wave's baseline has asked them in time. */
function brokenEarlier({ plan, planNumber, journal, step }: StepCall): Broken | null {
  for (const { id, kind, wave } of plan.steps) {
    if (kind !== 'baseline' || wave >= step.wave) continue;
    const output = journal.steps.get(stepKey(planNumber, id))?.output as BaselineOutput | undefined;
    if (output?.broken?.wave) return output.broken.wave;
  }
  return null;
}

/** A node that is lost has not said how it is, and one that was never told has nothing to be down. */
function isDown({ health, state, reason, observedGeneration }: NodeObservation): boolean {
  if (health === 'Lost' || health === 'Revoked' || observedGeneration === 0) return false;
  return state === 'failed' || (reason !== null && DOWN_CODES.includes(reason.code));
}

const ids = (moves: readonly { nodeId: string }[]) => moves.map(({ nodeId }) => nodeId);

function firstMoveAt({ journal, planNumber }: StepCall): number | null {
  return journal.steps.get(stepKey(planNumber, 'w1.move'))?.startedAt ?? null;
}
