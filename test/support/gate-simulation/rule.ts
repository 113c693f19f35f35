/** A rule that judges simulated waves: the gate's own, or a simpler one to compare it with. */
import type { GateGroup, GateSample, Verdict } from '../../../src/deployments/gates/gate.js';
import { stabilization } from '../../../src/deployments/gates/stabilization/stabilization.gate.js';
import type { StabilizationParams } from '../../../src/deployments/gates/stabilization/stabilization-params.js';

/** What was seen before a wave was moved, oldest poll first; null: nobody is in that group. */
export interface Before {
  readonly wave: readonly GateGroup[];
  readonly control: readonly GateGroup[] | null;
  /** These two: before the first wave's move. */
  readonly earlier: readonly GateGroup[] | null;
  readonly first: readonly GateGroup[];
}

export interface Judgement {
  readonly verdict: Verdict;
  readonly reason: string;
}

/** One rollout's judge; `openWave` begins the watch over the next wave. */
export interface Judge {
  openWave(before: Before): (sample: GateSample) => Judgement;
}

export type Rule = (params: StabilizationParams) => Judge;

export const stabilizationRule: Rule = (params) => {
  let trend: readonly number[] = [];
  const baseline = (polls: readonly GateGroup[] | null) =>
    polls === null ? null : stabilization.baseline(polls, params);
  return {
    openWave({ wave, control, earlier, first }) {
      const baselines = {
        ...{ firstRelease: false, trend },
        wave: baseline(wave),
        earlier: baseline(earlier),
        control: baseline(control),
        first: baseline(first),
      };
      let state = stabilization.start(baselines, params);
      return (sample) => {
        const result = stabilization.fold(state, sample, baselines, params);
        state = result.state;
        if (result.verdict !== 'waiting') trend = stabilization.trend(state);
        return result;
      };
    },
  };
};
