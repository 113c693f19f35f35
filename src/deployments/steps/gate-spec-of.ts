/** What a gate that begins now looks at: its nodes, its yardstick, and what its nodes can give. */
import { assert } from '../../kernel/assert.js';
import type { NodeObservation } from '../../drivers/targets/target.js';
import { stepKey } from '../../engine/journal.js';
import { nodesOf, type NodeMove, type Plan } from '../../engine/plan.js';
import type { CallOf } from '../../engine/step-type.js';
import type { GateBaselines } from '../gates/gate.js';
import type { GateNode, GateSpec } from '../gates/gate-spec.js';
import { gates } from '../gates/gates.js';
import type { DeploymentSpec } from '../planning/deployment-spec.js';
import { stepTypes } from '../strategies/step-types.js';
import { waveGroups } from './baseline.step.js';
import { leftOutSoFar } from './left-out.js';

type Call = CallOf<typeof stepTypes.gate>;

export function gateSpecOf(call: Call, deployment: DeploymentSpec): GateSpec {
  const { gate, baselineWave = call.step.wave } = call.step.params;
  const { kind, params } = gate;
  const groups = waveGroups(call.plan, call.step.wave);
  const own = baselineOf(call, baselineWave);
  assert(own, `gate ${call.step.id} starts without its baseline`);
  const first = baselineOf(call, 1);
  const before = trendBefore(call, kind);
  const leftOut = leftOutSoFar(call.journal);
  const nodes = (moves: readonly GateNode[]): GateNode[] =>
    moves.filter(({ name }) => !leftOut.has(name)).map(({ nodeId, name }) => ({ nodeId, name }));
  const baselines: GateBaselines = {
    firstRelease: own.firstRelease,
    wave: own.wave,
    earlier: own.earlier,
    control: own.control,
    broken: own.broken ?? {},
    first: first?.wave ? { mem: first.wave.mem } : null,
    ...(before ? { trend: before } : {}),
  };
  return {
    kind,
    version: gates.get(kind).version,
    params,
    baselines,
    moduleId: deployment.module.id,
    targetKind: deployment.cluster.targetKind,
    movedAt: call.now,
    samplesBefore: 0,
    wave: nodes(groups.wave),
    earlier: nodes(groups.earlier),
    // Without a yardstick of their own they can tell nothing, and broken ones would excuse anything.
    control: own.control
      ? nodes(groups.control).filter(({ nodeId }) => !own.controlLeftOut?.includes(nodeId))
      : [],
    first: nodes(groups.first),
  };
}

/** A wave after a night's pause does not go on where the one before it had stopped. */
const TREND_KEEPS_MS = 10 * 60 * 1000;

function trendBefore(call: Call, kind: string): readonly number[] | undefined {
  const { plan, journal, planNumber, now, step } = call;
  const before = plan.steps
    .filter((each) => stepTypes.gate.is(each))
    .find(({ wave, params }) => wave === step.wave - 1 && params.gate.kind === kind);
  if (!before) return undefined;
  const { endedAt } = journal.steps.get(stepKey(planNumber, before.id)) ?? {};
  if (!endedAt || now - endedAt > TREND_KEEPS_MS) return undefined;
  return stepTypes.gate.outputOf(call, before)?.trend;
}

function baselineOf(call: Call, wave: number) {
  const step = stepTypes.baseline.inWave(call.plan, wave);
  return step && stepTypes.baseline.outputOf(call, step);
}

/** Memory is the release's own limit when it has one, else all that the node has. */
export function withCapacity(
  spec: GateSpec,
  observed: readonly NodeObservation[],
  { memoryMiB }: Pick<DeploymentSpec, 'memoryMiB'>,
): GateSpec {
  const byNode = new Map(observed.map((each) => [each.nodeId, each]));
  const wave = spec.wave.map((node): GateNode => {
    const seen = byNode.get(node.nodeId);
    const memory = memoryMiB ?? seen?.memoryMiB;
    return {
      ...node,
      ...(seen?.cpuMillicores ? { cpuMillicores: seen.cpuMillicores } : {}),
      ...(memory ? { memoryMiB: memory } : {}),
    };
  });
  return { ...spec, wave };
}

/**
 * Where old and new run side by side, only the new one is watched: together they would always use
 * more memory than the old one alone, and the old one's good answers would hide bad ones.
 */
export function withOnlyNew(
  spec: GateSpec,
  moves: readonly NodeMove[],
  observed: readonly NodeObservation[],
): GateSpec {
  const shared = moves.filter(({ percent }) => percent !== undefined);
  const [first] = shared;
  if (!first?.to) return spec;
  const { releaseId } = first.to;
  if (shared.every(({ from }) => from?.releaseId !== releaseId)) {
    return { ...spec, only: { releaseId } };
  }
  // Another configuration of the same release: only the instances tell them apart.
  const before = new Map(shared.map(({ nodeId, from }) => [nodeId, from]));
  const exceptInstances = observed.flatMap(({ nodeId, running }) => {
    const from = before.get(nodeId);
    return running
      .filter(
        (one) => from?.releaseId === one.releaseId && from.configurationId === one.configurationId,
      )
      .map(({ instance }) => instance);
  });
  return { ...spec, only: { exceptInstances } };
}

/** How far each node has come with this wave. */
export function movedBy({ role, steps }: Plan, wave: number): NodeMove[] {
  return nodesOf({ role, steps: steps.filter((step) => step.wave <= wave) });
}
