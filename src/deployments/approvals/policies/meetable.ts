import type { ApprovalRule } from '../rule.js';
import { type Decider, factsAt, type FactsAsked } from './approver-facts.queries.js';
import { nobodyBarred, type Shortfall, shortfallOf } from './shortfall.js';

type Target = FactsAsked['target'];

/** Where a policy counts: names of modules (null: all) and of the environments that there are now. */
export interface Reach {
  readonly modules: readonly string[] | null;
  readonly environments: readonly string[];
}

/** More places than that are not looked at; every name costs a look at all who decide. */
const PLACES = 1_000;

/** No module or environment is called that: who holds a role there holds it everywhere. */
const ANY_OTHER = '';

/**
 * Null: somewhere in its reach some present set of people could meet the rule. Else what is missing where
 * the least is. Bars are left out: whose work a deployment will be, nobody knows yet.
 */
export function leastShortfall(
  rule: ApprovalRule,
  deciders: readonly Decider[],
  reach: Reach,
): Shortfall | null {
  let least: Shortfall | undefined;
  for (const target of placesOf(deciders, reach).slice(0, PLACES)) {
    const shortfall = shortfallOf(rule, factsAt(deciders, target), nobodyBarred);
    if (shortfall === null) return null;
    if (!least || isLess(shortfall, least)) least = shortfall;
  }
  return least ?? null;
}

/** Whoever may decide for some modules only is counted there, and not for others. */
function placesOf(deciders: readonly Decider[], reach: Reach): Target[] {
  const scoped = deciders.flatMap(({ roles }) => roles.flatMap(({ modules }) => modules ?? []));
  const modules = new Set(reach.modules ?? [ANY_OTHER, ...scoped]);
  const environments = reach.environments.length > 0 ? reach.environments : [ANY_OTHER];
  return environments.flatMap((environment) =>
    [...modules].map((module) => ({ module, environment })),
  );
}

function isLess(one: Shortfall, other: Shortfall): boolean {
  if (one.part !== other.part) return one.part === 'distinct-groups';
  return one.need - one.have < other.need - other.have;
}
