/**
 * The invariants of every plan, whatever strategy made it. Runs before a plan is saved and in every
 * test of a strategy, so a strategy that forgets a gate never reaches a node.
 */
import { counted } from '../../kernel/counted.js';
import { limits } from '../../kernel/limits.js';
import { stepTypes } from './step-types.js';
import { checkStages, sharesBefore, takesMore } from './check-stages.js';
import { movesOf, nodesOf, type Plan, type Step } from '../../engine/plan.js';

export interface PlanFacts {
  /** Nodes that may be moved; those whose release is down are among them and do not serve. */
  readonly servingNodes: number;
  readonly minAvailable: number;
  /** False: a node stops the old release before it starts the new one (no traffic, no overlap). */
  readonly overlaps: boolean;
  /** Somebody must be asked before anything moves. Absent: nobody. */
  readonly asks?: boolean;
}

/** Returns one sentence per broken invariant; an empty list is a sound plan. */
export function checkPlan(plan: Plan, facts: PlanFacts): string[] {
  return [
    ...checkSteps(plan),
    ...checkMoves(plan),
    ...leavesTooFew(plan, facts),
    ...checkStages(plan, facts),
    ...(plan.role === 'forward' ? checkGates(plan.steps, facts) : checkUndo(plan.steps)),
  ];
}

function checkSteps({ steps }: Plan): string[] {
  const problems: string[] = [];
  if (steps.length === 0) problems.push('a plan has at least one step');
  if (steps.length > limits.stepsPerPlan) {
    problems.push(`a plan has at most ${limits.stepsPerPlan} steps, this one ${steps.length}`);
  }
  const ids = new Set<string>();
  for (const step of steps) {
    if (ids.has(step.id)) problems.push(`step id "${step.id}" stands twice`);
    ids.add(step.id);
    if (!Number.isSafeInteger(step.deadlineMs) || step.deadlineMs <= 0) {
      problems.push(`step "${step.id}" has no deadline`);
    }
  }
  return problems;
}

function checkMoves({ steps }: Plan): string[] {
  const problems: string[] = [];
  for (const step of steps) {
    const nodes = movesOf(step);
    if (nodes.length > limits.nodesPerWave) {
      problems.push(
        `step "${step.id}" moves ${nodes.length} nodes, at most ${limits.nodesPerWave}`,
      );
    }
    if (step.effects.includes('move') && nodes.length === 0) {
      problems.push(`step "${step.id}" moves no node`);
    }
  }
  return problems;
}

/** One sentence per move that leaves fewer serving than must stay: not every cluster has a way round. */
export function leavesTooFew(plan: Plan, facts: PlanFacts): string[] {
  const problems: string[] = [];
  let serving = facts.servingNodes - nodesOf(plan).filter(({ wasDown }) => wasDown).length;
  for (const step of plan.steps) {
    const nodes = movesOf(step);
    // Side by side, a node serves all through its move; otherwise its whole wave is away at once.
    // Who does not serve cannot be missed, and serves from then on: its wave has settled by then.
    const leaving = nodes.filter(({ wasDown }) => !wasDown).length;
    if (!facts.overlaps && leaving > 0 && serving - leaving < facts.minAvailable) {
      problems.push(
        `step "${step.id}" would leave ${counted(serving - leaving, 'serving node')}, at least ${facts.minAvailable} must stay`,
      );
    }
    serving += nodes.length - leaving;
  }
  return problems;
}

/**
 * Checks come before the first move; every move is followed by its converge, and by a gate if it
 * gave a release more traffic: only stopping what has no traffic any more needs none.
 */
function checkGates(steps: readonly Step[], { asks = false }: Pick<PlanFacts, 'asks'>): string[] {
  const problems: string[] = [];
  const shares = sharesBefore(steps);
  let open: { move: Step; converged: boolean; gated: boolean } | undefined;
  const close = () => {
    if (!open) return;
    if (!open.converged) problems.push(`nothing waits for "${open.move.id}" to converge`);
    if (!open.gated && takesMore(open.move, shares)) {
      problems.push(`no gate follows "${open.move.id}"`);
    }
  };
  let moves = 0;
  for (const step of steps) {
    if (step.effects.includes('move')) {
      close();
      moves += 1;
      open = { move: step, converged: false, gated: false };
      continue;
    }
    if (open && step.effects.includes('converge')) open.converged = true;
    if (open && step.effects.includes('gate')) {
      if (!open.converged) problems.push(`gate "${step.id}" stands before the wave has converged`);
      open.gated = true;
    }
  }
  close();
  if (moves === 0) problems.push('a forward plan moves at least one node');
  const firstMove = steps.findIndex((step) => step.effects.includes('move'));
  const { preflight, approval, slot, recheck } = stepTypes;
  for (const { kind } of [preflight, ...(asks ? [approval] : []), slot, recheck]) {
    const at = steps.findIndex((step) => step.kind === kind);
    if (at < 0 || (firstMove >= 0 && at > firstMove)) {
      problems.push(`"${kind}" must stand before the first move`);
    }
  }
  return problems;
}

/** Going back asks nobody and bakes nothing. */
function checkUndo(steps: readonly Step[]): string[] {
  const problems: string[] = [];
  for (const step of steps) {
    if (step.effects.includes('gate')) problems.push(`undo step "${step.id}" must not be a gate`);
    if (step.kind === 'approval') problems.push('an undo plan asks for no approval');
  }
  return problems;
}
