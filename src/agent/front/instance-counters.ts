import {
  bucketIndex,
  HISTOGRAM_BUCKETS,
  toSparse,
  type SparseHistogram,
} from '../../kernel/histogram.js';
import type { FrontCounters } from './front-port.js';

export type CounterName = 'errors' | 'frontErrors' | 'cut' | 'retries' | 'clientGone' | 'refused';

/** What a request's end says about the instance that had it. */
export type Outcome = 'answered' | 'errors' | 'frontErrors' | 'cut';

/**
 * Cumulative counters of one instance. A request is counted once, where it ended, together with
 * its latency: the histogram's sum always equals `requests`. A client that left is none of them; if
 * it was the instance's turn to speak, how long it had waited is kept apart in `abandoned`.
 */
export class InstanceCounters {
  requests = 0;
  errors = 0;
  frontErrors = 0;
  cut = 0;
  retries = 0;
  clientGone = 0;
  /** Legal, and not passed by the front for a limit of its own: the instance is not blamed. */
  refused = 0;
  private readonly histogram = new Float64Array(HISTOGRAM_BUCKETS);
  private readonly abandoned = new Float64Array(HISTOGRAM_BUCKETS);

  finish(outcome: Outcome, latencyMs: number): void {
    this.requests += 1;
    if (outcome !== 'answered') this[outcome] += 1;
    this.histogram[bucketIndex(latencyMs * 1000)]! += 1;
  }

  /** The client left before the answer began. */
  abandon(waitedMs: number): void {
    this.abandoned[bucketIndex(waitedMs * 1000)]! += 1;
  }

  /** Takes over what a predecessor counted, when the front itself was upgraded. */
  add(earlier: FrontCounters): void {
    this.requests += earlier.requests;
    this.errors += earlier.errors;
    this.frontErrors += earlier.frontErrors;
    this.cut += earlier.cut;
    this.retries += earlier.retries;
    this.clientGone += earlier.clientGone;
    this.refused += earlier.refused ?? 0;
    addTo(this.histogram, earlier.histogram);
    addTo(this.abandoned, earlier.abandoned ?? []);
  }

  snapshot(): Pick<FrontCounters, 'requests' | CounterName | 'histogram' | 'abandoned'> {
    const { requests, errors, frontErrors, cut, retries, clientGone, refused } = this;
    const counted = { requests, errors, frontErrors, cut, retries, clientGone, refused };
    return { ...counted, histogram: toSparse(this.histogram), abandoned: toSparse(this.abandoned) };
  }
}

function addTo(counts: Float64Array, sparse: SparseHistogram): void {
  for (const [index, count] of sparse) {
    if (index >= 0 && index < HISTOGRAM_BUCKETS) counts[index]! += count;
  }
}
