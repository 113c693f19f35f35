/**
 * The invariants of a node that moves in stages: the new release is started beside the old one, gets
 * more and more of the node's traffic, and at last the old one is stopped.
 */
import { movesOf, type NodeMove, type Pair, type Plan, type Step } from '../../engine/plan.js';

/** What `to` has of the node's traffic after a move. */
const shareOf = ({ percent }: NodeMove): number => percent ?? 100;

/** Per step and node: the share that the release had before the step; null: it did not run. */
export type SharesBefore = ReadonlyMap<string, ReadonlyMap<string, number | null>>;

export function sharesBefore(steps: readonly Step[]): SharesBefore {
  const shares = new Map<string, number>();
  return new Map(
    steps.map((step) => {
      const before = movesOf(step).map(
        ({ nodeId }) => [nodeId, shares.get(nodeId) ?? null] as const,
      );
      for (const move of movesOf(step)) shares.set(move.nodeId, shareOf(move));
      return [step.id, new Map(before)];
    }),
  );
}

/** Does the step start the release on a node, or give it more traffic there? */
export function takesMore(step: Step, shares: SharesBefore): boolean {
  return movesOf(step).some((move) => {
    const before = shares.get(step.id)?.get(move.nodeId) ?? null;
    return before === null || shareOf(move) > before;
  });
}

export function checkStages(
  { role, steps }: Plan,
  { overlaps }: { readonly overlaps: boolean },
): string[] {
  const problems: string[] = [];
  const last = new Map<string, NodeMove>();
  for (const step of steps) {
    for (const move of movesOf(step)) {
      problems.push(...checkMove(step, move, overlaps), ...checkNext(last.get(move.nodeId), move));
      last.set(move.nodeId, move);
    }
  }
  for (const { name, percent } of last.values()) {
    if (percent !== undefined) problems.push(`node "${name}" is left with two releases`);
  }
  if (role === 'undo' && [...last.values()].length < steps.flatMap(movesOf).length) {
    problems.push('an undo plan moves each node once: back to what it ran');
  }
  return problems;
}

function checkMove(step: Step, { name, percent, from, to }: NodeMove, overlaps: boolean): string[] {
  if (percent === undefined) return [];
  const where = `step "${step.id}", node "${name}"`;
  const problems: string[] = [];
  if (!Number.isInteger(percent) || percent < 0 || percent > 100) {
    problems.push(`${where}: ${percent} % is not a whole percentage`);
  }
  if (!overlaps) problems.push(`${where}: two releases would run side by side, which they may not`);
  if (!from || !to || isSame(from, to)) {
    problems.push(`${where}: there are no two releases to share the traffic`);
  }
  return problems;
}

/** A node is entered once; after that the same release only gets more traffic, until it is alone. */
function checkNext(before: NodeMove | undefined, { name, from, to, percent }: NodeMove): string[] {
  if (!before) return [];
  if (before.percent === undefined) return [`node "${name}" is moved twice`];
  const problems: string[] = [];
  if (!isSame(before.from, from) || !isSame(before.to, to)) {
    problems.push(`node "${name}" changes its releases on the way`);
  }
  if (percent !== undefined && percent <= before.percent) {
    problems.push(`node "${name}" goes from ${before.percent} % to ${percent} %`);
  }
  return problems;
}

function isSame(one: Pair | null, other: Pair | null): boolean {
  if (!one || !other) return one === other;
  return (
    one.releaseId === other.releaseId &&
    one.releaseDigest === other.releaseDigest &&
    one.configurationId === other.configurationId
  );
}
