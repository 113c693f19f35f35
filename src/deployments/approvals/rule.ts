/** What must be decided before a deployment starts, and by whom: one policy, as a request keeps it. */

/** Who is barred although the rule names them, because the deployment is their own work. */
export const BARS = ['requester', 'release-author', 'configuration-editor'] as const;
export type Bar = (typeof BARS)[number];

/** `people` decide; or something outside is asked, and answers. */
export type RuleKind = 'people' | 'external';

/** All empty: nobody, never everybody. */
export interface Approvers {
  /** As role bindings name them: built-in ones, and the tenant's own. */
  readonly roles: readonly string[];
  /** Ids. */
  readonly groups: readonly string[];
  /** Ids of people. */
  readonly users: readonly string[];
}

/** Decisions must come from members of so many different ones of these groups; a person stands for one. */
export interface DistinctGroups {
  readonly groups: readonly string[];
  readonly count: number;
}

/**
 * A policy frozen when the deployment is asked for. Integers, strings, booleans and null only: it is hashed
 * into the subject, so that a decision covers the rule that it was given under. Every rule must be met on its
 * own, and a person counts once in each.
 */
export interface ApprovalRule {
  /** Null: no policy, but the request itself (`requireApproval`): see `ownRule`. */
  readonly policyId: string | null;
  readonly name: string;
  readonly version: number;
  readonly kind: RuleKind;
  readonly approvers: Approvers;
  /** Of a rule of kind `external`: always 1. */
  readonly quorum: number;
  readonly distinctGroups: DistinctGroups | null;
  readonly bars: readonly Bar[];
  /** How long a decision counts; null: as long as the request is open. */
  readonly decisionValidMs: number | null;
  readonly timeoutMs: number;
  readonly reasonRequired: boolean;
  readonly passkeyRequired: boolean;
  /** Of kind `external` only. */
  readonly external: { readonly gateId: string } | null;
}

const DAY_MS = 86_400_000;
export const DEFAULT_TIMEOUT_MS = DAY_MS;

/** What `requireApproval: true` of a request adds: one person who may decide there and did not ask. */
export const ownRule: ApprovalRule = {
  policyId: null,
  name: 'asked for with the deployment',
  version: 1,
  kind: 'people',
  approvers: { roles: [], groups: [], users: [] },
  quorum: 1,
  distinctGroups: null,
  bars: ['requester'],
  decisionValidMs: null,
  timeoutMs: DEFAULT_TIMEOUT_MS,
  reasonRequired: false,
  passkeyRequired: false,
  external: null,
};

/** What somebody is now, for one module in one environment. */
export interface PersonFacts {
  /** Names of the roles that they hold there, their groups' among them. */
  readonly roles: readonly string[];
  /** Ids of all groups that they are in. */
  readonly groups: readonly string[];
  /** A member of the tenant, neither suspended there nor as a person. */
  readonly isActive: boolean;
  /** One of their roles gives `approvals:decide` there. A rule names people; it gives nothing. */
  readonly mayDecide: boolean;
}

export type People = ReadonlyMap<string, PersonFacts>;

/** Whether the rule lets them decide, were they not barred. Whoever is not known may not. */
export function isApprover(
  rule: ApprovalRule,
  personId: string,
  facts: PersonFacts | undefined,
): boolean {
  if (rule.kind !== 'people' || !facts?.isActive || !facts.mayDecide) return false;
  if (rule.policyId === null) return true;
  const { roles, groups, users } = rule.approvers;
  return (
    users.includes(personId) ||
    facts.roles.some((role) => roles.includes(role)) ||
    facts.groups.some((group) => groups.includes(group))
  );
}

/** Who is barred, by what bars them: people only, since a machine decides nothing anyway. */
export type Barred = Readonly<Record<Bar, readonly string[]>>;

export function isBarred({ bars }: ApprovalRule, personId: string, barred: Barred): boolean {
  return bars.some((bar) => barred[bar].includes(personId));
}

/** Who could decide now: named by the rule, allowed to decide there, not barred. */
export function possibleApprovers(rule: ApprovalRule, people: People, barred: Barred): string[] {
  return [...people]
    .filter(([id, facts]) => isApprover(rule, id, facts) && !isBarred(rule, id, barred))
    .map(([id]) => id);
}
