import type { SparseHistogram } from '../../kernel/histogram.js';

/**
 * What the agent may ask of a front: the process that owns the node's listening ports and sends
 * each request to an instance. Our own front is one driver; HAProxy or Envoy could be another.
 */
export interface FrontPort {
  /**
   * Puts a routing table in force. On disk before the answer. A version lower than or equal to the
   * one in force is refused (`stale-version`), except that the very same table is answered alike.
   */
  apply(table: FrontTable): Promise<FrontApplied>;
  status(): Promise<FrontStatus>;
  /**
   * Waits until the instance has no request in flight, at most `timeoutMs`; what is left then is
   * cut and counted. WebSockets are counted apart and not waited for. Afterwards the front's
   * connections to the instance are closed, so that the process can be stopped.
   */
  drain(instance: string, timeoutMs: number): Promise<{ cut: number; websockets: number }>;
}

export interface FrontTable {
  readonly version: number;
  readonly routes: readonly FrontRoute[];
  /** Networks of proxies whose word about a client is believed; absent: none. */
  readonly trustedProxies?: readonly string[];
}

export interface FrontRoute {
  readonly moduleId: string;
  /** The port that clients use. */
  readonly port: number;
  readonly reuse: 'idle' | 'never';
  readonly headersTimeoutMs: number;
  /** No target: every request is answered 503 with Retry-After. */
  readonly targets: readonly FrontTarget[];
}

export interface FrontTarget {
  readonly instance: string;
  readonly releaseId: string;
  /** The instance's loopback port. */
  readonly port: number;
  /** Share of the traffic in percent; the shares of a route add up to 100. */
  readonly weight: number;
}

export interface FrontApplied {
  readonly version: number;
  /** Routes whose port could not be opened; the others are in force. */
  readonly failed: readonly {
    moduleId: string;
    port: number;
    code: 'port-in-use' | 'listen-failed';
  }[];
}

export interface FrontStatus {
  readonly pid: number;
  readonly version: number;
  readonly routes: readonly { moduleId: string; port: number; listening: boolean }[];
  /** Instances in the table and those still draining; kept until a new table drops both. */
  readonly counters: readonly FrontCounters[];
}

/** Cumulative since the instance first appeared in a table of this front. */
export interface FrontCounters {
  readonly moduleId: string;
  readonly releaseId: string;
  readonly instance: string;
  readonly inFlight: number;
  readonly requests: number;
  readonly errors: number;
  readonly frontErrors: number;
  readonly cut: number;
  readonly retries: number;
  readonly clientGone: number;
  /**
   * What the front has refused by a limit of its own; in none of the others. A front of an earlier
   * version does not say.
   */
  readonly refused?: number;
  readonly websockets: number;
  readonly histogram: SparseHistogram;
  /**
   * How long clients had waited that left before an answer began; none of them is in `requests`.
   * A front of an earlier version does not say.
   */
  readonly abandoned?: SparseHistogram;
}
