/** One look at what has been asked for a deployment, and how far it has come with the people of now. */
import type { OpenContext } from '../../../platform/context.js';
import { subjectOf, type DeploymentSpec } from '../../planning/deployment-spec.js';
import { environmentByName } from '../../../fleet/fleet.queries.js';
import { rulesFor } from '../policies/approval-policies.queries.js';
import { approverFacts } from '../policies/approver-facts.queries.js';
import { barredPersons } from '../policies/barred-persons.queries.js';
import type { CountedRule } from '../approvals.events.js';
import type { ApprovalRule, Barred, People } from '../rule.js';
import { decisionsOf, type Decision } from './decisions.store.js';
import type { ApprovalOverrides } from './overrides.js';
import type { ApprovalRequest } from './request.js';
import {
  type CountedDecision,
  countingFor,
  type Override,
  type Standing,
  standingOf,
} from './standing.js';

/** What is demanded of the deployment now; a policy may have changed since it was planned. */
export async function presentRules(
  open: OpenContext,
  spec: DeploymentSpec,
): Promise<readonly ApprovalRule[]> {
  const { id, name, labels, hasApprovalPolicies } = await environmentByName(
    open,
    spec.environment.name,
  );
  return rulesFor(open, {
    environmentId: id,
    environmentName: name,
    hasApprovalPolicies,
    module: spec.module.name,
    labels,
    strategy: spec.strategy.kind,
    requireApproval: spec.approvals.some(({ policyId }) => policyId === null),
  });
}

/** What is signed when these are the rules. */
export function subjectWith(
  open: OpenContext,
  spec: DeploymentSpec,
  rules: readonly ApprovalRule[],
): string {
  return subjectOf(open.tenantId, { ...spec, approvals: rules }).digest;
}

/** Who could decide, and who is barred: now. */
export interface Electorate {
  readonly people: People;
  readonly barred: Barred;
}

export async function electorateOf(
  open: OpenContext,
  spec: DeploymentSpec,
  rules: readonly ApprovalRule[],
  requestedByPerson: string | null,
): Promise<Electorate> {
  const target = { module: spec.module.name, environment: spec.environment.name };
  const people = await approverFacts(open, { rules, target });
  const authored = { ...spec, approvals: rules };
  return { people, barred: await barredPersons(open, authored, requestedByPerson) };
}

export interface Look extends Electorate {
  readonly decisions: readonly Decision[];
  readonly override: Override | null;
  readonly standing: Standing;
}

export interface LookAsked {
  readonly spec: DeploymentSpec;
  readonly request: ApprovalRequest;
  /** The database's clock, in ms since the epoch. */
  readonly now: number;
}

/** In the transaction that has the deployment's row locked: nobody decides meanwhile. */
export async function lookAt(
  open: OpenContext,
  { spec, request, now }: LookAsked,
  overrides: ApprovalOverrides,
): Promise<Look> {
  const { rules, requestedByPerson } = request;
  const electorate = await electorateOf(open, spec, rules, requestedByPerson);
  const decisions = (await decisionsOf(open, request.deploymentId)).filter(
    ({ requestNumber }) => requestNumber === request.number,
  );
  const override = await overrides.of(open, request);
  const seen = { ...electorate, decisions, override };
  return { ...seen, standing: standingWith(rules, seen, now) };
}

/** With other decisions than were read, and the same people. */
export function standingWith(
  rules: readonly ApprovalRule[],
  { people, barred, decisions, override }: Omit<Look, 'standing'>,
  now: number,
): Standing {
  const counted = decisions.flatMap(countedOf);
  return standingOf({ rules, decisions: counted, people, barred, now, override });
}

/** Which decisions have met each rule, and as what those who took them were counted. */
export function countedRules(
  rules: readonly ApprovalRule[],
  { people, barred, decisions }: Omit<Look, 'standing' | 'override'>,
  now: number,
): CountedRule[] {
  const seen = { people, barred, now, decisions: decisions.flatMap(countedOf) };
  return rules.map((rule) => {
    const { policyId, version, name, kind, quorum, passkeyRequired } = rule;
    const about = { policyId, version, name, kind, quorum, passkeyRequired };
    const counting = countingFor(rule, seen).map(({ id: decisionId, personId, gateId }) => {
      const { roles = [], groups = [] } = (personId !== null && people.get(personId)) || {};
      const named = rule.approvers;
      return {
        decisionId,
        personId,
        gateId,
        roles: named.roles.filter((role) => roles.includes(role)),
        groups: named.groups.filter((group) => groups.includes(group)),
      };
    });
    return { ...about, decisions: counting };
  });
}

function countedOf(decision: Decision): (CountedDecision & { readonly id: string })[] {
  const { id, verb, personId, gateId, at, evidence, voidedAt } = decision;
  if (voidedAt !== null || (verb !== 'approve' && verb !== 'reject')) return [];
  const provedFor = Object.keys(evidence ?? {});
  return [{ id, verb, personId, gateId, at: at.getTime(), provedFor }];
}
