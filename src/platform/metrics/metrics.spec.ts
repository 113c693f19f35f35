import { labelCap } from './label-cap.js';
import { Metrics } from './metrics.js';

describe('metrics', () => {
  it('have our prefix once', async () => {
    const metrics = new Metrics();
    metrics.counter({ name: 'boats_total', help: 'Boats.' }).inc();
    metrics.gauge({ name: 'tidegate_harbours', help: 'Harbours.' }).set(2);
    const { text } = await metrics.expose(undefined);
    expect(text).toContain('\ntidegate_boats_total 1');
    expect(text).toContain('\ntidegate_harbours 2');
  });

  it('tell of the runtime when asked to, the delay of the event loop included', async () => {
    const { text } = await new Metrics({ runtime: true }).expose('text/plain');
    expect(text).toContain('nodejs_eventloop_lag_p99_seconds');
  });

  it('of one registry do not meet those of another', () => {
    const names = { name: 'boats_total', help: 'Boats.' };
    expect(() =>
      [new Metrics(), new Metrics()].map((metrics) => metrics.counter(names)),
    ).not.toThrow();
  });
});

describe('a capped label', () => {
  it('keeps the first values apart and counts the rest together', () => {
    const cap = labelCap(2);
    expect(['a', 'b', 'c', 'a', 'd', 'b'].map(cap)).toEqual(['a', 'b', 'other', 'a', 'other', 'b']);
  });
});
