/**
 * How far a request has come: each rule on its own, counted anew with the people as they are now. Pure:
 * the same decisions, people and clock give the same answer wherever it is asked.
 */
import { counted } from '../../../kernel/counted.js';
import { groupsReached } from '../distinct-groups.js';
import { isApprover, isBarred, type ApprovalRule, type Barred, type People } from '../rule.js';

/** A decision that nobody has voided. */
export interface CountedDecision {
  readonly verb: 'approve' | 'reject';
  /** Null: an external gate has decided. */
  readonly personId: string | null;
  readonly gateId: string | null;
  /** ms since the epoch. */
  readonly at: number;
  /** Keys of the rules for which it was proved beyond the session: see `ruleKey`. */
  readonly provedFor: readonly string[];
}

/** Somebody takes it upon themselves, in place of the quorum. */
export interface Override {
  readonly by: string;
  readonly at: number;
  readonly reason: string;
}

export interface StandingFacts {
  readonly rules: readonly ApprovalRule[];
  readonly decisions: readonly CountedDecision[];
  readonly people: People;
  readonly barred: Barred;
  /** ms since the epoch. */
  readonly now: number;
  readonly override: Override | null;
}

export interface RuleStanding {
  readonly rule: ApprovalRule;
  readonly met: boolean;
  readonly have: number;
  readonly need: number;
  /** In words; null: nothing. */
  readonly missing: string | null;
}

export interface Standing {
  readonly met: boolean;
  readonly perRule: readonly RuleStanding[];
}

/** Names a rule within a request. */
export const ruleKey = ({ policyId }: ApprovalRule) => policyId ?? 'request';

export function standingOf(facts: StandingFacts): Standing {
  const perRule = facts.rules.map((rule) => ruleStanding(rule, facts));
  return { met: facts.override !== null || perRule.every(({ met }) => met), perRule };
}

function ruleStanding(rule: ApprovalRule, facts: StandingFacts): RuleStanding {
  if (rule.kind === 'external') return externalStanding(rule, facts);
  const { quorum: need, distinctGroups } = rule;
  const voices = voicesOf(rule, facts);
  const have = voices.size;
  const reached = distinctGroups ? groupsReached(voices, facts.people, distinctGroups) : 0;
  const isShort = have < need;
  const ofGroups = distinctGroups && reached < distinctGroups.count ? distinctGroups : null;
  const missing = isShort
    ? `${need - have} of ${counted(need, 'decision')}`
    : ofGroups
      ? `decisions from ${ofGroups.count - reached} more of its ${ofGroups.groups.length} groups`
      : null;
  return { rule, met: missing === null, have, need, missing };
}

function externalStanding(rule: ApprovalRule, facts: StandingFacts): RuleStanding {
  const has = countingFor(rule, facts).length > 0;
  const missing = has ? null : 'the external answer';
  return { rule, met: has, have: has ? 1 : 0, need: 1, missing };
}

/** Whose approval counts for the rule now: each person once, whatever else they decide. */
function voicesOf(rule: ApprovalRule, facts: StandingFacts): ReadonlySet<string> {
  return new Set(countingFor(rule, facts).flatMap(({ personId }) => personId ?? []));
}

type Counting<D extends CountedDecision> = Pick<StandingFacts, 'people' | 'barred' | 'now'> & {
  readonly decisions: readonly D[];
};

/** The decisions that count for the rule now. */
export function countingFor<D extends CountedDecision>(
  rule: ApprovalRule,
  { decisions, people, barred, now }: Counting<D>,
): D[] {
  return decisions.filter((decision) => {
    const { personId, gateId, verb, provedFor } = decision;
    if (verb !== 'approve' || !isFresh(rule, decision, now)) return false;
    if (rule.kind === 'external') return gateId !== null && gateId === rule.external?.gateId;
    if (personId === null || !isApprover(rule, personId, people.get(personId))) return false;
    if (isBarred(rule, personId, barred)) return false;
    return !rule.passkeyRequired || provedFor.includes(ruleKey(rule));
  });
}

function isFresh({ decisionValidMs }: ApprovalRule, { at }: CountedDecision, now: number): boolean {
  return decisionValidMs === null || now < at + decisionValidMs;
}

/** What is still missing, rule by rule, in one line. */
export function missingText({ perRule }: Standing): string {
  const unmet = perRule.flatMap(({ rule: { name }, missing }) =>
    missing === null ? [] : [`"${name}" lacks ${missing}`],
  );
  return unmet.join('; ') || 'nothing is missing';
}
