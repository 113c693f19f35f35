import { approverFacts } from '../../../deployments/approvals/policies/approver-facts.queries.js';
import { barredPersons } from '../../../deployments/approvals/policies/barred-persons.queries.js';
import {
  type ApprovalRule,
  type Barred,
  isBarred,
  possibleApprovers,
} from '../../../deployments/approvals/rule.js';
import { specOf } from '../../../deployments/runs/spec-of.js';
import type { OpenContext } from '../../../platform/context.js';
import type { Occurrence } from '../messages/occurrence.js';
import { openApproval, whoApproved } from './rollouts.queries.js';

export interface Asked {
  /** Ids of people who may decide now, and have not approved it. */
  readonly people: readonly string[];
  /** Under every rule: it is not for them to decide, so that they are not asked. */
  readonly isBarred: (personId: string) => boolean;
}

/** Whom an approval waits for. Null: nobody, because it is decided or over by now. */
export async function askedPeople(open: OpenContext, of: Occurrence): Promise<Asked | null> {
  const number = of.body.requestNumber;
  if (typeof number !== 'number') return null;
  const approval = await openApproval(open, of.subject.id, number);
  if (approval === undefined) return null;
  const spec = await specOf(open, of.subject.id);
  const rules = approval.rules.filter(({ kind }) => kind === 'people');
  const target = { module: spec.module.name, environment: spec.environment.name };
  const people = await approverFacts(open, { rules, target });
  const barred = await barredPersons(open, { ...spec, approvals: rules }, approval.requestedBy);
  const approved = await whoApproved(open, of.subject.id, number);
  const ids = rules.flatMap((rule) => possibleApprovers(rule, people, barred));
  return {
    people: [...new Set(ids)].filter((id) => !approved.has(id)).sort(),
    isBarred: (personId) => isBarredEverywhere(rules, personId, barred),
  };
}

function isBarredEverywhere(
  rules: readonly ApprovalRule[],
  personId: string,
  barred: Barred,
): boolean {
  return rules.length > 0 && rules.every((rule) => isBarred(rule, personId, barred));
}
