/** A release is held against nodes that were broken before their move. */
import {
  baselineOfSteady,
  foldUntilDecided,
  groupOf,
  steadyBaselines,
} from '../../../../test/support/gate-samples.js';
import type { Broken, GateBaselines } from '../gate.js';
import { defaultGateParams } from './stabilization-params.js';

const dead: Broken = { why: 'errors', err: 1 };
const baselinesAfter = (broken: Broken, change: Partial<GateBaselines> = {}): GateBaselines =>
  steadyBaselines({ wave: null, first: null, broken: { wave: broken }, ...change });
const heavy = { cpu: 7, p95Ms: 2000, mem: 9000 };

describe('after a broken release', () => {
  const after = (errors: number, broken = dead, change: Partial<GateBaselines> = {}) =>
    foldUntilDecided(() => ({ wave: groupOf({ ...heavy, errors }) }), {
      baselines: baselinesAfter(broken, change),
    });

  it('the one that works is stable, whatever it needs, and the verdict says what was not judged', () => {
    const { end, endS } = after(0);
    expect([end.verdict, endS]).toEqual(['stable', 150]);
    expect(end.reason).toMatch(
      /latency, CPU and memory were not judged, because these nodes failed 100.0 % of their requests before the move$/,
    );
  });

  it('that was down without any figures, the same', () => {
    const { end } = after(0, { why: 'down', err: 1 });
    expect(end.verdict).toBe('stable');
    expect(end.reason).toMatch(/because these nodes were down before the move$/);
  });

  it('that failed half of the requests, the same', () => {
    expect(after(0, { why: 'errors', err: 0.5 }).end.verdict).toBe('stable');
  });

  it('one that is better and not good is for a person, and is not taken back', () => {
    const { end, endS } = after(60);
    expect(end).toMatchObject({ verdict: 'inconclusive', needsPerson: true });
    expect(endS).toBe(90);
    expect(end.reason).toMatch(
      /^not good, but better than before the move, so nothing is rolled back: errors 20.0 % against 0.0 %, allowed 1.0 %; latency, CPU/,
    );
  });

  it('one that is a little too bad all the time is for a person, too', () => {
    const { end, endS } = foldUntilDecided((ageS) => ({
      wave: groupOf({ errors: ageS % 60 === 0 ? 3 : 5 }),
    }), { baselines: baselinesAfter(dead) }); // prettier-ignore
    expect(end).toMatchObject({ verdict: 'inconclusive', needsPerson: true });
    expect(endS).toBe(1800);
  });

  it('one that is no better is taken back as ever', () => {
    expect(after(300)).toMatchObject({ endS: 60, end: { verdict: 'unstable' } });
    const { end } = after(180, { why: 'errors', err: 0.5 });
    expect(end.verdict).toBe('unstable');
    expect(end).not.toHaveProperty('needsPerson');
  });

  it('one that answers nobody either is for a person: both may be long polls', () => {
    const { end } = after(300, { why: 'unanswered', err: 1 });
    expect(end).toMatchObject({ verdict: 'inconclusive', needsPerson: true });
    expect(end.reason).toMatch(/^not good, but neither was it before .* did not answer 100.0 %/);
  });

  it('one that nobody asks anything is for a person, whatever `onNoData` says', () => {
    const params = { ...defaultGateParams, onNoData: 'fail' as const };
    const { end } = foldUntilDecided(() => ({ wave: groupOf({ n: 0 }) }), {
      baselines: baselinesAfter(dead),
      params,
    });
    expect(end).toMatchObject({ verdict: 'inconclusive', needsPerson: true });
  });

  it('errors are judged against none, also when half of them failed before', () => {
    const { end } = after(15, { why: 'errors', err: 0.5 });
    expect(end.verdict).toBe('inconclusive');
  });
});

describe('when a wave moved earlier was broken before', () => {
  const baselines = steadyBaselines({ earlier: null, broken: { earlier: dead } });
  const watch = (wave: object, earlier: object) =>
    foldUntilDecided(() => ({ wave: groupOf(wave), earlier: groupOf(earlier) }), { baselines }).end;

  it('the present one is judged by all its figures, and the earlier one by its errors', () => {
    const end = watch({}, heavy);
    expect(end.verdict).toBe('stable');
    expect(end.reason).toContain('not judged of the nodes moved earlier, because they failed 100');
  });

  it('nothing takes the fix back with it by itself', () => {
    const end = watch({ p95Ms: 300 }, {});
    expect(end).toMatchObject({ verdict: 'inconclusive', needsPerson: true });
    expect(end.reason).toMatch(/^not good, but better than before the move.*latency p95/);
  });

  it('both are taken back when more fails than before', () => {
    expect(watch({ errors: 300 }, { errors: 300 }).verdict).toBe('unstable');
  });
});

describe('a baseline taken in an incident', () => {
  const slow = { ...baselineOfSteady({ p95Ms: 160 }), usualP95: 80 };
  const baselines = steadyBaselines({ wave: slow, control: slow });
  const twice = groupOf({ p95Ms: 160 });

  it('does not hide a latency twice as long once the untouched nodes are fast again', () => {
    const { end } = foldUntilDecided(() => ({ wave: twice, control: groupOf() }), { baselines });
    expect(end).toMatchObject({ verdict: 'unstable', measure: 'latency' });
  });

  it('condemns nobody while the untouched nodes are as slow', () => {
    const { end } = foldUntilDecided(() => ({ wave: twice, control: twice }), { baselines });
    expect(end.verdict).toBe('stable');
  });

  it('condemns nobody where no untouched node can say whether it is over', () => {
    const { end } = foldUntilDecided(() => ({ wave: twice, control: undefined }), { baselines });
    expect(end.verdict).toBe('stable');
  });
});

describe('samples that cover a gap', () => {
  it('are no check: good ones in a row begin after it', () => {
    const { end, endS } = foldUntilDecided((ageS) => (ageS === 120 ? { afterGap: true } : {}));
    expect([end.verdict, endS]).toEqual(['stable', 210]);
  });

  it('are harm of one poll, however much is in them', () => {
    const { end } = foldUntilDecided((ageS) =>
      ageS === 120 ? { afterGap: true, wave: groupOf({ n: 60_000, errors: 40_000 }) } : {},
    );
    expect(end.verdict).toBe('stable');
  });

  it('make no slope of memory that grew while nobody looked', () => {
    const baselines = steadyBaselines({ first: { mem: 400 } });
    const { end, endS } = foldUntilDecided(
      (ageS) => ({
        firstMem: [ageS < 240 ? 400 : 424],
        ...(ageS === 240 ? { afterGap: true } : {}),
      }),
      { baselines, params: { ...defaultGateParams, minWaitMs: 420_000 } },
    );
    expect([end.verdict, endS]).toEqual(['stable', 420]);
  });
});
