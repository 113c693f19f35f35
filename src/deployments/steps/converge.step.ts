// Waits until every node of the wave reports what it was told, healthy. Reports wake it; the next
// look is only for what no report will say: a node that has gone silent.
import { Injectable } from '@nestjs/common';
import { counted } from '../../kernel/counted.js';
import type { NodeObservation } from '../../drivers/targets/target.js';
import { Targets } from '../../drivers/targets/targets.js';
import type { NodeMove } from '../../engine/plan.js';
import type { NotDone, StepCall } from '../../engine/step-handler.js';
import type { CallOf, HandlerOf, OutcomeOf } from '../../engine/step-type.js';
import type { OpenContext } from '../../platform/context.js';
import { DeploymentMetrics } from '../deployment.metrics.js';
import { specOf } from '../runs/spec-of.js';
import { stepTypes } from '../strategies/step-types.js';
import { answerHooks } from './cut-hooks.js';
import { causeOf, holds, isPair } from './down-there.js';
import { leftOutSoFar, mayLeaveOut } from './left-out.js';
import { downText } from './way-back-warnings.js';
import { named } from './named.js';

const LOOK_AGAIN_MS = 2_000;

/** `down`: on its way back it has come to what it ran before, which is down as it was then. */
type NodeState = 'settled' | 'down' | 'failed' | 'cut' | 'lost' | 'open';

type Converge = typeof stepTypes.converge;

@Injectable()
export class ConvergeStep implements HandlerOf<Converge> {
  readonly kind = stepTypes.converge.kind;
  readonly title = stepTypes.converge.title;
  readonly mode = 'transaction';

  constructor(
    private readonly targets: Targets,
    private readonly metrics: DeploymentMetrics,
  ) {}

  async run(open: OpenContext, call: CallOf<Converge>): Promise<OutcomeOf<Converge>> {
    const spec = await specOf(open, call.key.id);
    const moves = moveStepOf(call).params.nodes;
    const generations = generationsOf(call);
    const observed = await this.targets.get(spec.cluster.targetKind).observe(open, {
      moduleId: spec.module.id,
      nodeIds: moves.map(({ nodeId }) => nodeId),
    });
    const byNode = new Map(observed.map((each) => [each.nodeId, each]));
    const inState = (state: NodeState) =>
      moves.filter((move) => stateOf(call, move, byNode.get(move.nodeId), generations) === state);

    const [failed] = inState('failed');
    if (failed) return unstable(call, failed, byNode.get(failed.nodeId));
    const [cut] = inState('cut');
    if (cut && call.plan.role === 'undo') return unstable(call, cut, byNode.get(cut.nodeId));
    if (cut) return answerHooks(open, call, spec, this.targets.get(spec.cluster.targetKind));
    const lost = inState('lost');
    const waiting = inState('open');
    if (call.plan.role === 'forward' && isTooMuch(call, lost, moves, spec.cluster.minAvailable)) {
      const reason = `nodes were lost in this wave: ${named(lost)}`;
      return { outcome: 'unstable', reason, cause: 'surroundings' };
    }
    const down = inState('down');
    const settled = inState('settled').length + down.length;
    if (waiting.length > 0) return waitFor(call, waiting, settled, moves.length);
    // A node that still shares its traffic comes again: it is counted when the release is alone.
    const updated = inState('settled').filter(({ percent }) => percent === undefined).length;
    open.tx.afterCommit(() => this.metrics.nodesUpdated(open.tenantId, spec, updated));
    return { outcome: 'done', output: { settled, ...remarks(call, lost, down) } };
  }
}

/** By name for the waves to come, which are few: others end the rollout. The way back leaves out all. */
function remarks({ plan }: StepCall, lost: readonly NodeMove[], down: readonly NodeMove[]) {
  if (plan.role === 'forward') {
    return lost.length > 0 ? { leftOut: lost.map(({ name }) => name) } : {};
  }
  const said = [
    ...(lost.length > 0 ? [`left out: ${named(lost)} (lost)`] : []),
    ...(down.length > 0 ? [`back as before, and down as before: ${downText(down)}`] : []),
  ];
  return {
    ...(lost.length > 0 ? { lost: lost.length } : {}),
    ...(down.length > 0 ? { down: down.length } : {}),
    ...(said.length > 0 ? { message: said.join('; ') } : {}),
  };
}

