import { GateSpecCache, type SpecKey } from './gate-spec-cache.js';
import type { GateSpec } from './gate-spec.js';

const specOf = (moduleId: string) => ({ moduleId }) as GateSpec;
const keyOf = (change: Partial<SpecKey> = {}): SpecKey => ({
  tenantId: 't',
  id: 'd',
  stepId: 'w1.stabilization',
  version: '7',
  ...change,
});

describe('the cache of what gates look at', () => {
  it('answers what was put, and nothing for another tenant, deployment, step or version', () => {
    const cache = new GateSpecCache();
    cache.put(keyOf(), specOf('m'));
    expect(cache.get(keyOf())).toEqual({ moduleId: 'm' });
    const others = [{ tenantId: 'u' }, { id: 'e' }, { stepId: 'w2.stabilization' }];
    for (const change of [...others, { version: '8' }]) {
      expect(cache.get(keyOf(change))).toBeUndefined();
    }
  });

  it('keeps one version of each', () => {
    const cache = new GateSpecCache();
    cache.put(keyOf(), specOf('m'));
    cache.put(keyOf({ version: '8' }), specOf('n'));
    expect(cache.get(keyOf())).toBeUndefined();
    expect(cache.get(keyOf({ version: '8' }))).toEqual({ moduleId: 'n' });
  });

  it('never holds more than it may: the oldest goes', () => {
    const cache = new GateSpecCache(2);
    for (const id of ['a', 'b', 'c']) cache.put(keyOf({ id }), specOf(id));
    const kept = ['a', 'b', 'c'].filter((id) => cache.get(keyOf({ id })));
    expect(kept).toEqual(['b', 'c']);
  });
});
