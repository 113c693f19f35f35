import {
  baselineOfSteady,
  foldUntilDecided,
  groupOf,
  sampleOf,
  steadyBaselines,
} from '../../../../test/support/gate-samples.js';
import type { GateGroup, GateSample } from '../gate.js';
import { limits } from '../../../kernel/limits.js';
import { stabilization } from './stabilization.gate.js';
import { defaultGateParams, demoGateParams } from './stabilization-params.js';

const none: GateGroup = { n: 0, errors: 0, histogram: [], cpu: 0.1, mem: 400 };

describe('a steady release', () => {
  it('is stable after three good checks past the warm-up, and says with which figures', () => {
    const { end, endS } = foldUntilDecided(() => ({}));
    expect(end.verdict).toBe('stable');
    expect(endS).toBe(150);
    expect(end.reason).toMatch(
      /^3 good checks in a row after 150 s: errors 0.0 % against 0.0 %, allowed 1.0 %; latency p95 /,
    );
    expect(end.reading).toMatchObject({ consecutiveGood: 3, checks: 3, errors: { ok: true } });
  });

  it('is never stable before the minimum wait', () => {
    const params = { ...defaultGateParams, minWaitMs: 600_000 };
    expect(foldUntilDecided(() => ({}), { params }).endS).toBe(600);
  });

  it('passes in five seconds with the parameters of the demo', () => {
    const { end, endS } = foldUntilDecided(() => ({}), { params: demoGateParams });
    expect([end.verdict, endS]).toEqual(['stable', 5]);
  });

  it('survives noisy figures within the limits', () => {
    const noise = [0.96, 1.04, 0.99, 1.05, 0.95, 1.02];
    const { end } = foldUntilDecided((ageS) => {
      const factor = noise[(ageS / 30) % noise.length]!;
      return {
        wave: groupOf({
          n: Math.round(300 * factor),
          cpu: 0.5 * factor,
          mem: 400 * factor,
          errors: 1,
        }),
      };
    });
    expect(end.verdict).toBe('stable');
  });
});

describe('harm', () => {
  it('ends the gate after three polls of clear errors, also during the warm-up', () => {
    const { end, endS } = foldUntilDecided(() => ({ wave: groupOf({ errors: 45 }) }));
    expect(end).toMatchObject({ verdict: 'unstable', measure: 'errors' });
    expect(end.reason).toBe('errors 15.0 % against 0.0 %, allowed 1.0 %');
    expect(endS).toBe(90);
  });

  it('takes five polls when no untouched node is left to compare with', () => {
    const { end, endS } = foldUntilDecided(() => ({
      wave: groupOf({ errors: 45 }),
      control: undefined,
    }));
    expect([end.verdict, endS]).toEqual(['unstable', 150]);
  });

  it('is not decided by one terrible poll', () => {
    const { results, end } = foldUntilDecided((ageS) =>
      ageS === 90 ? { wave: groupOf({ errors: 300 }) } : {},
    );
    expect(results[2]!.verdict).toBe('waiting');
    expect(end.verdict).toBe('stable');
  });

  it('stops a p95 that doubled, but never judges latency in the warm-up', () => {
    const { end, endS } = foldUntilDecided(() => ({ wave: groupOf({ p95Ms: 160 }) }));
    expect(end).toMatchObject({ verdict: 'unstable', measure: 'latency' });
    expect(endS).toBe(150);
    const warming = foldUntilDecided((ageS) =>
      ageS <= 60 ? { wave: groupOf({ p95Ms: 800, cpu: 3 }) } : {},
    );
    expect([warming.end.verdict, warming.endS]).toEqual(['stable', 150]);
  });

  it('forgives a warm-up that outlasts its time as long as it fades', () => {
    const cpu = (ageS: number): number => (ageS <= 210 ? 0.5 + 8 / 2 ** (ageS / 30) : 0.5);
    const { end } = foldUntilDecided((ageS) => ({ wave: groupOf({ cpu: cpu(ageS) }) }));
    expect(end.verdict).toBe('stable');
  });

  it('stops CPU and memory that stay far above, with more patience', () => {
    const cpu = foldUntilDecided(() => ({ wave: groupOf({ cpu: 1.5 }) }));
    expect(cpu.end).toMatchObject({ verdict: 'unstable', measure: 'cpu' });
    const memory = foldUntilDecided(() => ({ wave: groupOf({ mem: 900 }) }));
    expect(memory.end).toMatchObject({ verdict: 'unstable', measure: 'memory' });
    expect(memory.endS).toBe(270);
  });

  it('sees one bad node inside a wave that is good on average', () => {
    const { end, endS } = foldUntilDecided(() => ({
      wave: groupOf({ n: 30_000, errors: 90 }),
      worst: { node: 'web-7', n: 300, errors: 60 },
    }));
    expect(end).toMatchObject({ verdict: 'unstable', measure: 'node' });
    expect(end.reason).toBe('errors on node web-7 20.0 % (60 of 300 requests in the last poll)');
    expect(endS).toBe(90);
  });

  it('is unstable at once when a node reports failed, even without a baseline', () => {
    const baselines = steadyBaselines({ wave: null });
    const { end, endS } = foldUntilDecided(() => ({ failedNodes: ['web-1'] }), { baselines });
    expect([end.verdict, endS]).toEqual(['unstable', 30]);
    expect(end.reason).toBe('node web-1 reported that the release failed');
  });

  it('keeps waves moved earlier under watch', () => {
    const baselines = steadyBaselines({ earlier: baselineOfSteady() });
    const { end, endS } = foldUntilDecided(() => ({ earlier: groupOf({ errors: 30 }) }), {
      baselines,
    });
    expect(end).toMatchObject({ verdict: 'unstable', measure: 'earlier-errors' });
    expect(endS).toBe(90);
    const steady = foldUntilDecided(() => ({ earlier: groupOf() }), { baselines });
    expect(steady.end.verdict).toBe('stable');
  });
});

