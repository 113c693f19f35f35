import type { FoldedJournal } from '../../engine/journal.js';
import { nodesOf, type Plan } from '../../engine/plan.js';

/** A rollout may go on without this share of its nodes, and always without one. */
const LOST_SHARE = 0.1;

/**
 * May a rollout go on when this many of its nodes were lost on the way? They are left out, and get
 * what is desired then when they return.
 */
export function mayLeaveOut(lost: number, plan: Plan, minAvailable: number): boolean {
  if (lost === 0) return true;
  const nodes = nodesOf(plan).length;
  return lost <= Math.max(1, nodes * LOST_SHARE) && nodes - lost >= Math.max(1, minAvailable);
}

/** The names of all nodes that this rollout has left behind so far, in whichever wave. */
export function leftOutSoFar({ steps, notes }: FoldedJournal): ReadonlySet<string> {
  const data = [...[...steps.values()].map(({ output }) => output), ...notes];
  return new Set(
    data.flatMap(({ leftOut }) => (Array.isArray(leftOut) ? (leftOut as string[]) : [])),
  );
}
