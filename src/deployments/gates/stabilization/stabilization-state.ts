/** What the gate remembers between polls. Plain JSON without NaN; at most 8 KiB. */
import type { GateBaselines } from '../gate.js';
import { EMPTY_WINDOW, type Window } from './totals.js';

/** Everything that can do harm. The order decides which one is named when two reach it at once. */
export const MEASURES = [
  'errors',
  'node',
  'latency',
  'cpu',
  'memory',
  'earlier-errors',
  'earlier-latency',
  'earlier-cpu',
  'earlier-memory',
] as const;

export type Measure = (typeof MEASURES)[number];

export type PerMeasure = Readonly<Partial<Record<Measure, number>>>;

export interface StabilizationState {
  readonly scores: PerMeasure;
  /** What each measure added last, to see that a harm is fading. */
  readonly lastAdded: PerMeasure;
  readonly waveMem: readonly (number | null)[];
  readonly controlMem: readonly (number | null)[];
  readonly trend: readonly number[];
  /** Since the last check. */
  readonly block: Window;
  /** Older checks weigh less: the reading that a pass needs. */
  readonly smooth: Window;
  readonly consecutiveGood: number;
  readonly checks: number;
  /** Requests of the wave since the move, and how many of them failed. */
  readonly requests: number;
  readonly errors: number;
  /** Of all of them, given up by their clients. */
  readonly abandoned: number;
  /** The same of the nodes moved by earlier waves, in this gate. */
  readonly earlierRequests: number;
  readonly earlierErrors: number;
}

export function startState(baselines: GateBaselines): StabilizationState {
  return {
    scores: {},
    lastAdded: {},
    waveMem: [],
    controlMem: [],
    trend: baselines.trend ?? [],
    block: EMPTY_WINDOW,
    smooth: EMPTY_WINDOW,
    consecutiveGood: 0,
    checks: 0,
    requests: 0,
    errors: 0,
    abandoned: 0,
    earlierRequests: 0,
    earlierErrors: 0,
  };
}
