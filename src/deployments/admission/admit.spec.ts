import { capacityDetail, capInTheWay, nextToLook, type Scope } from './admit.js';

const scope = (kind: Scope['kind'], change: Partial<Scope> = {}): Scope => ({
  kind,
  id: kind,
  name: `the ${kind}`,
  max: 3,
  inFlight: 0,
  ahead: 0,
  oldestId: null,
  ...change,
});
const all = (change: Partial<Record<Scope['kind'], Partial<Scope>>> = {}) =>
  (['tenant', 'cluster', 'environment'] as const).map((kind) => scope(kind, change[kind]));

describe('the cap in the way', () => {
  it('is none while each has room', () => {
    expect(
      capInTheWay(all({ cluster: { inFlight: 2 }, tenant: { max: null, inFlight: 900 } })),
    ).toBe(null);
  });

  it('is the narrowest of those that are full', () => {
    const full = { inFlight: 3 };
    const kindOf = (scopes: Scope[]) => capInTheWay(scopes)?.kind;
    expect(kindOf(all({ tenant: full, environment: full, cluster: full }))).toBe('cluster');
    expect(kindOf(all({ tenant: full, environment: full }))).toBe('environment');
    expect(kindOf(all({ tenant: full }))).toBe('tenant');
  });

  it('is one that was lowered below what is in flight', () => {
    expect(capInTheWay(all({ cluster: { max: 1, inFlight: 3 } }))?.kind).toBe('cluster');
  });

  it('is one whose free places are those of older ones', () => {
    expect(capInTheWay(all({ tenant: { inFlight: 1, ahead: 1 } }))).toBe(null);
    expect(capInTheWay(all({ tenant: { inFlight: 1, ahead: 2 } }))?.kind).toBe('tenant');
  });
});

describe('who looks next', () => {
  it('is the oldest behind each cap that has room, once', () => {
    const scopes = all({
      cluster: { oldestId: 'a' },
      environment: { oldestId: 'a' },
      tenant: { oldestId: 'b' },
    });
    expect(nextToLook(scopes, 0).sort()).toEqual(['a', 'b']);
  });

  it('is nobody behind a cap that the one that begins fills', () => {
    const scopes = all({ cluster: { inFlight: 2, oldestId: 'a' } });
    expect(nextToLook(scopes, 0)).toEqual(['a']);
    expect(nextToLook(scopes, 1)).toEqual([]);
  });

  it('is somebody behind a cap that was taken away', () => {
    expect(nextToLook(all({ cluster: { max: null, inFlight: 99, oldestId: 'a' } }), 1)).toEqual([
      'a',
    ]);
  });
});

it('says which cap it is and how many are in flight', () => {
  expect(capacityDetail(scope('environment', { inFlight: 3 }))).toBe(
    'waits for capacity in environment "the environment": 3 of 3 rollouts are in flight. It continues when one of them ends',
  );
});
