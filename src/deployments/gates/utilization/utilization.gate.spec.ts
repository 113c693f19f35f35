import fc from 'fast-check';
import { groupOf, sampleOf } from '../../../../test/support/gate-samples.js';
import type { NodeInterval } from '../../../drivers/metric-sources/metric-source.js';
import type { GateBaselines, GateSample } from '../gate.js';
import { utilizationParams } from './utilization-params.js';
import { utilization, type UtilizationState } from './utilization.gate.js';

const params = utilizationParams.parse({ pollIntervalMs: 1000, maxWaitMs: 20_000 });
const none = { firstRelease: true, wave: null, earlier: null, control: null, first: null };

const at = (
  ageS: number,
  cpu: number | null,
  memory: number | null,
  more: Partial<GateSample> = {},
) =>
  sampleOf(ageS, {
    wave: groupOf({ n: 0 }),
    usage: {
      cpu: cpu === null ? null : { node: 'node-1', percent: cpu },
      memory: memory === null ? null : { node: 'node-2', percent: memory },
    },
    ...more,
  });

/** Folds a sample per second until the gate has decided. */
function run(sampleAt: (ageS: number) => GateSample, own = params, before: GateBaselines = none) {
  let state: UtilizationState = utilization.start(before, own);
  for (let ageS = 1; ; ageS += 1) {
    const result = utilization.fold(state, sampleAt(ageS), before, own);
    if (result.verdict !== 'waiting') return { ...result, ageS };
    state = JSON.parse(JSON.stringify(result.state)) as UtilizationState;
  }
}

describe('the gate utilization', () => {
  it('opens after three good checks in a row, without any traffic or baseline', () => {
    expect(run((ageS) => at(ageS, 40, 60))).toMatchObject({
      verdict: 'stable',
      ageS: 3,
      reading: { unit: 'percent', cpu: { value: 40, allowed: 80, ok: true } },
    });
  });

  it('begins to count anew after a check that is too full', () => {
    expect(run((ageS) => at(ageS, ageS === 3 ? 80 : 40, 60))).toMatchObject({
      verdict: 'stable',
      ageS: 6,
    });
  });

  it('begins to count anew after a jump', () => {
    expect(run((ageS) => at(ageS, ageS < 3 ? 10 : 50, 60))).toMatchObject({ ageS: 5 });
  });

  it('waits for its minimum', () => {
    const own = utilizationParams.parse({ ...params, minWaitMs: 8000 });
    expect(run((ageS) => at(ageS, 40, 60), own)).toMatchObject({ verdict: 'stable', ageS: 8 });
    const seen = { checks: 6, good: 5, cpu: { from: 40, to: 40 }, memory: { from: 60, to: 60 } };
    expect(utilization.fold(seen, at(6, 40, 60), none, own).reason).toMatch(
      /^6 good checks in a row, opens no sooner than after 8 s: 2 s to go: CPU at most 40 %/,
    );
  });

  it.each([
    ['CPU', at(1, 90, 10), 'CPU of node-1 is at 90 %, it must be below 80 %', 'cpu'],
    ['memory', at(1, 10, 80), 'memory of node-2 is at 80 %, it must be below 80 %', 'memory'],
  ])('names the node whose %s stays too high', (_, sample, reason, measure) => {
    const end = run((ageS) => ({ ...sample, ageS }));
    expect(end).toMatchObject({ verdict: 'unstable', ageS: 20, measure });
    expect(end.reason).toContain(reason);
  });

  it.each([
    ['no CPU', at(1, null, 10)],
    ['no memory', at(1, 10, null)],
    ['a silent node', at(1, 10, 10, { silentNodes: ['node-3'] })],
    ['nothing at all', sampleOf(1)],
  ])('never takes %s for good: inconclusive', (_, sample) => {
    expect(run((ageS) => ({ ...sample, ageS }))).toMatchObject({
      verdict: 'inconclusive',
      ageS: 20,
    });
  });

  const awaiting = (ageS: number) => at(ageS, null, null, { awaitedNodes: ['node-2'] });

  it('counts only polls by which every node has reported, and forgets none for the others', () => {
    expect(run((ageS) => (ageS % 3 === 0 ? at(ageS, 40, 60) : awaiting(ageS)))).toMatchObject({
      verdict: 'stable',
      ageS: 9,
      reading: { checks: 3, consecutiveGood: 3 },
    });
    expect(run((ageS) => (ageS % 3 === 0 ? at(ageS, 90, 60) : awaiting(ageS)))).toMatchObject({
      reading: { consecutiveGood: 0 },
    });
  });

  it('never opens in a poll in which a node is awaited, and names it', () => {
    const own = utilizationParams.parse({ ...params, minWaitMs: 5000 });
    expect(run((ageS) => (ageS < 4 ? at(ageS, 40, 60) : awaiting(ageS)), own)).toMatchObject({
      verdict: 'inconclusive',
      ageS: 20,
      reason: 'no report since the last check from node node-2',
    });
  });

  it('is unstable at once when the release failed on a node', () => {
    expect(run((ageS) => at(ageS, 10, 10, { failedNodes: ['node-1'] }))).toMatchObject({
      verdict: 'unstable',
      ageS: 1,
    });
  });

  it('opens only when all of the last checks were below both limits', () => {
    const percent = fc.option(fc.integer({ min: 0, max: 120 }), { freq: 10 });
    fc.assert(
      fc.property(fc.array(fc.tuple(percent, percent), { minLength: 20, maxLength: 20 }), (all) => {
        const end = run((ageS) => at(ageS, all[ageS - 1]![0], all[ageS - 1]![1]));
        if (end.verdict !== 'stable') return;
        const last = all.slice(end.ageS - 3, end.ageS);
        for (const [cpu, memory] of last) {
          expect(cpu).toBeLessThan(80);
          expect(memory).toBeLessThan(80);
        }
      }),
    );
  });

  it('names the field and the range of a bad parameter', () => {
    const { error } = utilizationParams.safeParse({ maxCpuPercent: 101 });
    expect(error?.issues[0]).toMatchObject({ path: ['maxCpuPercent'], maximum: 100 });
  });
});

