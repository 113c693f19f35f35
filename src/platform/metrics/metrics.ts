import {
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  Registry,
  type RegistryContentType,
  type CounterConfiguration,
  type GaugeConfiguration,
  type HistogramConfiguration,
} from 'prom-client';

const PREFIX = 'tidegate_';

/**
 * Every metric of the process. Features declare theirs in `<noun>.metrics.ts` with a name that
 * says the unit and no prefix: `deployment_duration_seconds` becomes `tidegate_deployment_…`.
 */
export class Metrics {
  readonly registry: Registry;
  private scrape: Promise<unknown> = Promise.resolve();

  constructor(options: { readonly runtime?: boolean } = {}) {
    this.registry = new Registry();
    if (options.runtime) collectDefaultMetrics({ register: this.registry });
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

  /** The text of a scrape, in OpenMetrics when the `Accept` header asks for it. */
  async expose(accept: string | undefined): Promise<{ contentType: string; text: string }> {
    // The content type is the registry's own state, so scrapes take turns.
    const turn = this.scrape.then(() => this.render(accept));
    this.scrape = turn.catch(() => undefined);
    return turn;
  }

  private async render(accept = ''): Promise<{ contentType: string; text: string }> {
    // The declared type knows one content type per registry; the class itself takes both.
    const registry = this.registry as unknown as Registry<RegistryContentType>;
    const wanted = accept.includes('application/openmetrics-text')
      ? Registry.OPENMETRICS_CONTENT_TYPE
      : Registry.PROMETHEUS_CONTENT_TYPE;
    registry.setContentType(wanted);
    return { contentType: wanted, text: await registry.metrics() };
  }

  private placeOf(name: string): { name: string; registers: Registry[] } {
    return { name: name.startsWith(PREFIX) ? name : PREFIX + name, registers: [this.registry] };
  }
}
