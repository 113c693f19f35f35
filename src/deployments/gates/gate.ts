/**
 * The port that every gate kind implements. A gate is a pure fold: one sample per poll goes in, a
 * verdict comes out, and the state between is plain JSON. It reads no clock, no database and no
 * randomness, so a stored verdict can be replayed from its samples years later.
 */
import type { ZodType } from 'zod';
import type { NodeInterval } from '../../drivers/metric-sources/metric-source.js';
import type { SparseHistogram } from '../../kernel/histogram.js';
import type { RegistryEntry } from '../../kernel/registry.js';

/** What one group of nodes did in one interval. Counts are increments, never running totals. */
export interface GateGroup {
  /** Requests of all nodes of the group. */
  readonly n: number;
  readonly errors: number;
  /** How many of the requests their clients gave up before an answer began; absent: none. */
  readonly abandoned?: number;
  /** Latencies of all nodes, merged. */
  readonly histogram: SparseHistogram;
  /** Cores per node: the mean over the nodes. Null when no node reported it. */
  readonly cpu: number | null;
  /** MiB per node: the mean over the nodes of each one's smallest value in the interval. */
  readonly mem: number | null;
}

/** How much of its node, or of what the release asked for, the module uses. */
export interface NodeUsage {
  readonly node: string;
  readonly percent: number;
}

export interface GateSample {
  /** Seconds that this wave has been watched. Time in which nobody polled is not in it. */
  readonly ageS: number;
  /** The figures are those of more than this poll: nobody looked for a while, or a node was silent. */
  readonly afterGap?: true;
  /** The nodes that this wave moved. */
  readonly wave: GateGroup;
  /** The nodes of all earlier waves of this rollout; absent in the first wave. */
  readonly earlier?: GateGroup;
  /** The nodes that are not touched yet; absent when there are none. */
  readonly control?: GateGroup;
  /** The node of this wave with the highest error rate. */
  readonly worst: { readonly node: string; readonly n: number; readonly errors: number } | null;
  /** Memory of each node of the FIRST wave in this interval, MiB: one point of the trend. */
  readonly firstMem: readonly number[];
  /** A node of the wave is silent or without traffic of its own: harm counts, the check does not. */
  readonly incomplete: boolean;
  /** Nodes that reported the release failed. One is enough for `unstable`. */
  readonly failedNodes: readonly string[];
  /** Counters that fell without a new instance in this interval; their increments were dropped. */
  readonly counterResets: number;
  /** Nodes of the wave that report nothing; any makes the sample incomplete. */
  readonly silentNodes: readonly string[];
  /**
   * Nodes of the wave that have reported nothing since their figures were last complete, and are not
   * silent; absent: none, or a kind of gate that does not wait for them.
   */
  readonly awaitedNodes?: readonly string[];
  /** The fullest node of the wave in each; null when any node's could not be read. */
  readonly usage?: { readonly cpu: NodeUsage | null; readonly memory: NodeUsage | null };
}

/** How a group of nodes behaved before it was moved. */
export interface GateBaseline {
  /** Share of requests that failed, 0 to 1. */
  readonly err: number;
  /** Milliseconds. */
  readonly p95: number;
  /** Cores per node. */
  readonly cpu: number;
  /** MiB per node. */
  readonly mem: number;
  /** Standard deviation of the blocks' CPU, cores. */
  readonly cpuSd: number;
  readonly requestsPerPoll: number;
  readonly blocks: number;
  /** p95 in the hour before that, when it was clearly lower: the baseline was taken in an incident. */
  readonly usualP95?: number;
}

/** Nodes that were broken before they were moved: nothing can be compared with them. */
export interface Broken {
  /** `unanswered`: nearly every client left before an answer. `down`: they say so themselves. */
  readonly why: 'errors' | 'unanswered' | 'down';
  /** Share of requests that failed, 0 to 1; 1 when they were down. */
  readonly err: number;
}

/** What a group of nodes was like before its move. */
export interface Yardstick {
  /** Null: too little is known, or it is broken. */
  readonly baseline: GateBaseline | null;
  readonly broken: Broken | null;
  /** Nodes that were broken while most of their group was sound: they are not part of the baseline. */
  readonly leftOut: readonly string[];
}

