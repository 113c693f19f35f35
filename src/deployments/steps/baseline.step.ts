// The yardstick of one wave, from metrics that are already stored: how these nodes, the untouched
// ones and those of earlier waves behaved before they were moved. It never waits.
import { Injectable } from '@nestjs/common';
import { metricSources } from '../../drivers/metric-sources/metric-sources.js';
import { stepKey } from '../../engine/journal.js';
import { movesOf, type NodeMove, type Plan } from '../../engine/plan.js';
import type { CallOf, HandlerOf, OutcomeOf } from '../../engine/step-type.js';
import type { OpenContext } from '../../platform/context.js';
import { DOWN_CODES, type NodeObservation } from '../../drivers/targets/target.js';
import { Targets } from '../../drivers/targets/targets.js';
import type { Broken, Yardstick } from '../gates/gate.js';
import { gates } from '../gates/gates.js';
import { specOf } from '../runs/spec-of.js';
import { stepTypes } from '../strategies/step-types.js';

/** More than these would not fit into the journal; then the untouched nodes are not asked at all. */
const LEFT_OUT_MOST = 100;

const NOBODY: Yardstick = { baseline: null, broken: null, leftOut: [] };

type Baseline = typeof stepTypes.baseline;

@Injectable()
export class BaselineStep implements HandlerOf<Baseline> {
  readonly kind = stepTypes.baseline.kind;
  readonly title = stepTypes.baseline.title;
  readonly mode = 'transaction';

  constructor(private readonly targets: Targets) {}

  async run(open: OpenContext, call: CallOf<Baseline>): Promise<OutcomeOf<Baseline>> {
    const spec = await specOf(open, call.key.id);
    const { kind, params } = call.step.params.gate;
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
        tenantId: open.tenantId,
        moduleId: spec.module.id,
        nodeIds,
        fromMs: toMs - gate.baselineReachMs,
        toMs,
        pollMs,
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
    return {
      outcome: 'done',
      output: {
        firstRelease: groups.wave.every(({ from }) => from === null),
        wave: wave.baseline,
        earlier: earlier.baseline,
        control: isControlSound ? control.baseline : null,
        broken: {
          ...(wave.broken ? { wave: wave.broken } : {}),
          ...(earlierBroken ? { earlier: earlierBroken } : {}),
        },
        ...(isControlSound ? { controlLeftOut: control.leftOut } : {}),
      },
    };
  }
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
function brokenEarlier(call: CallOf<Baseline>): Broken | null {
  const earlier = call.plan.steps.filter(({ wave }) => wave < call.step.wave);
  for (const step of earlier.filter((each) => stepTypes.baseline.is(each))) {
    const { wave } = stepTypes.baseline.outputOf(call, step)?.broken ?? {};
    if (wave) return wave;
  }
  return null;
}

/** A node that is lost has not said how it is, and one that was never told has nothing to be down. */
function isDown({ health, state, reason, observedGeneration }: NodeObservation): boolean {
  if (health === 'Lost' || health === 'Revoked' || observedGeneration === 0) return false;
  return state === 'failed' || (reason !== null && DOWN_CODES.includes(reason.code));
}

const ids = (moves: readonly { nodeId: string }[]) => moves.map(({ nodeId }) => nodeId);

function firstMoveAt({ plan, journal, planNumber }: CallOf<Baseline>): number | null {
  const first = stepTypes.move.inWave(plan, 1);
  return (first && journal.steps.get(stepKey(planNumber, first.id))?.startedAt) ?? null;
}
