/** Whether whoever asks could decide now; else why not, as an answer to their decision would say it. */
import { DomainError } from '../../../kernel/errors.js';
import type { Context } from '../../../platform/context.js';
import { rulesOfVoter } from '../decisions/voters.js';
import type { Electorate, Look } from '../requests/look.js';
import type { ApprovalRequest } from '../requests/request.js';
import type { ApprovalRule } from '../rule.js';

export interface CallerStanding {
  readonly canDecide: boolean;
  readonly why: string | null;
}

const no = (why: string): CallerStanding => ({ canDecide: false, why });

/** Null: whoever asks decides nothing, whatever they may do otherwise. */
export function decidingPerson({ actor }: Context): string | null {
  return actor.kind === 'user' && !actor.isActing ? actor.personId : null;
}

export function callerStanding(
  { actor }: Context,
  { status, rules }: Pick<ApprovalRequest, 'status' | 'rules'>,
  { decisions, ...electorate }: Electorate & Pick<Look, 'decisions'>,
): CallerStanding {
  if (actor.kind !== 'user' || actor.personId === null) {
    return no('Only people decide, signed in as themselves.');
  }
  if (actor.isActing) return no('You are not a member of this tenant: only its members decide.');
  if (status !== 'open') return no(`It has been decided: ${status}.`);
  const { personId } = actor;
  const own = decisions.find(
    (decision) =>
      decision.personId === personId &&
      decision.voidedAt === null &&
      ['approve', 'reject'].includes(decision.verb),
  );
  if (own) return no(`You have already decided: ${own.verb}.`);
  return standingOfPerson(personId, rules, electorate);
}

/** As a decision of theirs would be taken or refused. */
export function standingOfPerson(
  personId: string,
  rules: readonly ApprovalRule[],
  electorate: Electorate,
): CallerStanding {
  try {
    rulesOfVoter({ rules }, personId, electorate);
    return { canDecide: true, why: null };
  } catch (error) {
    if (error instanceof DomainError) return no(error.message);
    throw error;
  }
}
