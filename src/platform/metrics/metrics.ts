import {
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  Registry,
  type CounterConfiguration,
  type GaugeConfiguration,
  type HistogramConfiguration,
} from 'prom-client';
import { acceptedFormat, type Format } from './accepted-format.js';
import { CONTENT_TYPES, exposition } from './exposition.js';

/** Gauges that Node's own metrics call as if they were counters; the ones by type say the same. */
const MISNAMED = ['handles', 'requests', 'resources'].map((what) => `nodejs_active_${what}_total`);

const PREFIX = 'tidegate_';

/**
 * Every metric of the process. Features declare theirs in `<noun>.metrics.ts` with a name that
 * says the unit and no prefix: `deployment_duration_seconds` becomes `tidegate_deployment_…`.
 */
export class Metrics {
  readonly registry: Registry;
  private readonly scrapes = new Map<Format, Promise<string>>();

  constructor(options: { readonly runtime?: boolean } = {}) {
    this.registry = new Registry();
    if (!options.runtime) return;
    collectDefaultMetrics({ register: this.registry });
    for (const name of MISNAMED) this.registry.removeSingleMetric(name);
  }

  counter<L extends string = string>(configuration: CounterConfiguration<L>): Counter<L> {
    return new Counter({ ...configuration, ...this.placeOf(configuration.name) });
  }

  gauge<L extends string = string>(configuration: GaugeConfiguration<L>): Gauge<L> {
    return new Gauge({ ...configuration, ...this.placeOf(configuration.name) });
  }

  histogram<L extends string = string>(configuration: HistogramConfiguration<L>): Histogram<L> {
    return new Histogram({ ...configuration, ...this.placeOf(configuration.name) });
  }

  /** The text of a scrape, in the format that the `Accept` header likes best. */
  async expose(accept: string | undefined): Promise<{ contentType: string; text: string }> {
    const format = acceptedFormat(accept);
    // Scrapes that come while one is being written share it: it takes longer than most answers.
    const scrape = this.scrapes.get(format) ?? this.write(format);
    this.scrapes.set(format, scrape);
    return { contentType: CONTENT_TYPES[format], text: await scrape };
  }

  private async write(format: Format): Promise<string> {
    try {
      return exposition(await this.registry.getMetricsAsJSON(), format);
    } finally {
      this.scrapes.delete(format);
    }
  }

  private placeOf(name: string): { name: string; registers: Registry[] } {
    return { name: name.startsWith(PREFIX) ? name : PREFIX + name, registers: [this.registry] };
  }
}
