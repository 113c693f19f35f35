import type { PlanNode } from './strategy.js';

/**
 * Orders nodes so that every prefix is spread over the failure domains: the next node always comes
 * from the domain with the fewest chosen, ties by node name. With several labels the first one
 * weighs most (zone before rack). A node without a label is in a domain of its own kind, "".
 */
export function spreadOver(nodes: readonly PlanNode[], labels: readonly string[]): PlanNode[] {
  const waiting = [...nodes]
    .sort(byName)
    .map((node) => ({ node, domains: domainsOf(node, labels) }));
  const chosen = new Map<string, number>();
  const ordered: PlanNode[] = [];
  while (waiting.length > 0) {
    let best = 0;
    for (let at = 1; at < waiting.length; at += 1) {
      if (isFewer(waiting[at]!.domains, waiting[best]!.domains, chosen)) best = at;
    }
    const { node, domains } = waiting.splice(best, 1)[0]!;
    for (const domain of domains) chosen.set(domain, (chosen.get(domain) ?? 0) + 1);
    ordered.push(node);
  }
  return ordered;
}

/** A node's domain at each depth: its zone, then its rack in that zone, and so on. */
function domainsOf(node: PlanNode, labels: readonly string[]): string[] {
  return labels.map((_, depth) =>
    JSON.stringify(labels.slice(0, depth + 1).map((label) => node.labels[label] ?? '')),
  );
}

/** Compares how many of each domain are chosen, outermost first; equal keeps the name's order. */
function isFewer(
  candidate: readonly string[],
  best: readonly string[],
  chosen: ReadonlyMap<string, number>,
): boolean {
  for (const [depth, domain] of candidate.entries()) {
    const difference = (chosen.get(domain) ?? 0) - (chosen.get(best[depth]!) ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

function byName(a: PlanNode, b: PlanNode): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
