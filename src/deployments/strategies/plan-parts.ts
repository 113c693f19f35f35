/** The steps that strategies are made of. A strategy chooses nodes and order; this is the rest. */
import { counted, countedWith } from '../../kernel/counted.js';
import { nodesOf, type NodeMove, type Pair, type Plan, type Step } from '../../engine/plan.js';
import { DomainError } from '../../kernel/errors.js';
import type { Smoke } from '../../kernel/smoke-test.js';
import { planNotPossible } from './strategy.errors.js';
import { stepTypes } from './step-types.js';
import type { GateChoice, PlanNode, StrategyFacts } from './strategy.js';

const MINUTE_MS = 60_000;
/** Hashing a large artifact again on a slow disk. */
const PREFLIGHT_MS = 10 * MINUTE_MS;
/** A rollout that waits for its turn longer than a day is forgotten. */
const SLOT_MS = 24 * 60 * MINUTE_MS;
const DATABASE_ONLY_MS = MINUTE_MS;
/** Between the gate's own longest wait and the step's deadline: the gate must speak first. */
const GATE_SLACK_MS = MINUTE_MS;

/** Who needs it again later finds it by this. */
export const APPROVAL_STEP = 'approval';

/** What comes before any node is touched, in this order. */
export function opening({ approval }: Pick<StrategyFacts, 'approval'>): Step[] {
  const first = { wave: 0, params: {} };
  return [
    stepTypes.preflight.step({ id: 'preflight', deadlineMs: PREFLIGHT_MS, ...first }),
    ...(approval ? [stepTypes.approval.step({ id: APPROVAL_STEP, ...approval, ...first })] : []),
    stepTypes.slot.step({ id: 'slot', deadlineMs: SLOT_MS, ...first }),
    stepTypes.recheck.step({ id: 'recheck', deadlineMs: DATABASE_ONLY_MS, ...first }),
  ];
}

export interface WaveOptions {
  /** One after the other; none: the wave has settled when it has converged (direct). */
  readonly gates: readonly GateChoice[];
  /** The new release gets this share of its nodes' traffic, the old one keeps the rest. */
  readonly percent?: number;
  /** The wave that entered these nodes: its baseline is theirs. Absent: this one. */
  readonly enteredIn?: number;
  /** What the move does, for people. */
  readonly title?: string;
  /** Whose yardstick the baseline is, when it is not the first gate's. */
  readonly baselineFor?: GateChoice;
  /** HTTP checks on each node before the release counts as healthy there. */
  readonly smoke?: Smoke;
}

/** Baseline, move, converge and gates for one wave. */
export function wave(
  number: number,
  nodes: readonly PlanNode[],
  facts: StrategyFacts,
  options: WaveOptions,
): Step[] {
  const { gates, enteredIn = number } = options;
  const size = counted(nodes.length, 'node');
  const moving = stepTypes.move.step({
    id: `w${number}.move`,
    wave: number,
    title: options.title ?? `Move ${size}`,
    deadlineMs: DATABASE_ONLY_MS,
    params: {
      nodes: nodes.map((node) => moveOf(node, facts.to, options.percent)),
      signatureRequired: facts.signatureRequired,
      ...(options.smoke ? { smoke: options.smoke } : {}),
    },
  });
  const settling = stepTypes.converge.step({
    id: `w${number}.converge`,
    wave: number,
    title: `Wait until ${countedWith(nodes.length, 'node', 'runs', 'run')} it, healthy`,
    ...(gates.length > 0 ? {} : { effects: ['converge', 'gate'] }),
    deadlineMs: facts.convergeMs + (options.smoke?.timeoutMs ?? 0),
    params: { moveStep: moving.id },
  });
  const first = options.baselineFor ?? gates[0];
  const before = first && enteredIn === number ? [baselineStep(number, first)] : [];
  const watching = gates.map((choice) => gateStep(number, enteredIn, choice));
  return [...before, moving, settling, ...watching];
}

/** Only a node that runs another pair now can share its traffic; any other gets the release alone. */
function moveOf(node: PlanNode, to: Pair, percent?: number): NodeMove {
  const { nodeId, name, from, wasDown } = node;
  const isShared = percent !== undefined && sharesTraffic({ from }, to);
  return {
    nodeId,
    name,
    from,
    to,
    ...(isShared ? { percent } : {}),
    ...(wasDown ? { wasDown } : {}),
  };
}

