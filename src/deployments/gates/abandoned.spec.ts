import type { NodeInterval } from '../../drivers/metric-sources/metric-source.js';
import { bucketIndex } from '../../kernel/histogram.js';
import { abandonedErrorMs, withAbandoned } from './abandoned.js';
import { intervalRequests, sampleOf } from './gate-sample.js';
import type { GateSpec } from './gate-spec.js';
import { mergeNodes } from './merge-nodes.js';

const at = (ms: number) => bucketIndex(ms * 1000);

const node: NodeInterval = {
  nodeId: 'web-1',
  requests: 80,
  errors: 2,
  histogram: [[at(5), 80]],
  abandoned: [
    [at(5), 1],
    [at(400), 6],
    [at(2000), 13],
  ],
  cpuCores: 0.1,
  memoryMiBMin: 64,
  lastSampleAt: 0,
  sinceMs: 0,
  counterResets: 0,
  samples: 1,
};

describe('requests that their clients gave up', () => {
  it('are requests as slow as their clients waited, and errors from the limit on', () => {
    expect(withAbandoned(node, { abandonedErrorMs: 1000 })).toMatchObject({
      requests: 100,
      errors: 15,
      histogram: [
        [at(5), 81],
        [at(400), 6],
        [at(2000), 13],
      ],
    });
    expect(withAbandoned(node, { abandonedErrorMs: 400 }).errors).toBe(21);
    expect(withAbandoned(node, { abandonedErrorMs: 16_000 }).errors).toBe(2);
  });

  it('that waited for longer than the histogram tells are errors by every limit', () => {
    const long = { ...node, abandoned: [[at(60_000), 3]] as const };
    expect(withAbandoned(long, { abandonedErrorMs: 16_000 }).errors).toBe(5);
  });

  it('are judged by the default where frozen parameters do not name a limit', () => {
    const limit = abandonedErrorMs.parse(undefined);
    expect(withAbandoned(node, {})).toEqual(withAbandoned(node, { abandonedErrorMs: limit }));
  });

  it('are shown of a group, and left out where there are none', () => {
    expect(mergeNodes([node, node]).abandoned).toBe(40);
    const { abandoned: _, ...quiet } = node;
    expect(mergeNodes([quiet])).not.toHaveProperty('abandoned');
    expect(withAbandoned(quiet, { abandonedErrorMs: 1000 })).toBe(quiet);
  });

  it('count in every group of a sample, and show that a node has traffic of its own', () => {
    const nodes = [{ nodeId: 'web-1', name: 'web-1' }];
    const spec: GateSpec = {
      kind: 'stabilization',
      version: 1,
      params: { pollIntervalMs: 1000 },
      baselines: { firstRelease: false, wave: null, earlier: null, control: null, first: null },
      moduleId: 'm',
      targetKind: 'agent',
      movedAt: 0,
      samplesBefore: 0,
      wave: nodes,
      earlier: nodes,
      control: nodes,
      first: nodes,
    };
    const poll = {
      tenantId: 't',
      id: 'd',
      spec,
      fromMs: 0,
      toMs: 1000,
      watchedMs: 1000,
      watchedSince: 0,
      isGap: false,
    };
    const silent = { ...node, requests: 0, errors: 0, histogram: [], lastSampleAt: 1000 };
    const intervals = new Map(intervalRequests(poll).map(({ key }) => [key, [silent]]));
    const { sample } = sampleOf(poll, intervals, new Map());
    const seen = { n: 20, errors: 13, abandoned: 20 };
    expect(sample).toMatchObject({ wave: seen, earlier: seen, control: seen, incomplete: false });
    expect(sample.worst).toEqual({ node: 'web-1', n: 20, errors: 13 });
  });
});
