import { rulesFrom } from './approval-policy-rules.js';

describe('the rules of a policy, from the words of a command', () => {
  it('are only what was said', () => {
    expect(rulesFrom({})).toEqual({});
    expect(rulesFrom({ everywhere: true, quorum: 2, timeout: '8h' })).toEqual({
      environment: null,
      quorum: 2,
      timeoutMs: 28_800_000,
    });
    expect(rulesFrom({ reason: false, bars: false })).toEqual({ reasonRequired: false, bars: [] });
  });

  it('name all approvers where one sort of them is named', () => {
    expect(rulesFrom({ group: ['board'] })).toEqual({
      approvers: { roles: [], groups: ['board'], users: [] },
    });
  });

  it('count all distinct groups unless a number is given', () => {
    const distinctGroup = ['board', 'operations'];
    expect(rulesFrom({ distinctGroup }).distinctGroups).toEqual({
      groups: distinctGroup,
      count: 2,
    });
    expect(rulesFrom({ distinctGroup, distinct: 1 }).distinctGroups?.count).toBe(1);
  });

  it('refuse what contradicts itself', () => {
    expect(() => rulesFrom({ environment: 'QA', everywhere: true })).toThrow(/either/);
    expect(() => rulesFrom({ distinct: 2 })).toThrow(/--distinct-group/);
  });
});
