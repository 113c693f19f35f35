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

  it('keep their names for every reader, whatever others asked for before', async () => {
    const metrics = new Metrics();
    metrics.counter({ name: 'boats_total', help: 'Boats "of wood".' }).inc(3);
    const buckets = [0.5, 1, 2.5];
    metrics.histogram({ name: 'trip_seconds', help: 'Trips.', buckets }).observe(0.7);
    const before = await metrics.expose('text/plain');
    const [open, meanwhile] = await Promise.all([
      metrics.expose('application/openmetrics-text'),
      metrics.expose(undefined),
    ]);
    expect(await metrics.expose('text/plain')).toEqual(before);
    expect(meanwhile).toEqual(before);
    expect(before.text.split('\n').slice(0, 3)).toEqual([
      '# HELP tidegate_boats_total Boats "of wood".',
      '# TYPE tidegate_boats_total counter',
      'tidegate_boats_total 3',
    ]);
    expect(before.text).toContain('tidegate_trip_seconds_bucket{le="1"} 1\n');
    expect(open.contentType).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(open.text.split('\n').slice(0, 6)).toEqual([
      '# HELP tidegate_boats Boats \\"of wood\\".',
      '# TYPE tidegate_boats counter',
      'tidegate_boats_total 3',
      '# HELP tidegate_trip_seconds Trips.',
      '# TYPE tidegate_trip_seconds histogram',
      '# UNIT tidegate_trip_seconds seconds',
    ]);
    expect(open.text).toContain('tidegate_trip_seconds_bucket{le="1.0"} 1\n');
    expect(open.text).toContain('tidegate_trip_seconds_bucket{le="+Inf"} 1\n');
    expect(open.text.endsWith('\n# EOF\n')).toBe(true);
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
