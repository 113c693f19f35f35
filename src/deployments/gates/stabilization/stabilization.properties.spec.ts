import fc from 'fast-check';
import { groupOf, sampleOf, steadyBaselines } from '../../../../test/support/gate-samples.js';
import { limits } from '../../../kernel/limits.js';
import type { GateGroup, GateSample } from '../gate.js';
import { stabilization } from './stabilization.gate.js';
import { defaultGateParams } from './stabilization-params.js';
import type { StabilizationState } from './stabilization-state.js';

const baselines = steadyBaselines();

/** What nodes could ever send, nonsense included. */
const gauge = fc.oneof(fc.double({ min: 0, max: 2000 }), fc.constantFrom(null, Number.NaN, -1));
const wildGroup: fc.Arbitrary<GateGroup> = fc.record({
  n: fc.oneof(fc.nat(5000), fc.constant(Number.NaN)),
  errors: fc.oneof(fc.nat(50), fc.constant(Number.POSITIVE_INFINITY)),
  histogram: fc.array(fc.tuple(fc.nat(175), fc.nat(400)), { maxLength: 40 }),
  cpu: gauge,
  mem: gauge,
});
const tameGroup: fc.Arbitrary<GateGroup> = fc
  .record({
    n: fc.integer({ min: 100, max: 600 }),
    p95Ms: fc.integer({ min: 60, max: 120 }),
    cpu: fc.double({ min: 0.3, max: 0.7, noNaN: true }),
    mem: fc.double({ min: 350, max: 450, noNaN: true }),
  })
  .map((shape) => groupOf(shape));
const change: fc.Arbitrary<Partial<GateSample>> = fc.record({
  wave: fc.oneof(wildGroup, tameGroup),
  control: fc.option(fc.oneof(wildGroup, tameGroup), { nil: undefined }),
  incomplete: fc.boolean(),
  firstMem: fc.array(fc.double({ min: 0, max: 2000 }), { maxLength: 3 }),
});
const changes = fc.array(change, { minLength: 1, maxLength: 12 });

function foldAll(list: readonly Partial<GateSample>[], throughJson: boolean) {
  const through = <T>(value: T): T =>
    throughJson ? (JSON.parse(JSON.stringify(value)) as T) : value;
  let state: StabilizationState = stabilization.start(baselines, defaultGateParams);
  return list.map((one, index) => {
    const sample = through(sampleOf((index + 1) * 30, one));
    // JSON turns NaN counts into null; both must be read as "no data".
    const result = stabilization.fold(
      through(state),
      sample,
      through(baselines),
      defaultGateParams,
    );
    state = result.state;
    return result;
  });
}

describe('for any samples', () => {
  it('the same samples give the same verdicts, also through JSON at every step', () => {
    fc.assert(
      fc.property(changes, (list) => {
        const direct = foldAll(list, false);
        const stored = foldAll(list, true);
        expect(stored.map((one) => [one.verdict, one.reason, one.reading])).toEqual(
          JSON.parse(JSON.stringify(direct.map((one) => [one.verdict, one.reason, one.reading]))),
        );
        expect(JSON.stringify(stored)).toBe(JSON.stringify(direct));
      }),
      { numRuns: 60 },
    );
  });

  it('the state is plain JSON within its limit, and no score is ever NaN or negative', () => {
    fc.assert(
      fc.property(changes, (list) => {
        for (const { state } of foldAll(list, false)) {
          expect(JSON.parse(JSON.stringify(state))).toEqual(state);
          expect(JSON.stringify(state).length).toBeLessThanOrEqual(limits.gateStateBytes);
          for (const score of Object.values(state.scores)) expect(score).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('more errors never mean less harm, and errors of untouched nodes never more', () => {
    const errors = fc.array(fc.tuple(fc.nat(60), fc.nat(60)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(errors, fc.nat(7), fc.integer({ min: 1, max: 100 }), (counts, at, more) => {
        const harm = (extraWave: number, extraControl: number): number => {
          const list = counts.map(([wave, control], index) => {
            const isHere = index === at % counts.length;
            return {
              wave: groupOf({ errors: wave + (isHere ? extraWave : 0) }),
              control: groupOf({ errors: control + (isHere ? extraControl : 0) }),
            };
          });
          return foldAll(list, false).at(-1)!.state.scores.errors ?? 0;
        };
        expect(harm(more, 0)).toBeGreaterThanOrEqual(harm(0, 0));
        expect(harm(0, more)).toBeLessThanOrEqual(harm(0, 0));
      }),
      { numRuns: 60 },
    );
  });

  it('a wave without traffic is never stable, whatever else is reported', () => {
    const empty = fc.record({ cpu: gauge, mem: gauge }).map((gauges) => ({
      wave: { n: 0, errors: 0, histogram: [], ...gauges },
    }));
    fc.assert(
      fc.property(fc.array(empty, { minLength: 1, maxLength: 20 }), (list) => {
        for (const { verdict } of foldAll(list, false)) expect(verdict).not.toBe('stable');
      }),
      { numRuns: 60 },
    );
  });
});