describe('an outage', () => {
  const outageUntil = (lastS: number, change: Partial<GateSample> = {}, n = 300) =>
    foldUntilDecided((ageS) => ({
      ...change,
      ...(ageS <= lastS ? { wave: groupOf({ n, errors: n }) } : {}),
    }));
  const alone = { control: undefined };

  it.each<[string, number, number, Partial<GateSample>]>([
    ['in the first minute is not forgiven', 60, 60, {}],
    ['that goes on ends the gate after two polls', 1800, 60, {}],
    ['takes three polls without untouched nodes', 1800, 90, alone],
    ['of two minutes is not forgiven without untouched nodes either', 120, 90, alone],
  ])('%s', (_, lastS, expectedS, change) => {
    const { end, endS } = outageUntil(lastS, change);
    expect([end.verdict, endS]).toEqual(['unstable', expectedS]);
    expect(end.measure).toBe('errors');
  });

  it('is told by few requests, when nearly all of them fail', () => {
    expect(outageUntil(60, {}, 12).endS).toBe(60);
  });

  it('of one poll is a burst like any other', () => {
    expect(outageUntil(30).end.verdict).toBe('stable');
  });

  it('of one poll does not decide alone, whatever the cap', () => {
    const params = { ...defaultGateParams, cap: 6 };
    const { results } = foldUntilDecided(() => ({ wave: groupOf({ errors: 300 }) }), { params });
    expect(results[0]!.verdict).toBe('waiting');
  });

  it('of a single node, or of the nodes moved earlier, counts as much', () => {
    const node = foldUntilDecided(() => ({
      wave: groupOf({ n: 30_000, errors: 290 }),
      worst: { node: 'web-7', n: 300, errors: 290 },
    }));
    expect([node.end.measure, node.endS]).toEqual(['node', 60]);
    const earlier = foldUntilDecided(() => ({ earlier: groupOf({ errors: 300 }) }), {
      baselines: steadyBaselines({ earlier: baselineOfSteady() }),
    });
    expect([earlier.end.measure, earlier.endS]).toEqual(['earlier-errors', 60]);
  });
});

