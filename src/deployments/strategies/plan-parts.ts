/** The steps that strategies are made of. A strategy chooses nodes and order; this is the rest. */
import { movesOf, type NodeMove, type Plan, type Step } from '../../engine/plan.js';
import type { PlanNode, StrategyFacts } from './strategy.js';

const MINUTE_MS = 60_000;
/** Hashing a large artifact again on a slow disk. */
const PREFLIGHT_MS = 10 * MINUTE_MS;
/** A rollout that waits for its turn longer than a day is forgotten. */
const SLOT_MS = 24 * 60 * MINUTE_MS;
const DATABASE_ONLY_MS = MINUTE_MS;
/** Between the gate's own longest wait and the step's deadline: the gate must speak first. */
const GATE_SLACK_MS = MINUTE_MS;

/** What comes before any node is touched, in this order. */
export function opening(): Step[] {
  const check = (id: string, title: string, deadlineMs: number): Step => ({
    ...{ id, kind: id, title, deadlineMs, wave: 0, params: {} },
    effects: ['check'],
  });
  return [
    check('preflight', 'Check signature, artifact and the way back', PREFLIGHT_MS),
    check('slot', 'Take the turn on this cluster', SLOT_MS),
    check('recheck', 'Check again what may have changed meanwhile', DATABASE_ONLY_MS),
  ];
}

export interface WaveOptions {
  /** False: the wave has settled when it has converged (direct). */
  readonly gated: boolean;
}

/** Baseline, move, converge, gate for one wave. */
export function wave(
  number: number,
  nodes: readonly PlanNode[],
  facts: StrategyFacts,
  { gated }: WaveOptions,
): Step[] {
  const id = (kind: string) => `w${number}.${kind}`;
  const moves: NodeMove[] = nodes.map(({ nodeId, name, from }) => ({
    ...{ nodeId, name, from, to: facts.to },
  }));
  const size = nodes.length === 1 ? '1 node' : `${nodes.length} nodes`;
  const move: Step = {
    ...{ id: id('move'), kind: 'move', wave: number, title: `Move ${size}` },
    effects: ['move'],
    deadlineMs: DATABASE_ONLY_MS,
    params: { nodes: moves, signatureRequired: facts.signatureRequired },
  };
  const converge: Step = {
    ...{ id: id('converge'), kind: 'converge', wave: number },
    title: `Wait until ${size} run it, healthy`,
    effects: gated ? ['converge'] : ['converge', 'gate'],
    deadlineMs: facts.convergeMs,
    params: { moveStep: move.id },
  };
  if (!gated) return [move, converge];
  return [baselineStep(number, facts), move, converge, gateStep(number, facts)];
}

function baselineStep(number: number, { gate }: StrategyFacts): Step {
  return {
    ...{ id: `w${number}.baseline`, kind: 'baseline', wave: number },
    title: 'Read how these nodes behaved before',
    effects: ['check'],
    deadlineMs: DATABASE_ONLY_MS,
    params: { gate: { kind: gate.kind, params: gate.params } },
  };
}

function gateStep(number: number, { gate }: StrategyFacts): Step {
  return {
    ...{ id: `w${number}.${gate.kind}`, kind: 'gate', wave: number },
    title: 'Watch until the wave has settled',
    effects: ['gate'],
    deadlineMs: gate.maxWaitMs + GATE_SLACK_MS,
    params: { gate: { kind: gate.kind, params: gate.params } },
  };
}

/**
 * The way back: every node whose move had begun gets what it ran before, all at once; no gates, no
 * bakes. Pure over the plan, so that it is the same in any process.
 */
export function undoPlan(forward: Plan, begun: (stepId: string) => boolean): Plan {
  const moves = forward.steps.filter((step) => movesOf(step).length > 0 && begun(step.id));
  const nodes = moves.flatMap((step) => movesOf(step).map(reverse));
  const steps = chunks(nodes, UNDO_WAVE_NODES).flatMap((chunk, index) =>
    undoWave(index + 1, chunk),
  );
  return { role: 'undo', steps };
}

/** As many as one transaction moves; going back has no reason to go slower. */
const UNDO_WAVE_NODES = 500;
const UNDO_CONVERGE_MS = 10 * MINUTE_MS;

function undoWave(number: number, nodes: readonly NodeMove[]): Step[] {
  const size = nodes.length === 1 ? '1 node' : `${nodes.length} nodes`;
  return [
    {
      ...{ id: `u${number}.move`, kind: 'move', wave: number, title: `Take back ${size}` },
      effects: ['move'],
      deadlineMs: DATABASE_ONLY_MS,
      // What ran there before had been accepted before: going back must not fail on a new policy.
      params: { nodes, signatureRequired: false },
    },
    {
      ...{ id: `u${number}.converge`, kind: 'converge', wave: number },
      title: `Wait until ${size} run what they ran before`,
      effects: ['converge'],
      deadlineMs: UNDO_CONVERGE_MS,
      params: { moveStep: `u${number}.move` },
    },
  ];
}

function reverse({ nodeId, name, from, to }: NodeMove): NodeMove {
  return { nodeId, name, from: to, to: from };
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  const result: T[][] = [];
  for (let at = 0; at < items.length; at += size) result.push(items.slice(at, at + size));
  return result;
}
