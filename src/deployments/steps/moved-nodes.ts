import { movesOf, type Step } from '../../engine/plan.js';
import type { MovedNode } from '../../kernel/receipt/receipt.js';

/** Of a step that has moved nodes: each with what it was told, in the plan's order. */
export function movedNodes(step: Step, generations: readonly (number | null)[]): MovedNode[] {
  return movesOf(step).map(({ nodeId, name, to, percent }, at) => ({
    nodeId,
    name,
    generation: generations[at] ?? null,
    releaseId: to?.releaseId ?? null,
    configurationId: to?.configurationId ?? null,
    percent: percent ?? null,
  }));
}