describe('untouched nodes', () => {
  it('excuse what happens to them too', () => {
    const bad = groupOf({ errors: 9, p95Ms: 100, cpu: 0.7, mem: 500 });
    expect(foldUntilDecided(() => ({ wave: bad, control: bad })).end.verdict).toBe('stable');
    expect(foldUntilDecided(() => ({ wave: bad })).end.verdict).toBe('unstable');
  });

  it('never accuse: a control that got better changes nothing', () => {
    const better = groupOf({ p95Ms: 20, cpu: 0.05, mem: 100 });
    expect(foldUntilDecided(() => ({ control: better })).end.verdict).toBe('stable');
  });

  it('that are very bad themselves make checks that do not count', () => {
    const bad = groupOf({ errors: 30 });
    const { end, endS } = foldUntilDecided(() => ({ wave: bad, control: bad }));
    expect([end.verdict, endS]).toEqual(['inconclusive', 1800]);
    expect(end.reading.checks).toBe(0);
  });

  it('are not asked about CPU when there are none: it is read per request', () => {
    const doubled = { wave: groupOf({ n: 600, cpu: 1 }), control: undefined };
    expect(foldUntilDecided(() => doubled).end.verdict).toBe('stable');
    const same = { wave: groupOf({ n: 300, cpu: 1 }), control: undefined };
    expect(foldUntilDecided(() => same).end).toMatchObject({ verdict: 'unstable', measure: 'cpu' });
  });
});

describe('memory', () => {
  it('needs no traffic: a leak condemns where nothing else could be judged', () => {
    const { end } = foldUntilDecided((ageS) => ({
      wave: { ...none, mem: 400 + ageS / 20 },
      firstMem: [400 + ageS / 20],
    }));
    expect(end).toMatchObject({ verdict: 'unstable', measure: 'memory' });
  });

  it('stops a leak by its trend, which is handed from wave to wave', () => {
    const trend = [400, 403, 406, 409, 412, 415];
    const { end } = foldUntilDecided((ageS) => ({ firstMem: [415 + ageS / 10] }), {
      baselines: steadyBaselines({ trend }),
    });
    expect(end.verdict).toBe('unstable');
    const flat = steadyBaselines({ trend: [400, 401, 400, 399, 400, 401] });
    expect(foldUntilDecided(() => ({}), { baselines: flat }).end.verdict).toBe('stable');
  });

  it('hands on the trend without the warm-up of the first wave', () => {
    const { end } = foldUntilDecided((ageS) => ({ firstMem: [ageS <= 60 ? 100 : 400] }));
    expect(stabilization.trend(end.state)).toEqual([400, 400, 400]);
  });
});

describe('no data', () => {
  it('is never a pass: zero traffic ends inconclusive at the maximum wait', () => {
    const { end, endS } = foldUntilDecided(() => ({ wave: none }));
    expect([end.verdict, endS]).toEqual(['inconclusive', 1800]);
    expect(end.reason).toBe('only 0 of 20 checks counted within 1800 s: 0 requests');
  });

  it('too few requests end inconclusive, because a person should decide', () => {
    const { end } = foldUntilDecided(() => ({ wave: groupOf({ n: 7 }) }));
    expect(end.verdict).toBe('inconclusive');
  });

  it('a quiet service is judged in blocks of several polls', () => {
    const { end, endS } = foldUntilDecided(() => ({ wave: groupOf({ n: 70 }) }));
    expect([end.verdict, endS]).toEqual(['stable', 330]);
  });

  it('without a baseline it is inconclusive at once', () => {
    const baselines = steadyBaselines({ wave: null });
    const { end, endS } = foldUntilDecided(() => ({}), { baselines });
    expect([end.verdict, endS]).toEqual(['inconclusive', 30]);
    expect(end.reason).toMatch(/^no baseline/);
    expect(stabilization.noDataAction(defaultGateParams)).toBe('pause');
  });

  it('a silent node keeps checks from counting, while harm still counts', () => {
    const silent = { silentNodes: ['web-2'] };
    const quiet = foldUntilDecided(() => silent);
    expect(quiet.end.verdict).toBe('inconclusive');
    expect(quiet.end.reason).toContain('node web-2 silent');
    const bad = foldUntilDecided(() => ({ ...silent, wave: groupOf({ errors: 45 }) }));
    expect([bad.end.verdict, bad.endS]).toEqual(['unstable', 90]);
  });

  it('good checks of before do not make a poll with a silent node stable', () => {
    const params = { ...defaultGateParams, minWaitMs: 300_000 };
    const { end, endS } = foldUntilDecided(
      (ageS) => (ageS >= 300 && ageS < 390 ? { silentNodes: ['web-2'] } : {}),
      { params },
    );
    expect([end.verdict, endS]).toEqual(['stable', 390]);
  });

  it.each([
    ['NaN requests', { ...groupOf(), n: Number.NaN }],
    ['negative errors', { ...groupOf(), errors: -3 }],
    ['more errors than requests', { ...groupOf(), errors: 301 }],
    ['a NaN bucket', { ...groupOf(), histogram: [[90, Number.NaN]] as [number, number][] }],
    ['no latencies', { ...groupOf(), histogram: [] }],
    ['NaN CPU', { ...groupOf(), cpu: Number.NaN }],
    ['no CPU', { ...groupOf(), cpu: null }],
    ['no memory', { ...groupOf(), mem: null }],
  ])('%s all the time is inconclusive, neither a pass nor a rollback', (_, wave) => {
    const { end, endS } = foldUntilDecided(() => ({ wave }));
    expect([end.verdict, endS]).toEqual(['inconclusive', 1800]);
  });

  it('one poll of nonsense poisons nothing', () => {
    const nonsense = {
      n: Number.NaN,
      errors: Number.NaN,
      histogram: [],
      cpu: Number.NaN,
      mem: Number.NaN,
    };
    const { end, endS } = foldUntilDecided((ageS) =>
      ageS === 90 ? { wave: nonsense, control: nonsense, firstMem: [Number.NaN] } : {},
    );
    expect([end.verdict, endS]).toEqual(['stable', 180]);
  });

  it('a gap between polls neither passes nor condemns by itself', () => {
    const baselines = steadyBaselines();
    let state = stabilization.start(baselines, defaultGateParams);
    const verdicts = [30, 60, 90, 400, 430].map((ageS) => {
      const result = stabilization.fold(state, sampleOf(ageS), baselines, defaultGateParams);
      state = result.state;
      return result.verdict;
    });
    expect(verdicts).toEqual(['waiting', 'waiting', 'waiting', 'waiting', 'stable']);
  });

  it('counter resets are shown, not judged', () => {
    const { end } = foldUntilDecided(() => ({ counterResets: 2 }));
    expect(end.verdict).toBe('stable');
    expect(end.reading.counterResets).toBe(2);
  });
});

