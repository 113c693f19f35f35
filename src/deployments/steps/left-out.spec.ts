import { factsOf } from '../../../test/support/cluster-facts.js';
import { direct } from '../strategies/direct.strategy.js';
import { mayLeaveOut } from './left-out.js';

const planOf = (count: number) => direct.plan(factsOf({ count }), {});

describe('a rollout that loses nodes on the way', () => {
  it.each([
    // nodes, lost, must stay, goes on
    ...([[3, 0, 3, true], [3, 1, 0, true], [3, 1, 3, false], [3, 2, 0, false]] as const), // prettier-ignore
    ...([[1, 1, 0, false], [2, 1, 0, true], [2, 1, 2, false]] as const), // prettier-ignore
    ...([[19, 2, 0, false], [20, 2, 0, true], [100, 10, 0, true], [100, 11, 0, false]] as const), // prettier-ignore
    ...([[100, 10, 90, true], [100, 10, 91, false]] as const), // prettier-ignore
  ])(
    'of %i nodes, %i lost and %i that must stay: goes on %s',
    (nodes, lost, minAvailable, goesOn) => {
      expect(mayLeaveOut(lost, planOf(nodes), minAvailable)).toBe(goesOn);
    },
  );
});
