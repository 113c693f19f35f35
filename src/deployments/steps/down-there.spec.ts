import type { NodeObservation } from '../../drivers/targets/target.js';
import { causeOf, downThere, holds } from './down-there.js';

const old = { releaseId: 'old', configurationId: null };
const seen = (change: Partial<NodeObservation>): NodeObservation => ({
  nodeId: 'n',
  generation: 2,
  observedGeneration: 2,
  state: 'healthy',
  running: [],
  reason: null,
  lastReportAt: null,
  health: 'Healthy',
  cpuMillicores: 1,
  memoryMiB: 1,
  ...change,
});
const down = (code: string) => seen({ down: [{ ...old, code, message: 'it ended' }] });

describe('a release that should serve on a node', () => {
  it.each(['crash-loop', 'unhealthy', 'download-failed'])('is down with the code %s', (code) => {
    expect(downThere(down(code), old)).toMatchObject({ code });
  });

  it.each(['restarting', 'not-running'])('is away for a moment with the code %s', (code) => {
    expect(downThere(down(code), old)).toBeNull();
  });

  it('is not down because another one is, nor because a node says nothing of it', () => {
    expect(downThere(down('crash-loop'), { ...old, configurationId: 'c' })).toBeNull();
    expect(downThere(seen({}), old)).toBeNull();
  });

  it('is held on to while it runs and while it is down', () => {
    expect(holds(seen({ running: [{ ...old, instance: 'i' }] }), old)).toBe(true);
    expect(holds(down('not-running'), old)).toBe(true);
    expect(holds(seen({}), old)).toBe(false);
  });
});

describe('a failure', () => {
  it.each([
    'exited',
    'never-healthy',
    'start-failed',
    'smoke-test-failed',
    'hook-failed',
    'crash-loop',
    'unhealthy',
    'archive-damaged',
    'manifest-invalid',
    'not-known-yet',
  ])('with the code %s is the release’s own doing', (code) => {
    expect(causeOf({ reason: { code, message: '' } })).toBe('release');
  });

  it.each([
    'port-in-use',
    'front-unreachable',
    'artifact-unavailable',
    'download-failed',
    'signature-not-trusted',
    'does-not-stop',
    'internal',
  ])('with the code %s is of what is around it', (code) => {
    expect(causeOf({ reason: { code, message: '' } })).toBe('surroundings');
  });

  it('without a word of why counts against the release', () => {
    expect(causeOf({ reason: null })).toBe('release');
  });
});
