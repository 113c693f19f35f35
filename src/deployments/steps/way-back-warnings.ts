// What whoever asks for a rollout, or ends one, should know beforehand: that going back would bring
// back something broken. Pure over a plan, which knows what was down when it was made.
import { nodesOf, type NodeMove, type Plan, type WasDown } from '../../engine/plan.js';
import { named } from './named.js';

/** More releases at once than these are left unsaid: it must fit into a journal entry. */
const RELEASES_MOST = 3;

/** One sentence, or none: what the nodes of the plan ran before and could not be gone back to. */
export function wayBackWarnings(plan: Plan): string[] {
  const down = nodesOf(plan).filter(({ wasDown }) => wasDown);
  if (down.length === 0) return [];
  const before = plan.role === 'forward' ? 'What runs now is down' : 'What ran before was down';
  return [`${before}: ${downText(down)}. Going back brings back just that.`];
}

/** As part of what is answered or journalled: nothing where there is nothing to warn of. */
export function warningsOf(warnings: readonly string[]): { warnings?: string[] } {
  return warnings.length > 0 ? { warnings: [...warnings] } : {};
}

/** `1.0.0 on node-1, node-2 (crash-loop)`. */
export function downText(moves: readonly NodeMove[]): string {
  const byRelease = new Map<string, NodeMove[]>();
  for (const move of moves) {
    if (!move.wasDown) continue;
    const key = keyOf(move.wasDown);
    byRelease.set(key, [...(byRelease.get(key) ?? []), move]);
  }
  const all = [...byRelease.values()].map((nodes) => {
    const { version, code } = nodes[0]!.wasDown!;
    return `${version} on ${named(nodes)} (${code})`;
  });
  const more = all.length > RELEASES_MOST ? ` and ${all.length - RELEASES_MOST} more` : '';
  return `${all.slice(0, RELEASES_MOST).join(', ')}${more}`;
}

const keyOf = ({ version, code }: WasDown) => `${version} ${code}`;
