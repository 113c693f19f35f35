import { RetryPolicy } from './retry-policy.js';
import { Route } from './route.js';
import { Upstream } from './upstream.js';

function two() {
  const targets = ['a', 'b'].map((instance) => ({
    instance,
    weight: 50,
    releaseId: 'r',
    port: 1,
  }));
  const upstreams = targets.map((target) => new Upstream({ ...target, moduleId: 'm' }));
  const definition = {
    moduleId: 'm',
    port: 1,
    reuse: 'idle',
    headersTimeoutMs: 1,
    targets,
  } as const;
  return { both: new Route(definition, upstreams), a: upstreams[0]!, b: upstreams[1]! };
}

describe('a retry', () => {
  it.each(['GET', 'POST', 'PATCH'])('of %s that was never sent goes elsewhere, twice', (method) => {
    const { both, a, b } = two();
    const policy = new RetryPolicy(method);
    const facts = { route: both, isSent: false, hasBodyStarted: false, hasAnswerBegun: false };
    expect(policy.next({ ...facts, failed: a })).toEqual({ upstream: b, fresh: false });
    expect(policy.next({ ...facts, failed: b })).toEqual({ upstream: a, fresh: false });
    expect(policy.next({ ...facts, failed: a })).toBeUndefined();
  });

  it('of a sent GET takes a new connection first, then another instance, then ends', () => {
    const { both, a, b } = two();
    const policy = new RetryPolicy('GET');
    const facts = { route: both, isSent: true, hasBodyStarted: false, hasAnswerBegun: false };
    expect(policy.next({ ...facts, failed: a })).toEqual({ upstream: a, fresh: true });
    expect(policy.next({ ...facts, failed: a })).toEqual({ upstream: b, fresh: false });
    expect(policy.next({ ...facts, failed: b })).toBeUndefined();
  });

  it('of a sent PUT ends when its body had started', () => {
    const { both, a } = two();
    const facts = { route: both, isSent: true, hasBodyStarted: true, hasAnswerBegun: false };
    expect(new RetryPolicy('PUT').next({ ...facts, failed: a })).toBeUndefined();
  });

  it.each(['POST', 'PATCH', 'LINK'])('of a sent %s never happens', (method) => {
    const { both, a } = two();
    const facts = { route: both, isSent: true, hasBodyStarted: false, hasAnswerBegun: false };
    expect(new RetryPolicy(method).next({ ...facts, failed: a })).toBeUndefined();
  });

  it('never goes to an instance that left the table', () => {
    const { both, a, b } = two();
    const stranger = new Upstream({ moduleId: 'm', releaseId: 'r', instance: 'old', port: 1 });
    const facts = { route: both, hasBodyStarted: false, hasAnswerBegun: false, failed: stranger };
    const sent = new RetryPolicy('GET').next({ ...facts, isSent: true });
    const unsent = new RetryPolicy('POST').next({ ...facts, isSent: false });
    expect([a, b]).toContain(sent!.upstream);
    expect([a, b]).toContain(unsent!.upstream);
    const { definition } = both;
    const empty = new Route({ ...definition, targets: [] }, []);
    expect(new RetryPolicy('GET').next({ ...facts, route: empty, isSent: true })).toBeUndefined();
  });
});
