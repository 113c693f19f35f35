import fc from 'fast-check';
import { type Grant, Grants } from './grants.js';
import { Permission, type Permission as Name } from './permission.js';

const grant = (permissions: Name[], scope: Partial<Grant> = {}): Grant => ({
  permissions: new Set(permissions),
  modules: null,
  environments: null,
  by: 'the test',
  ...scope,
});
const { DeploymentsCreate, DeploymentsRead, EnvironmentsRead, ReleasesCreate, UsersManage } =
  Permission;

describe('grants', () => {
  it('allow what one of them names, and nothing else', () => {
    const grants = new Grants([grant([DeploymentsRead]), grant([ReleasesCreate])]);
    expect(grants.find(DeploymentsRead, { module: 'a', environment: 'QA' })).toBeDefined();
    expect(grants.find(DeploymentsCreate)).toBeUndefined();
    expect(Grants.none.permissions.size).toBe(0);
  });

  it('count for the named modules in the named environments only, pair by pair', () => {
    const grants = new Grants([
      grant([DeploymentsCreate], { modules: ['a'], environments: ['QA'] }),
      grant([DeploymentsCreate], { modules: ['b'] }),
    ]);
    const may = (module: string, environment: string) =>
      grants.find(DeploymentsCreate, { module, environment }) !== undefined;
    expect([may('a', 'QA'), may('a', 'Production'), may('b', 'Production')]).toEqual([
      true,
      false,
      true,
    ]);
    expect(may('A', 'QA')).toBe(false);
    // Environments are the same in upper and lower case.
    expect(may('a', 'qa')).toBe(true);
    expect(grants.find(DeploymentsCreate)).toBeDefined();
  });

  it('give nothing of the whole tenant to who has a scope', () => {
    const scoped = new Grants([grant([UsersManage, DeploymentsRead], { environments: ['QA'] })]);
    expect([...scoped.permissions]).toEqual([DeploymentsRead]);
    expect(scoped.find(UsersManage)).toBeUndefined();
    expect(scoped.scopesOf(UsersManage)).toEqual([]);
  });

  it('leave out of a scope what does not matter to the permission', () => {
    const scoped = new Grants([
      grant([ReleasesCreate, EnvironmentsRead], { modules: ['a'], environments: ['QA'] }),
    ]);
    expect(scoped.scopesOf(ReleasesCreate)).toEqual([{ modules: ['a'], environments: null }]);
    expect(scoped.scopesOf(EnvironmentsRead)).toBeNull();
  });

  it('within others hold what both hold', () => {
    const key = new Grants([grant([DeploymentsCreate, UsersManage], { modules: ['a', 'b'] })]);
    const maker = new Grants([
      grant([DeploymentsCreate], { modules: ['b', 'c'], environments: ['QA'] }),
    ]);
    const both = key.within(maker);
    expect(both.all).toMatchObject([{ modules: ['b'], environments: ['QA'] }]);
    expect([...both.permissions]).toEqual([DeploymentsCreate]);
    expect(key.within(Grants.none).all).toEqual([]);
    // An empty list is nowhere, never everywhere.
    expect(key.within(new Grants([grant([DeploymentsCreate], { modules: ['z'] })])).all).toEqual(
      [],
    );
  });

  it('are within others only if each is covered, by several of them if need be', () => {
    const key = new Grants([grant([DeploymentsRead], { modules: ['a', 'b'] })]);
    const twice = [grant([DeploymentsRead], { modules: ['a'] })];
    expect(key.isWithin(new Grants(twice))).toBe(false);
    expect(key.isWithin(new Grants([...twice, grant([DeploymentsRead], { modules: ['b'] })]))).toBe(
      true,
    );
    expect(new Grants([grant([DeploymentsRead])]).isWithin(key)).toBe(false);
  });

  it('are nothing within others where they share no scope, even what that scope does not narrow', () => {
    const inQa = new Grants([grant([ReleasesCreate], { environments: ['QA'] })]);
    const inProduction = new Grants([grant([ReleasesCreate], { environments: ['Production'] })]);
    expect(inQa.find(ReleasesCreate, { module: 'a', environment: 'Production' })).toBeDefined();
    expect(inQa.within(inProduction).all).toEqual([]);
  });

  const names = fc.option(fc.subarray(['a', 'b', 'c'], { minLength: 1 }));
  const some = fc
    .array(
      fc.record({
        permissions: fc.subarray([DeploymentsRead, DeploymentsCreate, UsersManage, ReleasesCreate]),
        modules: names,
        environments: names,
      }),
      { maxLength: 4 },
    )
    .map((all) => new Grants(all.map(({ permissions, ...scope }) => grant(permissions, scope))));

  it('cut down to others allow what a grant of each allows, if these have a scope in common', () => {
    const meet = (one: readonly string[] | null, other: readonly string[] | null) =>
      one === null || other === null || one.some((name) => other.includes(name));
    fc.assert(
      fc.property(
        some,
        some,
        fc.constantFrom(DeploymentsRead, DeploymentsCreate, UsersManage, ReleasesCreate),
        fc.constantFrom('a', 'b', 'c'),
        fc.constantFrom('a', 'b', 'c'),
        (one, other, permission, module, environment) => {
          const target = { module, environment };
          const allowing = ({ all }: Grants) =>
            all.filter((each) => new Grants([each]).find(permission, target));
          // In no common environment nothing is left, not even what no environment narrows.
          const isAllowed = allowing(one).some((mine) =>
            allowing(other).some(
              (its) => meet(mine.modules, its.modules) && meet(mine.environments, its.environments),
            ),
          );
          const cut = one.within(other);
          expect(cut.find(permission, target) !== undefined).toBe(isAllowed);
          expect(cut.isWithin(one) && cut.isWithin(other)).toBe(true);
        },
      ),
    );
  });
});
