import fc from 'fast-check';
import { nodeOf } from '../../../test/support/cluster-facts.js';
import { spreadOver } from './spread.js';
import type { PlanNode } from './strategy.js';

const anyNodes = fc
  .array(
    fc.record(
      { zone: fc.constantFrom('a', 'b', 'c', 'd'), rack: fc.constantFrom('1', '2', '3') },
      { requiredKeys: [] },
    ),
    { minLength: 1, maxLength: 60 },
  )
  .map((labels) => labels.map((own, index) => nodeOf(index, { labels: own })));

const zoneOf = ({ labels }: PlanNode) => labels.zone ?? '';
const rackOf = (node: PlanNode) => `${zoneOf(node)}/${node.labels.rack ?? ''}`;

function countsOf(nodes: readonly PlanNode[], domainOf: (node: PlanNode) => string) {
  const counts = new Map<string, number>();
  for (const node of nodes) counts.set(domainOf(node), (counts.get(domainOf(node)) ?? 0) + 1);
  return counts;
}

/** A domain may only be behind another one by more than one node when it has no more to give. */
function isEven(
  prefix: readonly PlanNode[],
  all: readonly PlanNode[],
  domainOf: (node: PlanNode) => string,
): boolean {
  const [chosen, total] = [countsOf(prefix, domainOf), countsOf(all, domainOf)];
  const most = Math.max(...chosen.values());
  return [...total].every(([domain, nodes]) => {
    const own = chosen.get(domain) ?? 0;
    return own === nodes || most - own <= 1;
  });
}

describe('spreading over failure domains', () => {
  it('gives every node exactly once', () => {
    fc.assert(
      fc.property(anyNodes, (nodes) => {
        const ordered = spreadOver(nodes, ['zone', 'rack']);
        expect([...ordered].sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual(nodes);
      }),
    );
  });

  it('is as even as it can be over the zones, wherever a wave is cut', () => {
    fc.assert(
      fc.property(anyNodes, (nodes) => {
        const ordered = spreadOver(nodes, ['zone', 'rack']);
        for (let cut = 1; cut <= ordered.length; cut += 1) {
          expect(isEven(ordered.slice(0, cut), nodes, zoneOf)).toBe(true);
        }
      }),
    );
  });

  it('is as even as it can be over the racks inside of each zone', () => {
    fc.assert(
      fc.property(anyNodes, (nodes) => {
        const ordered = spreadOver(nodes, ['zone', 'rack']);
        for (const zone of countsOf(nodes, zoneOf).keys()) {
          const [own, all] = [ordered, nodes].map((list) =>
            list.filter((node) => zoneOf(node) === zone),
          );
          for (let cut = 1; cut <= own!.length; cut += 1) {
            expect(isEven(own!.slice(0, cut), all!, rackOf)).toBe(true);
          }
        }
      }),
    );
  });

  it('does not depend on the order in which it is told of the nodes', () => {
    fc.assert(
      fc.property(anyNodes, (nodes) => {
        const ordered = spreadOver(nodes, ['zone', 'rack']);
        expect(spreadOver([...nodes].reverse(), ['zone', 'rack'])).toEqual(ordered);
      }),
    );
  });

  it('without labels is by name', () => {
    const nodes = [2, 0, 1].map((index) => nodeOf(index, { labels: { zone: 'abc'[index]! } }));
    expect(spreadOver(nodes, []).map(({ name }) => name)).toEqual([
      'node-001',
      'node-002',
      'node-003',
    ]);
  });

  it('leaves the nodes that it was given as they were', () => {
    const nodes = Object.freeze([1, 0].map((index) => nodeOf(index)));
    expect(spreadOver(nodes, ['zone'])).toHaveLength(2);
    expect(nodes[0]?.name).toBe('node-002');
  });
});