/** Null = there was no release before, or too little data about it. */
export interface GateBaselines {
  /** Nothing ran on this wave's nodes before, so only errors can be judged. */
  readonly firstRelease: boolean;
  /** This wave's nodes before this wave's move. */
  readonly wave: GateBaseline | null;
  /** The nodes of all earlier waves, before the FIRST wave's move. */
  readonly earlier: GateBaseline | null;
  /** The untouched nodes, before this wave's move. */
  readonly control: GateBaseline | null;
  /** Groups that were broken before their move; such a group has no baseline. */
  readonly broken?: { readonly wave?: Broken; readonly earlier?: Broken };
  /** The first wave's nodes, before the first wave's move. */
  readonly first: { readonly mem: number } | null;
  /** The trend that the gate of the wave before ended with: `GateKind.trend(state)`. */
  readonly trend?: readonly number[];
}

export type Verdict = 'waiting' | 'stable' | 'unstable' | 'inconclusive';

/** What to do with `inconclusive`. */
export type NoDataAction = 'wait' | 'pause' | 'fail';

export interface MeasureReading {
  /** Null: no data. */
  readonly value: number | null;
  /** The baseline, with what the untouched nodes excuse; null: not judged. */
  readonly baseline: number | null;
  /** The largest value that is still within the limit; null: not judged. */
  readonly allowed: number | null;
  /** Null: not judged. No data is never ok. */
  readonly ok: boolean | null;
}

/** What a person sees of one poll. */
export interface GateReading {
  /** `percent`: CPU and memory are shares of the fullest node. Absent: as said below. */
  readonly unit?: 'percent';
  readonly ageS: number;
  /** Requests of the wave in what is shown. */
  readonly requests: number;
  /** Requests of the wave since the move that got no answer before their client left; absent: none. */
  readonly abandoned?: number;
  /** Share of requests, 0 to 1. */
  readonly errors: MeasureReading;
  /** p95, milliseconds. */
  readonly latency: MeasureReading;
  /** Cores per node. */
  readonly cpu: MeasureReading;
  /** MiB per node. */
  readonly memory: MeasureReading;
  /** Memory as it will be at the horizon, MiB per node; absent while the trend is too short. */
  readonly leak?: MeasureReading;
  /** Harm seen so far, by measure; at its threshold it ends the gate. Zeros are left out. */
  readonly scores: Readonly<Record<string, { readonly score: number; readonly threshold: number }>>;
  readonly checks: number;
  readonly consecutiveGood: number;
  readonly incomplete: boolean;
  readonly counterResets: number;
}

export interface FoldResult<S> {
  readonly state: S;
  readonly verdict: Verdict;
  /** One sentence with the figures that decided. */
  readonly reason: string;
  /** The measure that decided, when one did. */
  readonly measure?: string;
  /** Inconclusive, and taking it back could make it worse: a person decides, whatever `onNoData` says. */
  readonly needsPerson?: true;
  readonly reading: GateReading;
}

export type GateParams = Readonly<Record<string, string | number>>;

/**
 * Which way a parameter gets stricter; a list names values from the loosest to the strictest.
 * Null: neither way is provably stricter, so every change counts as loosening.
 */
export type Stricter = 'smaller' | 'larger' | readonly string[] | null;

/** Methods, not function properties: a list of kinds with different states has one type. */
export interface GateKind<P extends GateParams = GateParams, S = unknown> extends RegistryEntry {
  /** Stored in each verdict. A version stays in the code while stored verdicts name it. */
  readonly version: number;
  /** Parses a partial object into full parameters: every field has a default. */
  readonly params: ZodType<P>;
  readonly stricter: Readonly<Record<keyof P & string, Stricter>>;
  start(baselines: GateBaselines, params: P): S;
  fold(state: S, sample: GateSample, baselines: GateBaselines, params: P): FoldResult<S>;
  /**
   * `polls` oldest first, one list of nodes per poll interval, all before the move and up to
   * `baselineReachMs` back. `down`: nodes of the group that say themselves that they do not serve.
   */
  yardstick(
    polls: readonly (readonly NodeInterval[])[],
    params: P,
    down: ReadonlySet<string>,
  ): Yardstick;
  /** How far back `yardstick` may look. */
  readonly baselineReachMs: number;
  /**
   * Its checks are of `usage`, which is read from the last poll on by which all nodes had reported: polls
   * may be more frequent than reports are.
   */
  readonly awaitsNodes?: true;
  /** What the next wave's gate gets as `GateBaselines.trend`. */
  trend(state: S): readonly number[];
  noDataAction(params: P): NoDataAction;
}
