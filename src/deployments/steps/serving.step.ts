// Before each batch of a rolling update: do enough nodes serve, so that this batch may begin? Nodes
// may have died since the plan was made. It waits for them, and gives up at its deadline.
import { Injectable } from '@nestjs/common';
import { counted } from '../../kernel/counted.js';
import { DOWN_CODES, type NodeObservation } from '../../drivers/targets/target.js';
import { Targets } from '../../drivers/targets/targets.js';
import type { Cause } from '../../engine/journal.js';
import { movesOf, nodesOf, type NodeMove } from '../../engine/plan.js';
import type { CallOf, HandlerOf, OutcomeOf } from '../../engine/step-type.js';
import type { OpenContext } from '../../platform/context.js';
import { specOf } from '../runs/spec-of.js';
import { stepTypes } from '../strategies/step-types.js';
import { causeOf, isPair } from './down-there.js';

const LOOK_AGAIN_MS = 2_000;

/**
 * It runs and nobody can use it. A node that went back because the new release's port was taken says
 * `port-in-use` as well, and is not counted on until its rollout is taken back: rather too few.
 */
const DOWN = [
  ...DOWN_CODES,
  'port-in-use',
  'listen-failed',
  'front-unreachable',
  'front-start-failed',
];

type Serving = typeof stepTypes.serving;

@Injectable()
export class ServingStep implements HandlerOf<Serving> {
  readonly kind = stepTypes.serving.kind;
  readonly title = stepTypes.serving.title;
  readonly mode = 'transaction';

  constructor(private readonly targets: Targets) {}

  async run(open: OpenContext, call: CallOf<Serving>): Promise<OutcomeOf<Serving>> {
    const spec = await specOf(open, call.key.id);
    const nodes = nodesOf(call.plan);
    const observed = await this.targets.get(spec.cluster.targetKind).observe(open, {
      moduleId: spec.module.id,
      nodeIds: nodes.map(({ nodeId }) => nodeId),
    });
    const state = servingState(call, observed, spec.cluster.minAvailable);
    if (state.isEnough) return { outcome: 'done', output: { serving: state.serving } };
    return {
      outcome: 'wait',
      until: call.now + LOOK_AGAIN_MS,
      ...(state.cause ? { cause: state.cause } : {}),
      waitingOn: {
        kind: 'serving',
        who: 'the nodes that do not serve',
        verb: null,
        detail: state.detail,
      },
    };
  }
}

export interface ServingState {
  readonly isEnough: boolean;
  readonly serving: number;
  /** Among those that do not serve is one that runs the new release, which is down there. */
  readonly cause?: Cause;
  readonly detail: string;
}

/** Pure: would as many nodes as must serve still do so, were this batch to begin now? */
export function servingState(
  { plan, step }: Pick<CallOf<Serving>, 'plan' | 'step'>,
  observed: readonly NodeObservation[],
  minAvailable: number,
): ServingState {
  const { moveStep, maxUnavailable, maxSurge } = step.params;
  const at = plan.steps.findIndex(({ id }) => id === step.id);
  const moved = new Set(plan.steps.slice(0, at).flatMap((each) => movesOf(each).map(idOf)));
  const batch = plan.steps.filter(({ id }) => id === moveStep).flatMap(movesOf);
  const inBatch = new Set(batch.map(idOf));
  const serves = new Set(observed.filter(isServing).map(idOf));
  // A node that runs nothing yet cannot be missed.
  const expected = nodesOf(plan).filter((node) => node.from !== null || moved.has(node.nodeId));
  const away = expected.filter(({ nodeId }) => !serves.has(nodeId));
  const awayIds = new Set(away.map(idOf));
  const serving = expected.length - away.length;
  const touched = expected.filter((node) => inBatch.has(node.nodeId) && serves.has(node.nodeId));
  const leaving = Math.max(0, touched.length - maxSurge);
  const needed = Math.max(
    expected.length - maxUnavailable,
    Math.min(minAvailable, expected.length),
    0,
  );
  // A batch of nodes that are down takes nothing away, and may be what brings them back.
  const areDown = batch.length > 0 && batch.every(({ nodeId }) => awayIds.has(nodeId));
  const isEnough = areDown || serving - leaving >= needed;
  const failing = observed.filter(({ nodeId }) => moved.has(nodeId) && awayIds.has(nodeId));
  const isOwnDoing = failing.some(
    (seen) => seen.state === 'failed' && !isSilent(seen) && causeOf(seen) === 'release',
  );
  const detail = detailOf(needed, serving, leaving, away);
  return { isEnough, serving, detail, ...(isOwnDoing ? { cause: 'release' } : {}) };
}

const idOf = ({ nodeId }: { readonly nodeId: string }) => nodeId;

/** It reports, and the module runs there; not necessarily what is desired, it may have gone back. */
export function isServing(seen: NodeObservation): boolean {
  const { running, down = [], state, reason } = seen;
  const isUp = (pair: (typeof running)[number]) => !down.some((each) => isPair(each, pair));
  if (isSilent(seen) || !running.some(isUp)) return false;
  const isDown = DOWN.includes(reason?.code ?? '');
  return !(isDown && (state === 'failed' || state === 'converging'));
}

function isSilent({ health }: NodeObservation): boolean {
  return health === 'Lost' || health === 'Revoked';
}

function detailOf(
  needed: number,
  serving: number,
  leaving: number,
  away: readonly NodeMove[],
): string {
  const names = away.slice(0, 5).map(({ name }) => name);
  const more = away.length > names.length ? ` and ${away.length - names.length} more` : '';
  const missing = names.length > 0 ? ` Not serving: ${names.join(', ')}${more}.` : '';
  return `this batch would leave ${counted(serving - leaving, 'serving node')}, at least ${needed} must stay.${missing}`;
}
