import type { FrontRoute } from './front-port.js';
import { Route } from './route.js';
import { Upstream } from './upstream.js';

function routeOf(shares: Record<string, number>) {
  const targets = Object.entries(shares).map(([instance, weight], index) => ({
    instance,
    weight,
    releaseId: 'r',
    port: 1000 + index,
  }));
  const definition: FrontRoute = {
    moduleId: 'm',
    port: 1,
    reuse: 'idle',
    headersTimeoutMs: 1,
    targets,
  };
  const upstreams = targets.map((target) => new Upstream({ ...target, moduleId: 'm' }));
  return { route: new Route(definition, upstreams), upstreams };
}

describe('a route', () => {
  it('spreads 90/10 evenly: one of every ten, never two in a row', () => {
    const { route, upstreams } = routeOf({ many: 90, few: 10 });
    const turns = Array.from({ length: 1000 }, () => route.pick() === upstreams[1]);
    expect(turns.filter(Boolean)).toHaveLength(100);
    for (let index = 0; index < 1000; index += 10) {
      expect(turns.slice(index, index + 10).filter(Boolean)).toHaveLength(1);
    }
  });

  it('never picks weight 0, nor the instance that is left out', () => {
    const { route, upstreams } = routeOf({ on: 100, off: 0 });
    for (let count = 0; count < 10; count += 1) expect(route.pick()).toBe(upstreams[0]);
    expect(route.pick(upstreams[0])).toBeUndefined();
  });

  it('has nothing to pick without targets', () => {
    expect(routeOf({}).route.pick()).toBeUndefined();
  });

  it('keeps the shares of three even when one is left out now and then', () => {
    const { route, upstreams } = routeOf({ a: 50, b: 30, c: 20 });
    const counts = new Map<unknown, number>();
    for (let count = 0; count < 1000; count += 1) {
      const picked = route.pick(count % 10 === 0 ? upstreams[0] : undefined);
      counts.set(picked, (counts.get(picked) ?? 0) + 1);
    }
    expect([...counts.values()].reduce((sum, count) => sum + count)).toBe(1000);
    expect(counts.get(upstreams[0])).toBeGreaterThan(400);
    expect(counts.get(upstreams[1])).toBeGreaterThan(counts.get(upstreams[2])!);
  });
});
