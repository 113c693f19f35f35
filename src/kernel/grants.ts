import { environmentKey } from './environment-key.js';
import { type Permission, type ScopeEffect, scopeEffectsOf } from './permission.js';

/**
 * Where something counts. Null: of all modules (in all environments). Names of modules exactly as they
 * are; of environments in upper or lower case, as everywhere.
 */
export interface Scope {
  readonly modules: readonly string[] | null;
  readonly environments: readonly string[] | null;
}

export const EVERYWHERE: Scope = { modules: null, environments: null };

/** What is asked about; what is left out is not known yet, or does not matter. */
export interface GrantTarget {
  readonly module?: string | undefined;
  readonly environment?: string | undefined;
}

/** A role or a key's set, as somebody holds it. */
export interface Grant extends Scope {
  readonly permissions: ReadonlySet<Permission>;
  /** What gives it, for people: `role Deployer`, `role Deployer by group release-team`. */
  readonly by: string;
}

/**
 * All that somebody may do. Nothing is ever taken away by a grant: what one of them allows is allowed.
 * A key's grants are cut down to its maker's by `within`.
 */
export class Grants {
  constructor(readonly all: readonly Grant[]) {}

  static readonly none = new Grants([]);

  static everywhere(permissions: Iterable<Permission>, by: string): Grants {
    return new Grants([
      { permissions: new Set(permissions), modules: null, environments: null, by },
    ]);
  }

  /** What is held at all, wherever that may be. */
  get permissions(): ReadonlySet<Permission> {
    const held = new Set<Permission>();
    for (const grant of this.all) {
      for (const permission of grant.permissions) {
        if (isHeld(grant, permission)) held.add(permission);
      }
    }
    return held;
  }

  /** The grant that allows it; undefined: none does. */
  find(permission: Permission, target: GrantTarget = {}): Grant | undefined {
    return this.all.find((grant) => allows(grant, permission, target));
  }

  /** Where the permission counts: null is everywhere, an empty list nowhere. */
  scopesOf(permission: Permission): readonly Scope[] | null {
    const effects = scopeEffectsOf(permission);
    const scopes: Scope[] = [];
    for (const grant of this.all) {
      if (!grant.permissions.has(permission) || !isHeld(grant, permission)) continue;
      const modules = effects.modules === 'narrows' ? grant.modules : null;
      const environments = effects.environments === 'narrows' ? grant.environments : null;
      if (modules === null && environments === null) return null;
      scopes.push({ modules, environments });
    }
    return scopes;
  }

  /** No more than what the others allow as well: each pair of grants cut down to what both say. */
  within(others: Grants): Grants {
    const cut: Grant[] = [];
    for (const own of this.all) {
      for (const other of others.all) {
        const permissions = new Set(
          [...own.permissions].filter((one) => other.permissions.has(one)),
        );
        if (permissions.size === 0) continue;
        const modules = common(own.modules, other.modules, exactly);
        const environments = common(own.environments, other.environments, environmentKey);
        if (modules?.length === 0 || environments?.length === 0) continue;
        cut.push({ permissions, modules, environments, by: `${own.by}, within ${other.by}` });
      }
    }
    return new Grants(cut);
  }

  /** Whether it holds nothing that the other does not hold as well. */
  isWithin(other: Grants): boolean {
    return this.all.every((grant) =>
      [...grant.permissions].every((one) => covers(other, grant, one)),
    );
  }
}

/** For each named module in each named environment, some grant of the other allows it there. */
function covers(other: Grants, { modules, environments }: Scope, permission: Permission): boolean {
  const wide = other.all.filter((grant) => grant.permissions.has(permission));
  return (modules ?? [null]).every((module) =>
    (environments ?? [null]).every((environment) =>
      wide.some(
        (grant) =>
          contains(grant.modules, module, exactly) &&
          contains(grant.environments, environment, environmentKey),
      ),
    ),
  );
}

function allows(
  grant: Grant,
  permission: Permission,
  { module, environment }: GrantTarget,
): boolean {
  if (!grant.permissions.has(permission)) return false;
  const effects = scopeEffectsOf(permission);
  return (
    isIn(grant.modules, effects.modules, module, exactly) &&
    isIn(grant.environments, effects.environments, environment, environmentKey)
  );
}

function isHeld(grant: Grant, permission: Permission): boolean {
  return allows(grant, permission, {});
}

/** What two spellings of the same name have in common. */
type KeyOf = (name: string) => string;
const exactly: KeyOf = (name) => name;

function isIn(
  names: readonly string[] | null,
  effect: ScopeEffect,
  name: string | undefined,
  keyOf: KeyOf,
): boolean {
  if (names === null || effect === 'ignored') return true;
  if (effect === 'excludes') return false;
  return name === undefined || contains(names, name, keyOf);
}

function common(
  one: readonly string[] | null,
  other: readonly string[] | null,
  keyOf: KeyOf,
): readonly string[] | null {
  if (one === null) return other;
  return other === null ? one : one.filter((name) => contains(other, name, keyOf));
}

/** `name` null: all of them. */
function contains(wide: readonly string[] | null, name: string | null, keyOf: KeyOf): boolean {
  if (wide === null) return true;
  if (name === null) return false;
  const key = keyOf(name);
  return wide.some((each) => keyOf(each) === key);
}
