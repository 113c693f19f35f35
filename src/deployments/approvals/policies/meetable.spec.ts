import type { HeldRole } from '../../../tenancy/permissions/bindings.js';
import { type ApprovalRule, ownRule } from '../rule.js';
import type { Decider } from './approver-facts.queries.js';
import { leastShortfall } from './meetable.js';

const admin = (
  modules: string[] | null = null,
  environments: string[] | null = null,
): HeldRole => ({
  role: 'Admin',
  permissions: null,
  modules,
  environments,
  group: null,
});
const decider = (id: string, ...roles: HeldRole[]): Decider => ({ id, roles, groups: [] });
const two: ApprovalRule = {
  ...ownRule,
  policyId: 'a policy',
  approvers: { roles: ['Admin'], groups: [], users: [] },
  quorum: 2,
};
const everywhere = { modules: null, environments: ['Production'] };

describe('a policy', () => {
  it('can be met by two who may decide everywhere, or for the same module', () => {
    expect(
      leastShortfall(two, [decider('a', admin()), decider('b', admin())], everywhere),
    ).toBeNull();
    const ofOrders = [decider('a', admin()), decider('b', admin(['orders']))];
    expect(leastShortfall(two, ofOrders, everywhere)).toBeNull();
  });

  it('cannot be met by two who never decide about the same', () => {
    const apart = [decider('a', admin(['orders'])), decider('b', admin(['billing']))];
    expect(leastShortfall(two, apart, everywhere)).toEqual({ part: 'approvers', have: 1, need: 2 });
    const elsewhere = [decider('a', admin()), decider('b', admin(null, ['QA']))];
    expect(leastShortfall(two, elsewhere, everywhere)).toMatchObject({ have: 1 });
    expect(leastShortfall(two, elsewhere, { modules: null, environments: ['qa'] })).toBeNull();
  });

  it('of some modules is met by those who decide about these', () => {
    const ofOrders = [decider('a', admin(['orders'])), decider('b', admin(['orders']))];
    const reach = (modules: string[]) => ({ modules, environments: ['Production'] });
    expect(leastShortfall(two, ofOrders, reach(['orders']))).toBeNull();
    expect(leastShortfall(two, ofOrders, reach(['billing']))).toMatchObject({ have: 0 });
  });

  it('of environments that nobody has made yet is met by whoever decides everywhere', () => {
    const none = { modules: null, environments: [] };
    expect(leastShortfall(two, [decider('a', admin()), decider('b', admin())], none)).toBeNull();
    const narrow = [decider('a', admin()), decider('b', admin(null, ['QA']))];
    expect(leastShortfall(two, narrow, none)).toMatchObject({ have: 1 });
  });
});
