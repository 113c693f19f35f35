/** How far each rule has come, in words and names: who has decided, who could still, who is barred and why. */
import type { Decision } from '../requests/decisions.store.js';
import type { Look } from '../requests/look.js';
import { standingOf } from '../requests/standing.js';
import { type ApprovalRule, type Bar, type Barred, possibleApprovers } from '../rule.js';
import type { ApprovalSubject } from './subject.dto.js';

export type NameOf = (id: string) => string;

/** Enough to ask somebody; a company with more approvers of one rule asks a group. */
const NAMES_SHOWN = 50;

/** Ids that rules and decisions name: whose names are to be looked up. */
export function namedIn({ standing, people, barred }: Look): {
  people: string[];
  groups: string[];
} {
  const rules = standing.perRule.map(({ rule }) => rule);
  return {
    people: distinct([
      ...rules.flatMap(({ approvers }) => approvers.users),
      ...rules.flatMap((rule) => possibleApprovers(rule, people, barred).slice(0, 2 * NAMES_SHOWN)),
      ...Object.values(barred).flat(),
    ]),
    groups: distinct(
      rules.flatMap(({ approvers, distinctGroups }) => [
        ...approvers.groups,
        ...(distinctGroups?.groups ?? []),
      ]),
    ),
  };
}

/** `now`: by the database's clock, as the look was taken. */
export function ruleViews(look: Look, now: number, nameOf: NameOf): ApprovalSubject['rules'] {
  const decided = decidedIn(look.decisions);
  return look.standing.perRule.map(({ rule, met, have, need, missing }) => {
    const possible = possibleApprovers(rule, look.people, look.barred)
      .filter((id) => !decided.has(id))
      .map(nameOf)
      .sort();
    const { approvers, distinctGroups } = rule;
    return {
      policyId: rule.policyId,
      name: rule.name,
      version: rule.version,
      kind: rule.kind,
      need,
      have,
      isMet: met,
      missing,
      approvers: {
        roles: [...approvers.roles],
        groups: approvers.groups.map(nameOf),
        users: approvers.users.map(nameOf),
      },
      distinctGroups: distinctGroups && {
        groups: distinctGroups.groups.map(nameOf),
        count: distinctGroups.count,
      },
      decided: voicesFor(rule, look, now),
      possible: possible.slice(0, NAMES_SHOWN),
      morePossible: Math.max(0, possible.length - NAMES_SHOWN),
      barred: barredOf(rule, look.barred, nameOf),
      reasonRequired: rule.reasonRequired,
      passkeyRequired: rule.passkeyRequired,
      decisionValidMs: rule.decisionValidMs,
    };
  });
}

/** Whose decision counts for it: alone it would be one, or it is none. */
function voicesFor(rule: ApprovalRule, { decisions, people, barred }: Look, now: number): string[] {
  const voices = decisions.filter(({ voidedAt, verb, personId, gateId, at, evidence }) => {
    if (voidedAt !== null || verb !== 'approve') return false;
    const provedFor = Object.keys(evidence ?? {});
    const alone = { verb, personId, gateId, at: at.getTime(), provedFor } as const;
    const facts = { rules: [rule], decisions: [alone], people, barred, now, override: null };
    return standingOf(facts).perRule.some(({ have }) => have > 0);
  });
  return distinct(voices.map(({ actor }) => actor)).sort();
}

/** Whoever has said yes or no to this request, and stands by it. */
function decidedIn(decisions: readonly Decision[]): ReadonlySet<string> {
  return new Set(
    decisions.flatMap(({ personId, verb, voidedAt }) =>
      personId !== null && voidedAt === null && (verb === 'approve' || verb === 'reject')
        ? [personId]
        : [],
    ),
  );
}

function barredOf(
  { bars }: ApprovalRule,
  barred: Barred,
  nameOf: NameOf,
): { name: string; because: Bar }[] {
  return bars.flatMap((because) => barred[because].map((id) => ({ name: nameOf(id), because })));
}

const distinct = (ids: readonly string[]) => [...new Set(ids)];
