import type { FrontCounters, FrontRoute, FrontTable, FrontTarget } from './front-port.js';
import { Route } from './route.js';
import { Upstream } from './upstream.js';

/**
 * The table in force and the instances it knows: those of the table, and those that left it and
 * may still have something in flight. All changes are synchronous, so that no request can be
 * picked between two of them.
 */
export class Routing {
  table: FrontTable = { version: 0, routes: [] };
  private readonly upstreams = new Map<string, Upstream>();

  /** Returns the routes by port. */
  replace(table: FrontTable): Map<number, Route> {
    const before = instancesOf(this.table);
    const after = instancesOf(table);
    const routes = new Map<number, Route>();
    for (const definition of table.routes) {
      const upstreams = definition.targets.map((target) => this.upstreamOf(definition, target));
      routes.set(definition.port, new Route(definition, upstreams));
    }
    for (const [instance, upstream] of this.upstreams) {
      // One table longer than its traffic: the agent reads the last counters after the drain.
      if (before.has(instance) || after.has(instance) || !upstream.isIdle) continue;
      this.upstreams.delete(instance);
      void upstream.close();
    }
    this.table = table;
    return routes;
  }

  find(instance: string): Upstream | undefined {
    return this.upstreams.get(instance);
  }

  /** True when requests are still sent there. */
  isServing(instance: string): boolean {
    return this.table.routes.some((route) =>
      route.targets.some((target) => target.instance === instance && target.weight > 0),
    );
  }

  all(): Upstream[] {
    return [...this.upstreams.values()];
  }

  counters(): FrontCounters[] {
    return this.all().map((upstream) => upstream.snapshot());
  }

  /** Adds what a predecessor counted; instances that this table never knew are kept as well. */
  absorb(counters: readonly FrontCounters[]): void {
    for (const earlier of counters) {
      const { moduleId, releaseId, instance } = earlier;
      let upstream = this.upstreams.get(instance);
      if (upstream === undefined) {
        upstream = new Upstream({ moduleId, releaseId, instance, port: 0 });
        this.upstreams.set(instance, upstream);
      }
      upstream.counters.add(earlier);
    }
  }

  private upstreamOf({ moduleId }: FrontRoute, target: FrontTarget): Upstream {
    const { instance, releaseId, port } = target;
    const known = this.upstreams.get(instance);
    if (known?.identity.moduleId === moduleId && known.identity.releaseId === releaseId) {
      known.moveTo(port);
      return known;
    }
    const upstream = new Upstream({ moduleId, releaseId, instance, port });
    this.upstreams.set(instance, upstream);
    void known?.close();
    return upstream;
  }
}

function instancesOf(table: FrontTable): Set<string> {
  return new Set(table.routes.flatMap((route) => route.targets.map(({ instance }) => instance)));
}
