import { factsOf, pairOf } from '../../../test/support/cluster-facts.js';
import { opening, undoPlan, wave } from './plan-parts.js';
import { checkPlan } from './check-plan.js';
import type { NodeMove, Plan, Step } from '../../engine/plan.js';

const facts = factsOf({ count: 2 });
const { nodes, gate } = facts;
const cluster = { servingNodes: 2, minAvailable: 2, overlaps: true };
const gates = [gate];

/** Started beside, given half of the traffic, then alone: a sound way in three stages. */
const stages = () => [
  wave(1, nodes, facts, { gates, percent: 0 }),
  wave(2, nodes, facts, { gates, percent: 50, enteredIn: 1 }),
  wave(3, nodes, facts, { gates, enteredIn: 1 }),
];

const plan = (...waves: readonly (readonly Step[])[]): Plan => ({
  role: 'forward',
  steps: [...opening({ approval: null }), ...waves.flat()],
});

const without = (steps: readonly Step[], effect: string) =>
  steps.filter(({ effects }) => !effects.includes(effect as never));

const changed = (steps: readonly Step[], change: Partial<NodeMove>): Step[] =>
  steps.map((step) =>
    step.effects.includes('move')
      ? {
          ...step,
          params: {
            nodes: (step.params.nodes as NodeMove[]).map((move) => ({ ...move, ...change })),
          },
        }
      : step,
  );

describe('a plan that moves nodes in stages', () => {
  it('is sound when each stage has its gate and gives more than the one before', () => {
    const [first, second, third] = stages();
    expect(checkPlan(plan(first!, second!, third!), cluster)).toEqual([]);
  });

  it.each<[string, (first: Step[], second: Step[], third: Step[]) => Plan, RegExp]>([
    ['switches before a gate', (a, b, c) => plan(without(a, 'gate'), b, c), /no gate follows "w1/],
    ['stops the old one before a gate', (a, b, c) => plan(a, without(b, 'gate'), c), /"w2.move"/],
    ['ends without a gate', (a, b, c) => plan(a, b, without(c, 'gate')), /no gate follows "w3/],
    ['does not wait', (a, b, c) => plan(a, without(b, 'converge'), c), /to converge/],
    ['never stops the old one', (a, b) => plan(a, b), /left with two releases/],
    ['starts a node twice', (a, _, c) => plan(a, c, changed(c, {}).map(renamed)), /moved twice/],
    ['takes traffic back', (a, b, c) => plan(b, a, c), /goes from 50 % to 0 %/],
    [
      'changes the release on the way',
      (a, b, c) => plan(a, b, changed(c, { to: pairOf('other') })),
      /changes its releases/,
    ],
    ['forgets the way back', (a, b, c) => plan(a, b, changed(c, { from: null })), /changes its/],
    ['shares out 101 %', (a, b, c) => plan(a, changed(b, { percent: 101 }), c), /not a whole perc/],
    ['shares out half a point', (a, b, c) => plan(a, changed(b, { percent: 0.5 }), c), /not a wh/],
    [
      'shares traffic between a release and itself',
      (a, b, c) => plan(...[a, b, c].map((steps) => changed(steps, { from: pairOf('new') }))),
      /no two releases/,
    ],
  ])('is refused when it %s', (_, make, problem) => {
    const [first, second, third] = stages();
    expect(checkPlan(make(first!, second!, third!), cluster).join('; ')).toMatch(problem);
  });

  it('needs no gate to stop what has no traffic any more', () => {
    const [first] = stages();
    const all = wave(2, nodes, facts, { gates, percent: 100, enteredIn: 1 });
    const retire = without(wave(3, nodes, facts, { gates, enteredIn: 1 }), 'gate');
    expect(checkPlan(plan(first!, all, retire), cluster)).toEqual([]);
  });

  it('is refused where two releases may not run side by side', () => {
    const [first, second, third] = stages();
    const apart = { ...cluster, minAvailable: 0, overlaps: false };
    expect(checkPlan(plan(first!, second!, third!), apart).join()).toMatch(/which they may not/);
  });

  it('goes back in one move per node, from any stage', () => {
    const [first, second, third] = stages();
    const forward = plan(first!, second!, third!);
    const undo = undoPlan(forward, (stepId) => ['w1.move', 'w2.move'].includes(stepId));
    expect(checkPlan(undo, cluster)).toEqual([]);
    const twice = { ...undo, steps: [...undo.steps, ...undo.steps.map(renamed)] };
    expect(checkPlan(twice, cluster).join()).toMatch(/moves each node once/);
  });
});

function renamed(step: Step): Step {
  return { ...step, id: `${step.id}.again` };
}
