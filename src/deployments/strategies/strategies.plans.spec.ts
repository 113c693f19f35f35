/**
 * What each strategy makes of clusters that a person can picture. Read these when a strategy is
 * changed: a difference must be meant.
 */
import { factsOf, nodeOf } from '../../../test/support/cluster-facts.js';
import { movesOf, type Plan } from '../../engine/plan.js';
import { strategies } from './strategies.js';

interface Expected {
  /** The steps of every wave, or of each. */
  readonly wave: string | readonly string[];
  /** Number of nodes → the nodes of each wave, in the order of their moves. */
  readonly plans: Readonly<Record<number, readonly string[]>>;
}

/** The first third of the nodes is in zone a, the second in b, the last in c. */
const expected: Readonly<Record<string, Expected>> = {
  direct: {
    wave: 'move converge',
    plans: {
      1: ['1'],
      3: ['1 2 3'],
      6: ['1 2 3 4 5 6'],
      10: ['1 2 3 4 5 6 7 8 9 10'],
    },
  },
  rolling: {
    wave: 'serving baseline move converge stabilization utilization',
    plans: {
      1: ['1'],
      3: ['1', '2', '3'],
      6: ['1', '3', '5', '2', '4', '6'],
      10: ['1 5', '8 2', '6 9', '3 7', '10 4'],
    },
  },
  'blue-green': {
    wave: [
      'baseline move converge utilization',
      'move converge stabilization',
      'keep move converge',
    ],
    // Started beside, switched, and the old one stopped.
    plans: {
      1: ['1', '1', '1'],
      3: ['1 2 3', '1 2 3', '1 2 3'],
      6: ['1 2 3 4 5 6', '1 2 3 4 5 6', '1 2 3 4 5 6'],
    },
  },
  canary: {
    wave: 'baseline move converge stabilization',
    plans: {
      1: ['1'],
      3: ['1', '2', '3'],
      6: ['1', '3', '5', '2 4 6'],
      10: ['1', '5 8', '2 6', '9 3 7 10 4'],
    },
  },
};

function planOf(kind: string, count: number): Plan {
  const nodes = Array.from({ length: count }, (_, index) =>
    nodeOf(index, { labels: { zone: 'abc'[Math.floor((index * 3) / count)]! } }),
  );
  const strategy = strategies.get(kind);
  return strategy.plan(factsOf({ nodes }), strategy.params.parse({}));
}

const lastPart = (id: string) => id.split('.').at(-1);
const number = (name: string) => String(Number(name.replace('node-', '')));

it('every strategy has its plans written down here', () => {
  expect(Object.keys(expected).sort()).toEqual([...strategies.kinds].sort());
});

describe.each(Object.entries(expected))('the plan of %s', (kind, { wave, plans }) => {
  it.each(Object.entries(plans))('on %s nodes', (count, waves) => {
    const { role, steps } = planOf(kind, Number(count));
    expect(role).toBe('forward');
    const opening = steps.filter((step) => step.wave === 0).map(({ id }) => id);
    expect(opening).toEqual(['preflight', 'slot', 'recheck']);
    const moves = steps.filter(({ effects }) => effects.includes('move'));
    expect(
      moves.map((move) =>
        movesOf(move)
          .map(({ name }) => number(name))
          .join(' '),
      ),
    ).toEqual(waves);
    for (const at of waves.keys()) {
      const own = steps.filter((step) => step.wave === at + 1);
      expect(own.map(({ id }) => lastPart(id)).join(' ')).toBe(
        typeof wave === 'string' ? wave : wave[at],
      );
    }
    expect(Math.max(...steps.map((step) => step.wave))).toBe(waves.length);
  });
});
