import { bucketIndex, HISTOGRAM_BUCKETS, toSparse } from '../../kernel/histogram.js';
import type { FrontCounters } from './front-port.js';

export type CounterName = 'errors' | 'frontErrors' | 'cut' | 'retries' | 'clientGone';

/** What a request's end says about the instance that had it. */
export type Outcome = 'answered' | 'errors' | 'frontErrors' | 'cut';

/**
 * Cumulative counters of one instance. A request is counted once, where it ended, together with
 * its latency: the histogram's sum always equals `requests`. A client that left is no request: it
 * says nothing about the instance.
 */
export class InstanceCounters {
  requests = 0;
  errors = 0;
  frontErrors = 0;
  cut = 0;
  retries = 0;
  clientGone = 0;
  private readonly histogram = new Float64Array(HISTOGRAM_BUCKETS);

  finish(outcome: Outcome, latencyMs: number): void {
    this.requests += 1;
    if (outcome !== 'answered') this[outcome] += 1;
    this.histogram[bucketIndex(latencyMs * 1000)]! += 1;
  }

  /** Takes over what a predecessor counted, when the front itself was upgraded. */
  add(earlier: FrontCounters): void {
    this.requests += earlier.requests;
    this.errors += earlier.errors;
    this.frontErrors += earlier.frontErrors;
    this.cut += earlier.cut;
    this.retries += earlier.retries;
    this.clientGone += earlier.clientGone;
    for (const [index, count] of earlier.histogram) {
      if (index >= 0 && index < HISTOGRAM_BUCKETS) this.histogram[index]! += count;
    }
  }

  snapshot(): Pick<FrontCounters, 'requests' | CounterName | 'histogram'> {
    const { requests, errors, frontErrors, cut, retries, clientGone } = this;
    const histogram = toSparse(this.histogram);
    return { requests, errors, frontErrors, cut, retries, clientGone, histogram };
  }
}
