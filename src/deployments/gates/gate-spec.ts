import type { GateBaselines, GateParams, GateReading, Verdict } from './gate.js';

export interface GateNode {
  readonly nodeId: string;
  readonly name: string;
  /** What its CPU and memory are measured against; absent: the node has not said. */
  readonly cpuMillicores?: number;
  readonly memoryMiB?: number;
}

/** What a gate in progress looks at. Written when the gate starts, read at each poll. */
export interface GateSpec {
  readonly kind: string;
  readonly version: number;
  readonly params: GateParams;
  readonly baselines: GateBaselines;
  readonly moduleId: string;
  readonly targetKind: string;
  /** When this wave had moved, ms since the epoch. */
  readonly movedAt: number;
  /** Samples of an earlier watch over the same wave; this one's are numbered above. */
  readonly samplesBefore: number;
  readonly wave: readonly GateNode[];
  readonly earlier: readonly GateNode[];
  readonly control: readonly GateNode[];
  readonly first: readonly GateNode[];
  /** On nodes that run two releases: which instances are the new one's. */
  readonly only?: { readonly releaseId?: string; readonly exceptInstances?: readonly string[] };
}

/** How far a gate has come: `runs.gate`. */
export interface GateState {
  readonly stepId: string;
  /** Samples folded so far. */
  readonly n: number;
  /** Up to when samples have been read, ms since the epoch. */
  readonly readTo: number;
  /** Up to when the usage of all nodes has been read, where it is not `readTo`: some are awaited. */
  readonly usageReadTo?: number;
  /** How long the wave has been watched: every time limit of a gate counts this, and no clock. */
  readonly watchedMs: number;
  /** Since when it has been watched without a gap, ms since the epoch. */
  readonly watchedSince: number;
  readonly state: unknown;
  readonly verdict: Verdict;
  readonly reason: string;
  readonly reading: GateReading | null;
  /** Inconclusive, and only a person may decide what follows. */
  readonly needsPerson?: true;
  /** A node of the wave has been silent for so long that it counts as lost. */
  readonly silent?: boolean;
}