describe('nodes that were broken before', () => {
  const interval = (nodeId: string, requests: number, errors: number): NodeInterval => ({
    nodeId,
    requests,
    errors,
    histogram: [],
    cpuCores: 0,
    memoryMiBMin: 0,
    samples: 1,
    lastSampleAt: 0,
    sinceMs: 0,
    counterResets: 0,
  });
  const broken = (polls: NodeInterval[][], down: string[] = []) =>
    utilization.yardstick(polls, params, new Set(down)).broken;

  it('are told by the requests that they failed, or by their own word', () => {
    expect(broken([[interval('a', 50, 50)], [interval('a', 50, 30)]])).toEqual({
      why: 'errors',
      err: 0.8,
    });
    expect(broken([], ['a'])).toEqual({ why: 'down', err: 1 });
    expect(broken([[interval('a', 100, 5)]], ['a'])).toBeNull();
    expect(broken([[interval('a', 50, 50), interval('b', 50, 0)]])).toBeNull();
    expect(broken([[]])).toBeNull();
  });

  it('are not taken back to that because the release is large: a person decides', () => {
    const before = { ...none, broken: { wave: { why: 'down' as const, err: 1 } } };
    const end = run(() => at(1, 90, 50), utilizationParams.parse({ maxWaitMs: 1000, pollIntervalMs: 1000 }), before); // prettier-ignore
    expect(end).toMatchObject({ verdict: 'inconclusive', needsPerson: true });
    expect(end.reason).toContain('so nothing is rolled back automatically');
    expect(run((ageS) => at(ageS, 40, 50), params, before).verdict).toBe('stable');
  });
});
