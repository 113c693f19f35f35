import type { SparseHistogram } from '../../kernel/histogram.js';
import type { Transaction } from '../../platform/database/transaction.js';

/**
 * Where gates read what nodes did. A source answers with differences over an interval, never with
 * running totals, and says what it could not use; judging is the gate's work.
 */
export interface MetricSource {
  readonly kind: string;
  readonly title: string;
  /**
   * What each node did in (fromMs, toMs], for many requests at once and of any tenants. A node
   * without a sample in the interval is missing from its list: no data is never zero.
   */
  readIntervals(
    tx: Transaction,
    requests: readonly IntervalRequest[],
  ): Promise<Map<string, NodeInterval[]>>;
  /**
   * The same, cut into buckets of `pollMs` that end at `toMs`, oldest first; the oldest starts at
   * or after `fromMs`. A bucket in which no node had a sample is an empty list.
   */
  readHistory(tx: Transaction, request: HistoryRequest): Promise<NodeInterval[][]>;
}

export interface IntervalRequest {
  /** The caller's name for this request; unique among those of one call. */
  readonly key: string;
  readonly tenantId: string;
  readonly moduleId: string;
  readonly nodeIds: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
  /** Only what this release's instances did, on nodes that run two. */
  readonly releaseId?: string;
  /** Instances to leave out: of the same release, with another configuration. */
  readonly exceptInstances?: readonly string[];
}

export interface HistoryRequest {
  readonly tenantId: string;
  readonly moduleId: string;
  readonly nodeIds: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly pollMs: number;
}

export interface Traffic {
  readonly requests: number;
  /** Upstream 5xx, the front's own 502, 503 and 504, and responses cut in mid-body. */
  readonly errors: number;
  readonly histogram: SparseHistogram;
  /**
   * How long clients had waited that left before an answer began: none of them is in the figures
   * above. Absent: none left.
   */
  readonly abandoned?: SparseHistogram;
}

export interface NodeInterval extends Traffic {
  readonly nodeId: string;
  readonly cpuCores: number;
  /** The smallest value seen in the interval, summed over the instances that still run. */
  readonly memoryMiBMin: number;
  readonly lastSampleAt: number;
  /** From when on: the sample before, which may be older than the interval. */
  readonly sinceMs: number;
  /** Instances left out because a counter fell although the instance was the same. */
  readonly counterResets: number;
  readonly samples: number;
  /** Only when more than one release had samples in the interval. */
  readonly byRelease?: Readonly<Record<string, Traffic>>;
}