describe('the first release', () => {
  const baselines = steadyBaselines({ firstRelease: true, wave: null, control: null, first: null });

  it('is judged by its errors only, and the verdict says so', () => {
    const odd = groupOf({ cpu: 7, p95Ms: 2000, mem: 9000 });
    const { end } = foldUntilDecided(() => ({ wave: odd, control: undefined }), { baselines });
    expect(end.verdict).toBe('stable');
    expect(end.reason).toContain('latency p95 not judged; CPU not judged; memory not judged');
  });

  it('is stopped when it fails requests', () => {
    const bad = { wave: groupOf({ errors: 30 }), control: undefined };
    expect(foldUntilDecided(() => bad, { baselines }).end).toMatchObject({
      verdict: 'unstable',
      measure: 'errors',
    });
  });
});

describe('the maximum wait', () => {
  it('makes a release that never settles unstable and names the measure', () => {
    const { end, endS } = foldUntilDecided(() => ({ wave: groupOf({ cpu: 0.6 }) }));
    expect([end.verdict, endS, end.measure]).toEqual(['unstable', 1800, 'cpu']);
    expect(end.reason).toBe(
      'not 3 good checks in a row within 1800 s: CPU 0.60 cores against 0.50 cores, allowed 0.55 cores',
    );
  });
});

describe('the state', () => {
  it('fits its limit with every bucket in use in four histograms and a full trend', () => {
    const histogram = Array.from({ length: 176 }, (_, index) => [index, 123_457 + index] as const);
    const huge = { ...groupOf(), n: 22_000_000, histogram, cpu: 0.123456789, mem: 1_234.56789 };
    const baselines = steadyBaselines({ trend: Array.from({ length: 300 }, (_, i) => 9999.1 + i) });
    const params = { ...defaultGateParams, minRequests: 1_000_000, consecutiveStableChecks: 50 };
    let state = stabilization.start(baselines, params);
    for (let ageS = 90; ageS < 900; ageS += 30) {
      const wave = ageS % 60 === 0 ? huge : { ...huge, n: 900_000 };
      state = stabilization.fold(
        state,
        sampleOf(ageS, { wave, control: huge }),
        baselines,
        params,
      ).state;
      expect(JSON.stringify(state).length).toBeLessThanOrEqual(limits.gateStateBytes);
    }
  });
});