/** Counted over the whole rollout. A wave without a single node left has nothing to be watched. */
function isTooMuch(
  call: StepCall,
  lost: readonly NodeMove[],
  moves: readonly NodeMove[],
  minAvailable: number,
): boolean {
  if (lost.length === 0) return false;
  const all = new Set([...leftOutSoFar(call.journal), ...lost.map(({ name }) => name)]);
  return lost.length === moves.length || !mayLeaveOut(all.size, call.plan, minAvailable);
}

function moveStepOf({ plan, step }: CallOf<Converge>) {
  const move = plan.steps.find(({ id }) => id === step.params.moveStep);
  if (!move || !stepTypes.move.is(move)) throw new Error(`step ${step.id} names no move`);
  return move;
}

/** What each node has to report, as the move's own journal entry says. */
function generationsOf(call: CallOf<Converge>): ReadonlyMap<string, number | null> {
  const move = moveStepOf(call);
  const { generations = [] } = stepTypes.move.outputOf(call, move) ?? {};
  return new Map(move.params.nodes.map(({ nodeId }, at) => [nodeId, generations[at] ?? null]));
}

function stateOf(
  { plan }: StepCall,
  move: NodeMove,
  seen: NodeObservation | undefined,
  generations: ReadonlyMap<string, number | null>,
): NodeState {
  const generation = generations.get(move.nodeId) ?? null;
  // Revoked or removed since the plan was made: it will never answer again.
  if (!seen || generation === null || seen.health === 'Revoked') return 'lost';
  // It may have been told again since: by a repair, or by a person's answer.
  if (seen.observedGeneration >= Math.max(generation, seen.generation) && seen.state !== null) {
    if (seen.state === 'outcome-unknown') return 'cut';
    if (['failed', 'refused'].includes(seen.state)) {
      return plan.role === 'undo' && isDownAgain(move, seen) ? 'down' : 'failed';
    }
    if (seen.state === (move.to ? 'healthy' : 'absent')) return 'settled';
  }
  return seen.health === 'Lost' ? 'lost' : 'open';
}

/**
 * It was down before the rollout and is so again: that is what going back means. A node that holds on
 * to what was to be taken back has not gone back.
 */
function isDownAgain({ wasDown, from, to }: NodeMove, seen: NodeObservation): boolean {
  if (!wasDown || !to) return false;
  return !from || isPair(from, to) || !holds(seen, from);
}

function unstable({ plan }: StepCall, move: NodeMove, seen: NodeObservation | undefined): NotDone {
  const why = seen?.reason ? `${seen.reason.code}: ${seen.reason.message}` : (seen?.state ?? '');
  // What it has now is better than nothing: an agent lets go of nothing before the next one is well.
  const stays =
    plan.role === 'undo' && seen && move.from && holds(seen, move.from)
      ? '; it still has the release that was to be rolled back'
      : '';
  return {
    outcome: 'unstable',
    reason: `node ${move.name} could not run it (${why})${stays}`,
    cause: seen ? causeOf(seen) : 'surroundings',
    evidence: { node: move.name, state: seen?.state ?? null },
  };
}

function waitFor(
  call: StepCall,
  waiting: readonly NodeMove[],
  settled: number,
  all: number,
): NotDone {
  return {
    outcome: 'wait',
    until: call.now + LOOK_AGAIN_MS,
    waitingOn: {
      kind: 'converge',
      who: 'the nodes',
      verb: null,
      detail: `${settled} of ${counted(all, 'node')} ${settled === 1 ? 'runs' : 'run'} it; waiting for ${named(waiting)}`,
    },
  };
}
