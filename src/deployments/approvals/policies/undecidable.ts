import type { ApprovalRule, Barred, People } from '../rule.js';
import { approversTooFew } from './approval-policies.errors.js';
import { shortfallOf } from './shortfall.js';

/**
 * A deployment that nobody could let start is refused when it is asked for, and not found in a queue a day
 * later. Throws `approvers-too-few` with the first rule that cannot be met.
 */
export function refuseUndecidable(
  rules: readonly ApprovalRule[],
  people: People,
  barred: Barred,
): void {
  for (const rule of rules) {
    const shortfall = shortfallOf(rule, people, barred);
    if (shortfall) throw approversTooFew(rule, shortfall);
  }
}
