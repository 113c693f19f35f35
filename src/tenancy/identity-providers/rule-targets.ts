/** What the rules of a provider give: found by name, at saving and again at each sign-in. */
import type { OpenContext } from '../../platform/context.js';
import { roleUnknown } from '../permissions/giving.errors.js';
import {
  checkMayGive,
  findRoles,
  type FoundRole,
  type GivenRole,
  rolesThatExist,
} from '../permissions/giving.js';
import { accountKey } from '../users/account-name.js';
import type { ClaimRule } from './identity-provider.js';
import { ruleGroupUnknown } from './identity-provider.errors.js';
import { groupsByKey, type NamedGroup } from './providers.queries.js';

/** What one rule gives; null: there is no such role or group any more. */
export type RuleTarget =
  | { readonly kind: 'role'; readonly role: FoundRole }
  | { readonly kind: 'group'; readonly group: NamedGroup }
  | null;

/** One for each rule, in their order. */
export async function targetsOf(
  open: OpenContext,
  rules: readonly ClaimRule[],
): Promise<RuleTarget[]> {
  const given = rules.filter(givesRole);
  const roles = await rolesThatExist(open, given);
  const byRule = new Map(given.map((rule, index) => [rule as ClaimRule, roles[index] ?? null]));
  const groupKeys = rules.flatMap(({ group }) => (group === null ? [] : [accountKey(group)]));
  const groups = groupKeys.length > 0 ? await groupsByKey(open, groupKeys) : [];
  return rules.map((rule) => {
    if (rule.group === null) {
      const role = byRule.get(rule);
      return role ? { kind: 'role', role } : null;
    }
    const group = groups.find(({ key }) => key === accountKey(rule.group!));
    return group ? { kind: 'group', group } : null;
  });
}

/**
 * Nobody lets a rule give what they could not give themselves: whoever manages providers could else make
 * an Admin of themselves. Throws `rule-group-unknown`, `role-unknown`, `role-beyond-own`, `platform-role`.
 */
export async function checkTargets(open: OpenContext, rules: readonly ClaimRule[]): Promise<void> {
  await findRoles(open, rules.filter(givesRole));
  const targets = await targetsOf(open, rules);
  for (const [index, target] of targets.entries()) {
    if (target === null) throw unknown(rules[index]!);
    checkMayGive(open.grants, target.kind === 'role' ? [target.role] : target.group.roles);
  }
}

function givesRole(rule: ClaimRule): rule is ClaimRule & GivenRole {
  return rule.role !== null;
}

function unknown({ role, group }: ClaimRule) {
  return role === null ? ruleGroupUnknown(group ?? '') : roleUnknown(role);
}
