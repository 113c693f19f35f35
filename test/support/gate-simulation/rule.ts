/** A rule that judges simulated waves: the gate's own, or a simpler one to compare it with. */
import type {
  GateBaselines,
  GateSample,
  Verdict,
  Yardstick,
} from '../../../src/deployments/gates/gate.js';
import { stabilization } from '../../../src/deployments/gates/stabilization/stabilization.gate.js';
import type { StabilizationParams } from '../../../src/deployments/gates/stabilization/stabilization-params.js';
import type { NodeInterval } from '../../../src/drivers/metric-sources/metric-source.js';

export type Polls = readonly (readonly NodeInterval[])[];

/** What was seen before a wave was moved, oldest poll first; empty: nobody is in that group. */
export interface Before {
  readonly wave: Polls;
  readonly control: Polls;
  /** These two: before the first wave's move. */
  readonly earlier: Polls;
  readonly first: Polls;
}

export interface Judgement {
  readonly verdict: Verdict;
  readonly reason: string;
}

export interface Watch {
  /** Untouched nodes that are not asked, or all of them. */
  readonly controlLeftOut: readonly string[] | 'all';
  see(sample: GateSample): Judgement;
}

/** One rollout's judge; `openWave` begins the watch over the next wave. */
export interface Judge {
  openWave(before: Before): Watch;
}

export type Rule = (params: StabilizationParams) => Judge;

const NOBODY: Yardstick = { baseline: null, broken: null, leftOut: [] };

export const stabilizationRule: Rule = (params) => {
  let trend: readonly number[] = [];
  const yardstick = (polls: Polls) =>
    polls.length === 0 ? NOBODY : stabilization.yardstick(polls, params, new Set());
  return {
    openWave(before) {
      const [wave, earlier] = [yardstick(before.wave), yardstick(before.earlier)];
      const control = yardstick(before.control);
      const baselines: GateBaselines = {
        firstRelease: false,
        trend,
        wave: wave.baseline,
        earlier: earlier.baseline,
        control: control.baseline,
        first: yardstick(before.first).baseline,
        broken: {
          ...(wave.broken ? { wave: wave.broken } : {}),
          ...(earlier.broken ? { earlier: earlier.broken } : {}),
        },
      };
      let state = stabilization.start(baselines, params);
      return {
        controlLeftOut: control.baseline ? control.leftOut : 'all',
        see(sample) {
          const result = stabilization.fold(state, sample, baselines, params);
          state = result.state;
          if (result.verdict !== 'waiting') trend = stabilization.trend(state);
          return result;
        },
      };
    },
  };
};
