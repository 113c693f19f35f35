import { groupOf, pastPollOf } from '../../../../test/support/gate-samples.js';
import type { GateGroup } from '../gate.js';
import { baselineOf } from './baseline.js';
import { blocksOf } from './blocks.js';
import { defaultGateParams } from './stabilization-params.js';

/** Of these polls, oldest first. */
const baseline = (polls: readonly GateGroup[]) => {
  const { all, usual } = blocksOf(polls.map(pastPollOf), defaultGateParams);
  return baselineOf(all, usual);
};
const repeat = (count: number, group: GateGroup): GateGroup[] =>
  Array.from({ length: count }, () => group);

describe('the baseline', () => {
  it('is the median of the last five minutes and ignores what was before', () => {
    const polls = [...repeat(50, groupOf({ cpu: 3 })), ...repeat(10, groupOf({ cpu: 0.5 }))];
    expect(baseline(polls)).toMatchObject({
      cpu: 0.5,
      mem: 400,
      cpuSd: 0,
      requestsPerPoll: 300,
      blocks: 10,
    });
  });

  it('looks further back when a quiet service needs several polls for a block', () => {
    const polls = repeat(120, groupOf({ n: 20 }));
    expect(baseline(polls)).toMatchObject({ blocks: 5, requestsPerPoll: 20 });
  });

  it('is none with fewer than five blocks within an hour', () => {
    expect(baseline(repeat(4, groupOf()))).toBeNull();
    expect(baseline(repeat(500, groupOf({ n: 5 })))).toBeNull();
    expect(baseline(repeat(500, groupOf({ n: 0 })))).toBeNull();
    expect(baseline([])).toBeNull();
  });

  it('takes errors from the better blocks: one bad minute excuses nothing later', () => {
    const polls = [...repeat(7, groupOf({ errors: 3 })), ...repeat(3, groupOf({ errors: 150 }))];
    expect(baseline(polls)!.err).toBeCloseTo(0.01);
  });

  it('may be zero everywhere, which the floors then carry', () => {
    const idle = { n: 300, errors: 0, histogram: [[0, 300]] as [number, number][], cpu: 0, mem: 0 };
    expect(baseline(repeat(10, idle))).toMatchObject({
      err: 0,
      cpu: 0,
      mem: 0,
    });
  });

  it('is none when a measure was never reported, and skips polls that are nonsense', () => {
    expect(baseline(repeat(10, { ...groupOf(), cpu: null }))).toBeNull();
    const polls = [...repeat(6, groupOf()), { ...groupOf(), n: Number.NaN }, groupOf()];
    expect(baseline(polls)).toMatchObject({ blocks: 7 });
  });
});