/** Does the node run something else now, beside which the release can be started? */
export function sharesTraffic({ from }: Pick<PlanNode, 'from'>, to: Pair): boolean {
  if (!from) return false;
  return from.releaseId !== to.releaseId || from.configurationId !== to.configurationId;
}

function baselineStep(number: number, { kind, params }: GateChoice): Step {
  return stepTypes.baseline.step({
    id: `w${number}.baseline`,
    wave: number,
    deadlineMs: DATABASE_ONLY_MS,
    params: { gate: { kind, params } },
  });
}

function gateStep(
  number: number,
  enteredIn: number,
  { kind, params, maxWaitMs }: GateChoice,
): Step {
  return stepTypes.gate.step({
    id: `w${number}.${kind}`,
    wave: number,
    // It is only at a poll that a gate sees how long it has waited.
    deadlineMs: maxWaitMs + Number(params.pollIntervalMs ?? 0) + GATE_SLACK_MS,
    params: {
      gate: { kind, params },
      ...(enteredIn === number ? {} : { baselineWave: enteredIn }),
    },
  });
}

/** Nodes that die while a rollout goes on need time to return, or to be replaced. */
const SERVING_MS = 15 * MINUTE_MS;

/** Time to look at the release with the old one still there, to go back to at once. */
export function keepStep(number: number, keepMs: number): Step {
  return stepTypes.keep.step({
    id: `w${number}.keep`,
    wave: number,
    deadlineMs: keepMs + MINUTE_MS,
    params: { keepMs },
  });
}

/** Before a batch: enough nodes must serve for it to begin. */
export function servingStep(
  number: number,
  { maxUnavailable, maxSurge }: { readonly maxUnavailable: number; readonly maxSurge: number },
): Step {
  return stepTypes.serving.step({
    id: `w${number}.serving`,
    wave: number,
    deadlineMs: SERVING_MS,
    params: { moveStep: `w${number}.move`, maxUnavailable, maxSurge },
  });
}

/**
 * The way back: every node whose move had begun gets what it ran before, all at once; no gates, no
 * bakes. Pure over the plan, so that it is the same in any process. However far a node has come, one
 * move is enough: where the old release still runs it takes over the traffic at once, and only then
 * the new one is stopped.
 */
export function undoPlan(forward: Plan, begun: (stepId: string) => boolean): Plan {
  const begunSteps = forward.steps.filter((step) => begun(step.id));
  const nodes = nodesOf({ role: 'forward', steps: begunSteps }).map(reverse);
  const steps = chunks(nodes, UNDO_WAVE_NODES).flatMap((chunk, index) =>
    undoWave(index + 1, chunk),
  );
  return { role: 'undo', steps };
}

/** As many as one transaction moves; going back has no reason to go slower. */
const UNDO_WAVE_NODES = 500;
const UNDO_CONVERGE_MS = 10 * MINUTE_MS;

function undoWave(number: number, nodes: readonly NodeMove[]): Step[] {
  const size = counted(nodes.length, 'node');
  const moving = stepTypes.move.step({
    id: `u${number}.move`,
    wave: number,
    title: `Roll back ${size}`,
    deadlineMs: DATABASE_ONLY_MS,
    // What ran there before had been accepted before: going back must not fail on a new policy.
    params: { nodes, signatureRequired: false },
  });
  const settling = stepTypes.converge.step({
    id: `u${number}.converge`,
    wave: number,
    title:
      nodes.length === 1
        ? 'Wait until 1 node runs what it ran before'
        : `Wait until ${size} run what they ran before`,
    deadlineMs: UNDO_CONVERGE_MS,
    params: { moveStep: moving.id },
  });
  return [moving, settling];
}

function reverse({ nodeId, name, from, to, wasDown }: NodeMove): NodeMove {
  return { nodeId, name, from: to, to: from, ...(wasDown ? { wasDown } : {}) };
}

/** What a strategy says when there is no plan for these facts; `why` goes on in the same sentence. */
export function notPossible(why: string): DomainError {
  return planNotPossible(`The rollout cannot be planned: ${why}.`);
}

export function chunks<T>(items: readonly T[], size: number): T[][] {
  const result: T[][] = [];
  for (let at = 0; at < items.length; at += size) result.push(items.slice(at, at + size));
  return result;
}
