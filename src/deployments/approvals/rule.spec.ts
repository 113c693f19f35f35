import {
  type ApprovalRule,
  type Barred,
  isApprover,
  ownRule,
  type People,
  type PersonFacts,
  possibleApprovers,
} from './rule.js';

const facts: PersonFacts = { roles: ['Admin'], groups: ['board'], isActive: true, mayDecide: true };
const rule = (change: Partial<ApprovalRule> = {}): ApprovalRule => ({
  ...ownRule,
  policyId: 'a policy',
  ...change,
});
const naming = (change: Partial<ApprovalRule['approvers']>) =>
  rule({ approvers: { roles: [], groups: [], users: [], ...change } });
const nobody: Barred = { requester: [], 'release-author': [], 'configuration-editor': [] };

describe('whoever a rule lets decide', () => {
  it('is named by a role, by a group or as a person', () => {
    expect(isApprover(naming({ roles: ['Admin'] }), 'anna', facts)).toBe(true);
    expect(isApprover(naming({ groups: ['board'] }), 'anna', facts)).toBe(true);
    expect(isApprover(naming({ users: ['anna'] }), 'anna', facts)).toBe(true);
    expect(isApprover(naming({ roles: ['admin'], users: ['Anna'] }), 'anna', facts)).toBe(false);
  });

  it('is nobody where nobody is named', () => {
    expect(isApprover(naming({}), 'anna', facts)).toBe(false);
  });

  it('may decide there at all, and is there', () => {
    const named = naming({ users: ['anna'] });
    expect(isApprover(named, 'anna', { ...facts, mayDecide: false })).toBe(false);
    expect(isApprover(named, 'anna', { ...facts, isActive: false })).toBe(false);
    expect(isApprover(named, 'anna', undefined)).toBe(false);
  });

  it('is anybody who may decide there where the request itself asks, and no person of what is outside', () => {
    expect(isApprover(ownRule, 'anna', { ...facts, roles: [], groups: [] })).toBe(true);
    expect(isApprover({ ...ownRule, kind: 'external' }, 'anna', facts)).toBe(false);
  });

  it('is not whom one of its bars names; a bar that it lacks is none', () => {
    const people: People = new Map(['anna', 'ben', 'carl'].map((id) => [id, facts]));
    const barred = { ...nobody, requester: ['anna'], 'release-author': ['ben'] };
    const named = (bars: ApprovalRule['bars']) =>
      possibleApprovers(rule({ ...naming({ roles: ['Admin'] }), bars }), people, barred);
    expect(named(['requester'])).toEqual(['ben', 'carl']);
    expect(named(['requester', 'release-author'])).toEqual(['carl']);
    expect(named([])).toEqual(['anna', 'ben', 'carl']);
  });
});
