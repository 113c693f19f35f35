import fc from 'fast-check';
import { factsOf, nodeOf, pairOf } from '../../../test/support/cluster-facts.js';
import { checkPlan } from './check-plan.js';
import { movesOf } from '../../engine/plan.js';
import { canary } from './canary.strategy.js';
import { undoPlan } from './plan-parts.js';

const facts = factsOf({
  nodes: [0, 1, 2, 3].map((index) => nodeOf(index, { from: index === 2 ? null : pairOf('old') })),
});
const forward = canary.plan(facts, canary.params.parse({ wavesPercent: [25, 50, 100] }));
const all = () => true;

describe('a gate', () => {
  it.each([500, 30_000, 60_000, 300_000])(
    'has time for the poll at which it sees that it has waited too long, polling each %i ms',
    (pollIntervalMs) => {
      const gate = { ...facts.gate, params: { ...facts.gate.params, pollIntervalMs } };
      const { steps } = canary.plan({ ...facts, gate }, canary.params.parse({}));
      const gates = steps.filter(({ kind }) => kind === 'gate');
      expect(gates).not.toEqual([]);
      for (const { deadlineMs } of gates) {
        expect(deadlineMs).toBeGreaterThanOrEqual(gate.maxWaitMs + pollIntervalMs + 60_000);
      }
    },
  );
});

describe('the way back', () => {
  it('gives each node what it ran before, and nothing to one that ran nothing', () => {
    const undo = undoPlan(forward, all);
    const back = undo.steps.flatMap(movesOf).map(({ name, to }) => [name, to?.releaseId ?? null]);
    expect(back).toEqual([
      ['node-001', 'old'],
      ['node-002', 'old'], // prettier-ignore
      ['node-003', null],
      ['node-004', 'old'], // prettier-ignore
    ]);
    expect(undo.steps.map(({ id }) => id)).toEqual(['u1.move', 'u1.converge']);
  });

  it('asks for no signature: what ran there before had been accepted before', () => {
    const [move] = undoPlan(forward, all).steps;
    expect(move!.params.signatureRequired).toBe(false);
  });

  it('leaves nodes alone whose move had not begun', () => {
    const undo = undoPlan(forward, (stepId) => stepId === 'w1.move');
    expect(undo.steps.flatMap(movesOf).map(({ name }) => name)).toEqual(['node-001']);
    expect(undoPlan(forward, () => false).steps).toEqual([]);
  });

  it('is sound for clusters of any size, in pieces that one transaction moves', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1200 }), (count) => {
        const wide = factsOf({ count });
        const plan = canary.plan(wide, canary.params.parse({}));
        const undo = undoPlan(plan, all);
        const rules = { servingNodes: count, minAvailable: 0, overlaps: true };
        expect(checkPlan(undo, rules)).toEqual([]);
        expect(undo.steps.flatMap(movesOf)).toHaveLength(count);
      }),
      { numRuns: 15 },
    );
  });

  it('back again is the way forward', () => {
    const moves = forward.steps.flatMap(movesOf);
    const twice = undoPlan({ ...undoPlan(forward, all), role: 'forward' }, all);
    const pairs = ({ name, from, to }: (typeof moves)[number]) => ({ name, from, to });
    expect(twice.steps.flatMap(movesOf).map(pairs)).toEqual(moves.map(pairs));
  });
});
