/**
 * What the rule does over many rollouts in a simulated world with fixed seeds. The bounds are wide
 * enough for a change of the world's details, and too narrow for a change of the rule's character.
 */
import {
  simulateRollout,
  type Release,
  type Rollout,
  type RolloutResult,
} from '../support/gate-simulation/rollout.js';
import { naiveRule } from '../support/gate-simulation/naive-rule.js';
import { stabilizationRule } from '../support/gate-simulation/rule.js';
import { quiet, rough } from '../support/gate-simulation/world.js';
import {
  defaultGateParams,
  demoGateParams,
} from '../../src/deployments/gates/stabilization/stabilization-params.js';
import { median } from '../../src/deployments/gates/stabilization/statistics.js';

type Setting = Omit<Rollout, 'seed' | 'release'>;

/** Six nodes in four waves, 10 requests per second each, the default parameters. */
const usual: Setting = {
  params: defaultGateParams,
  waves: [1, 1, 1, 3],
  requestsPerSecond: 10,
  surroundings: quiet,
};
const demo: Setting = {
  params: demoGateParams,
  waves: [1, 1, 1, 3],
  requestsPerSecond: 20,
  medianLatencyMs: 5,
  surroundings: quiet,
};
const withinLimits: Release = {
  latencyFactor: 1.08,
  cpuFactor: 1.05,
  memoryFactor: 1.05,
  errorPoints: 0.2,
};

function rollouts(
  count: number,
  setting: Setting,
  release: Release = {},
  rule = stabilizationRule,
): RolloutResult[] {
  return Array.from({ length: count }, (_, index) =>
    simulateRollout({ ...setting, release, seed: index + 1 }, rule),
  );
}

function shareOf(results: readonly RolloutResult[], is: (one: RolloutResult) => boolean): number {
  return results.filter(is).length / results.length;
}

const isRolledBack = (one: RolloutResult): boolean => one.verdict === 'unstable';
const isStoppedInWaveOne = (one: RolloutResult): boolean => isRolledBack(one) && one.wave === 1;
const abortMedianS = (results: readonly RolloutResult[]): number =>
  median(results.filter(isRolledBack).map((one) => one.gateSeconds.at(-1)!));

describe('over many rollouts', () => {
  it('an identical release passes, a wave in about 150 seconds', () => {
    const results = rollouts(60, usual);
    expect(shareOf(results, isRolledBack)).toBeLessThanOrEqual(0.02);
    expect(shareOf(results, (one) => one.verdict === 'inconclusive')).toBe(0);
    expect(median(results.flatMap((one) => one.gateSeconds))).toBe(150);
  });

  it('an identical release passes mostly even where neighbours slow single nodes for minutes', () => {
    const results = rollouts(40, { ...usual, surroundings: rough });
    expect(shareOf(results, isRolledBack)).toBeLessThanOrEqual(0.1);
  });

  it('a release that is worse within the limits passes, which a naive threshold rolls back', () => {
    expect(shareOf(rollouts(40, usual, withinLimits), isRolledBack)).toBeLessThanOrEqual(0.03);
    const naive = rollouts(40, usual, withinLimits, naiveRule);
    expect(shareOf(naive, isRolledBack)).toBeGreaterThan(0.15);
  });

  it('five more errors in a hundred are stopped in the first wave within 90 seconds', () => {
    const results = rollouts(30, usual, { errorPoints: 5 });
    expect(shareOf(results, isStoppedInWaveOne)).toBe(1);
    expect(abortMedianS(results)).toBeLessThanOrEqual(90);
  });

  it('a p95 twice as long is stopped in the first wave in about 150 seconds', () => {
    const results = rollouts(30, usual, { latencyFactor: 2 });
    expect(shareOf(results, isStoppedInWaveOne)).toBe(1);
    expect(abortMedianS(results)).toBeLessThanOrEqual(180);
  });

  it('errors that begin after three minutes are caught by the gates of later waves', () => {
    const results = rollouts(20, usual, { errorPoints: 5, afterS: 180 });
    expect(shareOf(results, isRolledBack)).toBe(1);
    expect(shareOf(results, isStoppedInWaveOne)).toBeLessThan(0.5);
  });

  it('a slow leak is caught by the trend that is handed from gate to gate', () => {
    const results = rollouts(10, usual, { leakPercentPerMinute: 1 });
    expect(shareOf(results, isRolledBack)).toBe(1);
  });
});

describe('after a release that was broken', () => {
  const crashLoop = { errorPoints: 100, latencyFactor: 0.01, cpuFactor: 0, memoryFactor: 0 };
  const half = { errorPoints: 50, latencyFactor: 0.5, cpuFactor: 0.6, memoryFactor: 0.8 };

  it.each([
    ['crash-looped', crashLoop],
    ['failed every other request', half],
  ])('one that works is never taken back: it %s', (_, before) => {
    const results = rollouts(10, { ...usual, before });
    expect(shareOf(results, isRolledBack)).toBe(0);
    expect(shareOf(results, (one) => one.verdict === 'stable')).toBeGreaterThanOrEqual(0.9);
  });

  it('one that is better and not good is for a person', () => {
    const results = rollouts(5, { ...usual, before: crashLoop }, { errorPoints: 5 });
    expect(shareOf(results, (one) => one.verdict === 'inconclusive')).toBe(1);
  });

  it('one node of six spoils nothing: the others are compared as ever', () => {
    const oneOfSix = { ...usual, waves: [6], before: { ...crashLoop, nodes: 1 } };
    expect(shareOf(rollouts(5, oneOfSix), isRolledBack)).toBe(0);
    expect(shareOf(rollouts(5, oneOfSix, { latencyFactor: 2 }), isStoppedInWaveOne)).toBe(1);
  });
});

describe('an outage of the whole wave', () => {
  it('in its first minute is not forgiven, and of its first two without untouched nodes', () => {
    const first = rollouts(10, usual, { outageS: 60 });
    expect([shareOf(first, isStoppedInWaveOne), abortMedianS(first)]).toEqual([1, 60]);
    const alone = rollouts(10, { ...usual, waves: [1] }, { outageS: 120 });
    expect([shareOf(alone, isStoppedInWaveOne), abortMedianS(alone)]).toEqual([1, 90]);
  });
});

describe('with the parameters of the demo', () => {
  it('an identical release passes in seconds per wave', () => {
    const results = rollouts(12, demo);
    expect(shareOf(results, isRolledBack)).toBeLessThanOrEqual(0.1);
    expect(median(results.flatMap((one) => one.gateSeconds))).toBeLessThanOrEqual(12);
  });

  it('twenty more errors in a hundred are out within a few polls', () => {
    const results = rollouts(15, demo, { errorPoints: 20 });
    expect(shareOf(results, isStoppedInWaveOne)).toBe(1);
    expect(abortMedianS(results)).toBeLessThanOrEqual(4);
  });

  it('a p95 eight times as long is out in about five seconds', () => {
    const results = rollouts(15, demo, { latencyFactor: 8 });
    expect(shareOf(results, isStoppedInWaveOne)).toBe(1);
    expect(abortMedianS(results)).toBeLessThanOrEqual(6);
  });
});
