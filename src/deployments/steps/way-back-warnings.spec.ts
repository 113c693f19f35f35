import { factsOf, nodeOf, pairOf } from '../../../test/support/cluster-facts.js';
import { blueGreen } from '../strategies/blue-green.strategy.js';
import { undoPlan } from '../strategies/plan-parts.js';
import type { PlanNode } from '../strategies/strategy.js';
import { wayBackWarnings } from './way-back-warnings.js';

const down = (version: string, code = 'crash-loop') => ({ wasDown: { version, code } });
const planOf = (nodes: PlanNode[]) =>
  blueGreen.plan(factsOf({ nodes }), blueGreen.params.parse({}));

describe('the warnings of a plan', () => {
  it('are none where everything serves', () => {
    expect(wayBackWarnings(planOf([nodeOf(0), nodeOf(1)]))).toEqual([]);
  });

  it('name each release that is down, where, and why', () => {
    const nodes = [
      nodeOf(0, down('1.0.0')),
      nodeOf(1, { ...down('0.9.0', 'unhealthy'), from: pairOf('older') }),
      nodeOf(2, down('1.0.0')),
      nodeOf(3),
    ];
    expect(wayBackWarnings(planOf(nodes))).toEqual([
      'What runs now is down: 1.0.0 on node-001, node-003 (crash-loop), 0.9.0 on node-002 (unhealthy). Going back brings back just that.',
    ]);
  });

  it('of the way back name only what it touches', () => {
    const forward = planOf([nodeOf(0, down('1.0.0')), nodeOf(1, { from: null, ...down('x') })]);
    const undo = undoPlan(forward, (id) => id === 'w1.move');
    expect(wayBackWarnings(undo)).toEqual([
      'What ran before was down: 1.0.0 on node-001 (crash-loop). Going back brings back just that.',
    ]);
  });

  it('stay short, however many nodes and releases are down', () => {
    const nodes = Array.from({ length: 400 }, (_, at) => nodeOf(at, down(`1.${at % 9}.0`)));
    const [warning] = wayBackWarnings(planOf(nodes));
    expect(warning!.length).toBeLessThan(500);
    expect(warning).toMatch(/ and 6 more\. Going back/);
  });
});
