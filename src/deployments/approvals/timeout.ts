import { DEFAULT_TIMEOUT_MS, type ApprovalRule } from './rule.js';

/** People are asked for all rules at once, and have as long as the shortest of them gives. */
export function timeoutOf(rules: readonly ApprovalRule[]): number {
  return Math.min(...rules.map(({ timeoutMs }) => timeoutMs), ...NEVER_LONGER);
}

/** A month: whoever decides later decides on something else. */
const NEVER_LONGER = [30 * DEFAULT_TIMEOUT_MS];
