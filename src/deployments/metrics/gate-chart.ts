/**
 * What a gate has read, poll by poll, beside the baseline and the limit that it compared with: its samples
 * are folded once more, as they were when it judged them. Pure.
 */
import { gateOf } from '../gates/gates.js';
import type { GateReading, GateSample, MeasureReading } from '../gates/gate.js';
import type { GateSpec } from '../gates/gate-spec.js';
import { metricLimits } from './metric-limits.js';
import type { GateChart } from './metrics.dto.js';

export interface TimedSample {
  readonly at: number;
  readonly sample: GateSample;
}

type Drawn = Pick<GateChart, 'unit' | 'at' | 'errorPercent' | 'latencyMs' | 'cpu' | 'memory'>;

interface Read {
  readonly at: number;
  readonly reading: GateReading;
}

/** Empty: nobody has polled, or this version of the program cannot fold it. */
export function drawnGate(
  spec: Pick<GateSpec, 'kind' | 'version' | 'params' | 'baselines'>,
  samples: readonly TimedSample[],
): Drawn {
  const read = thinned(readingsOf(spec, samples));
  const of = (measure: (reading: GateReading) => MeasureReading, times = 1) => {
    const all = read.map(({ reading }) => measure(reading));
    const scaled = (value: number | null) => (value === null ? null : round(value * times));
    return {
      value: all.map(({ value }) => scaled(value)),
      baseline: all.map(({ baseline }) => scaled(baseline)),
      limit: all.map(({ allowed }) => scaled(allowed)),
    };
  };
  return {
    unit: read.at(-1)?.reading.unit ?? null,
    at: read.map(({ at }) => new Date(at).toISOString()),
    errorPercent: of(({ errors }) => errors, 100),
    latencyMs: of(({ latency }) => latency),
    cpu: of(({ cpu }) => cpu),
    memory: of(({ memory }) => memory),
  };
}

function readingsOf(
  { kind, version, params, baselines }: Parameters<typeof drawnGate>[0],
  samples: readonly TimedSample[],
): Read[] {
  const read: Read[] = [];
  try {
    const gate = gateOf({ kind, version });
    let state = gate.start(baselines, params);
    for (const { at, sample } of samples) {
      const result = gate.fold(state, sample, baselines, params);
      read.push({ at, reading: result.reading });
      state = JSON.parse(JSON.stringify(result.state));
    }
    return read;
  } catch {
    // Of another version: what has been folded so far would be cut off without a word.
    return [];
  }
}

/** Every so many, and always the last: it is the one that decided. */
function thinned(read: readonly Read[]): Read[] {
  const every = Math.ceil(read.length / metricLimits.points);
  return read.filter((_, at) => (read.length - 1 - at) % every === 0);
}

const round = (value: number) => Math.round(value * 1000) / 1000;
