import { groupsReached } from '../distinct-groups.js';
import { type ApprovalRule, type Barred, type People, possibleApprovers } from '../rule.js';

/** What of a rule no set of people could meet now. */
export interface Shortfall {
  readonly part: 'approvers' | 'distinct-groups';
  readonly have: number;
  readonly need: number;
}

export const nobodyBarred: Barred = {
  requester: [],
  'release-author': [],
  'configuration-editor': [],
};

/**
 * Null: some set of those who could decide now meets the rule. If there are as many of them as the quorum
 * says, and a matching with as many groups, its people and any others make up the quorum: a rule's count of
 * groups is never above its quorum.
 */
export function shortfallOf(rule: ApprovalRule, people: People, barred: Barred): Shortfall | null {
  if (rule.kind === 'external') return null;
  const possible = possibleApprovers(rule, people, barred);
  const { quorum, distinctGroups } = rule;
  if (possible.length < quorum) return { part: 'approvers', have: possible.length, need: quorum };
  if (distinctGroups === null) return null;
  const have = groupsReached(possible, people, distinctGroups);
  const need = distinctGroups.count;
  return have < need ? { part: 'distinct-groups', have, need } : null;
}
