/**
 * What most gates do: each interval alone against the mean before, by fixed percentages, and so many
 * good ones in a row until a deadline. No floors, no counts, no untouched nodes.
 */
import type { GateGroup, GateSample } from '../../../src/deployments/gates/gate.js';
import { mergeNodes } from '../../../src/deployments/gates/merge-nodes.js';
import { quantileMs } from '../../../src/deployments/gates/stabilization/quantiles.js';
import { HISTOGRAM_BUCKETS } from '../../../src/kernel/histogram.js';
import type { Judgement, Rule } from './rule.js';

interface Figures {
  readonly errors: number;
  readonly p95: number;
  readonly cpu: number;
  readonly mem: number;
}

export const naiveRule: Rule = (params) => ({
  openWave({ wave }) {
    const polls = Math.round(params.baselineMs / params.pollIntervalMs);
    const before = meanOf(wave.slice(-polls).map((nodes) => figuresOf(mergeNodes(nodes))));
    let good = 0;
    const see = ({ ageS, wave: group }: GateSample): Judgement => {
      const now = figuresOf(group);
      const isGood =
        now.errors <= before.errors + params.limitErrorBasisPoints / 10_000 &&
        now.p95 <= before.p95 * (1 + params.limitLatencyPercent / 100) &&
        now.cpu <= before.cpu * (1 + params.limitCpuPercent / 100) &&
        now.mem <= before.mem * (1 + params.limitMemoryPercent / 100);
      good = isGood ? good + 1 : 0;
      if (good >= params.consecutiveStableChecks && ageS * 1000 >= params.minWaitMs) {
        return { verdict: 'stable', reason: `${good} good intervals` };
      }
      const isOver = ageS * 1000 >= params.maxWaitMs;
      return { verdict: isOver ? 'unstable' : 'waiting', reason: 'the time was up' };
    };
    return { controlLeftOut: [], see };
  },
});

function figuresOf({ n, errors, histogram, cpu, mem }: GateGroup): Figures {
  const counts = new Float64Array(HISTOGRAM_BUCKETS);
  for (const [index, count] of histogram) counts[index] = count;
  // Without a figure NaN: no comparison holds, and the interval is not a good one.
  return { errors: errors / n, p95: quantileMs(counts, 0.95), cpu: cpu ?? NaN, mem: mem ?? NaN };
}

function meanOf(figures: readonly Figures[]): Figures {
  const mean = (of: (one: Figures) => number) =>
    figures.reduce((sum, one) => sum + of(one), 0) / figures.length;
  return {
    errors: mean(({ errors }) => errors),
    p95: mean(({ p95 }) => p95),
    cpu: mean(({ cpu }) => cpu),
    mem: mean(({ mem }) => mem),
  };
}
