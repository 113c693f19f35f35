/**
 * argo-rollouts#4479: measurements that all ended in errors counted as a success. Here a figure that
 * could not be read is no figure: whatever the kind of gate, it never makes a wave stable.
 */
import { groupOf, sampleOf, steadyBaselines } from '../../../test/support/gate-samples.js';
import type { GateGroup, GateKind, GateParams, GateSample, Verdict } from './gate.js';
import { gates } from './gates.js';

const none: GateGroup = { n: 0, errors: 0, histogram: [], cpu: null, mem: null };
const usage = (percent: number) => ({
  cpu: { node: 'web-1', percent },
  memory: { node: 'web-1', percent },
});
/** All figures of a poll, each as this: what JSON or a division can make of an error. */
const all = (figure: number): Partial<GateSample> => ({
  wave: { ...groupOf(), n: figure, errors: figure, cpu: figure, mem: figure },
  control: { ...groupOf(), n: figure, errors: figure, cpu: figure, mem: figure },
  worst: { node: 'web-1', n: figure, errors: figure },
  firstMem: [figure],
  usage: usage(figure),
});

const unreadable: Record<string, Partial<GateSample>> = {
  'nobody answers': { wave: none, control: none, firstMem: [], silentNodes: ['web-1'] },
  'nothing is in the answer': { wave: none, control: none, firstMem: [] },
  'every figure is NaN': all(Number.NaN),
  'every figure is infinite': all(Number.POSITIVE_INFINITY),
  'every figure is null': all(null as unknown as number),
  'every figure is absent': all(undefined as unknown as number),
};

const good: Partial<GateSample> = { usage: usage(30) };
const bad: Partial<GateSample> = { wave: groupOf({ errors: 30 }), usage: usage(99) };

/** The last verdict of a gate whose polls are these, until it decides or its longest wait is over. */
function verdictOf(
  gate: GateKind,
  params: GateParams,
  pollAt: (poll: number) => Partial<GateSample>,
): Verdict {
  const baselines = steadyBaselines();
  const pollS = Number(params.pollIntervalMs) / 1000;
  let state = gate.start(baselines, params);
  let verdict: Verdict = 'waiting';
  for (let poll = 1; poll * pollS <= Number(params.maxWaitMs) / 1000; poll += 1) {
    const sample = sampleOf(poll * pollS, pollAt(poll));
    ({ state, verdict } = gate.fold(state, sample, baselines, params));
    if (verdict !== 'waiting') return verdict;
  }
  return verdict;
}

/** With the least that each may ask for: one good check would be enough. */
const kinds = [...gates.kinds].map((kind) => {
  const gate = gates.get(kind);
  const least = {
    minWaitMs: 0,
    maxWaitMs: 600_000,
    pollIntervalMs: 10_000,
    consecutiveStableChecks: 1,
  };
  const known = Object.entries(least).filter(([name]) => name in gate.stricter);
  const params = gate.params.parse(Object.fromEntries(known));
  return [kind, gate, params] as const;
});

describe.each(kinds)('argo-rollouts#4479: the gate %s', (_, gate, params) => {
  it('would be stable if its samples could be read', () => {
    expect(verdictOf(gate, params, () => good)).toBe('stable');
  });

  describe.each(Object.entries(unreadable))('when %s', (_what, sample) => {
    it('has found nothing out at its longest wait', () => {
      expect(verdictOf(gate, params, () => sample)).toBe('inconclusive');
    });

    it('does not count it between bad samples, each kind too rare to decide by itself', () => {
      const verdict = verdictOf(gate, params, (poll) => (poll % 2 === 0 ? bad : sample));
      expect(verdict).not.toBe('stable');
      expect(verdict).not.toBe('waiting');
    });
  });
});
