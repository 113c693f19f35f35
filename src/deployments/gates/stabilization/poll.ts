/** One sample, cleaned and with what the untouched nodes excuse: all that the rule looks at. */
import type { GateBaseline, GateBaselines, GateSample } from '../gate.js';
import { excuseOf, NO_EXCUSE, type Excuse } from './excuse.js';
import { observe, type Observation } from './observation.js';
import type { StabilizationParams } from './stabilization-params.js';

export interface Poll {
  readonly ageS: number;
  readonly isWarm: boolean;
  readonly wave: Observation;
  readonly earlier: Observation | undefined;
  /** Untouched nodes that have a baseline and traffic: others can excuse nothing. */
  readonly control: Observation | undefined;
  readonly worst: { readonly node: string; readonly n: number; readonly errors: number } | null;
  readonly excuse: Excuse;
  readonly isIncomplete: boolean;
  /** Its figures are those of more than one poll. */
  readonly isAfterGap: boolean;
}

export function readPoll(
  sample: GateSample,
  baselines: GateBaselines,
  params: StabilizationParams,
): Poll {
  const wave = observe(sample.wave);
  const earlier = sample.earlier && observe(sample.earlier);
  const control = baselines.control && sample.control ? observe(sample.control) : undefined;
  const hasControl = control !== undefined && control.n > 0;
  // Without an age the sample counts as just moved: nothing but errors is judged by it.
  const ageS = Number.isFinite(sample.ageS) ? sample.ageS : 0;
  return {
    ageS,
    isWarm: ageS * 1000 > params.warmUpMs,
    wave,
    earlier,
    control: hasControl ? control : undefined,
    worst: soundWorst(sample),
    excuse: hasControl ? pollExcuse(wave, control, baselines.control!, params) : NO_EXCUSE,
    isAfterGap: sample.afterGap === true,
    isIncomplete:
      sample.incomplete ||
      sample.silentNodes.length > 0 ||
      wave.isBroken ||
      !Number.isFinite(sample.ageS),
  };
}

/** A small wave needs no more requests of the untouched nodes than it has itself. */
function pollExcuse(
  wave: Observation,
  control: Observation,
  baseline: GateBaseline,
  params: StabilizationParams,
): Excuse {
  return excuseOf(control, baseline, Math.min(params.minRequests, wave.n));
}

function soundWorst(sample: GateSample): Poll['worst'] {
  const worst = sample.worst;
  if (!worst || !(worst.n >= 0) || !(worst.errors >= 0) || worst.errors > worst.n) return null;
  return Number.isFinite(worst.n) ? worst : null;
}
