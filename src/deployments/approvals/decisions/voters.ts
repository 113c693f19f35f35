/** Who may decide on a request, and for which of its rules. */
import type { Actor } from '../../../platform/context.js';
import { approvalBarred, approvalNeedsPerson, notAnApprover } from '../approvals.errors.js';
import type { Electorate } from '../requests/look.js';
import type { ApprovalRequest } from '../requests/request.js';
import { isApprover, isBarred, type ApprovalRule } from '../rule.js';

/** The person that decides. Throws `approval-needs-person`, whatever the caller may do otherwise. */
export function personOf({ kind, name, personId, isActing }: Actor): string {
  if (kind !== 'user' || personId === null || isActing) throw approvalNeedsPerson(name);
  return personId;
}

/**
 * The rules that the person may decide for now. Throws `not-an-approver`; `approval-barred` where a rule
 * names them and keeps them from it.
 */
export function rulesOfVoter(
  { rules }: Pick<ApprovalRequest, 'rules'>,
  personId: string,
  { people, barred }: Electorate,
): ApprovalRule[] {
  const facts = people.get(personId);
  const named = rules.filter((rule) => isApprover(rule, personId, facts));
  const own = named.filter((rule) => !isBarred(rule, personId, barred));
  if (own.length > 0) return own;
  const [kept] = named;
  if (!kept) throw notAnApprover(rules.map(({ name }) => name));
  const bars = kept.bars.filter((bar) => barred[bar].includes(personId));
  throw approvalBarred(kept.name, bars);
}
