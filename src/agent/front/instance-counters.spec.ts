import { InstanceCounters } from './instance-counters.js';

describe('the counters of an instance', () => {
  it('count each finished request once, with its latency', () => {
    const counters = new InstanceCounters();
    counters.finish('answered', 0.003);
    counters.finish('errors', 0.003);
    counters.finish('frontErrors', 1);
    counters.finish('cut', 60_000);
    expect(counters.snapshot()).toEqual({
      requests: 4,
      errors: 1,
      frontErrors: 1,
      cut: 1,
      retries: 0,
      clientGone: 0,
      refused: 0,
      histogram: [
        [3, 2],
        [63, 1],
        [175, 1],
      ],
      abandoned: [],
    });
  });

  it('keep apart how long those waited who left without an answer', () => {
    const counters = new InstanceCounters();
    counters.finish('answered', 1);
    counters.abandon(1);
    counters.abandon(60_000);
    expect(counters.snapshot()).toMatchObject({
      requests: 1,
      histogram: [[63, 1]],
      abandoned: [
        [63, 1],
        [175, 1],
      ],
    });
  });

  it('go on from those of a predecessor', () => {
    const earlier = new InstanceCounters();
    earlier.finish('errors', 1);
    earlier.abandon(1);
    earlier.retries = 3;
    const counters = new InstanceCounters();
    counters.finish('answered', 1);
    const identity = { moduleId: 'm', releaseId: 'r', instance: 'i' };
    const written = { ...identity, inFlight: 0, websockets: 0 };
    counters.add({ ...written, ...earlier.snapshot() });
    expect(counters.snapshot()).toMatchObject({
      requests: 2,
      errors: 1,
      retries: 3,
      histogram: [[63, 2]],
      abandoned: [[63, 1]],
    });
    const { abandoned: _, ...unaware } = { ...written, ...earlier.snapshot() };
    counters.add(unaware);
    expect(counters.snapshot()).toMatchObject({ requests: 3, abandoned: [[63, 1]] });
  });
});
