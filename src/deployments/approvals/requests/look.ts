/** One look at what has been asked for a deployment, and how far it has come with the people of now. */
import type { OpenContext } from '../../../platform/context.js';
import { subjectOf, type DeploymentSpec } from '../../planning/deployment-spec.js';
import { approverFacts, barredPersons, rulesFor } from '../policies/stand-in.js';
import type { ApprovalRule, Barred, People } from '../rule.js';
import { decisionsOf, type Decision } from './decisions.store.js';
import type { ApprovalOverrides } from './overrides.js';
import type { ApprovalRequest } from './request.js';
import { standingOf, type CountedDecision, type Standing } from './standing.js';

/** What is demanded of the deployment now; a policy may have changed since it was planned. */
export function presentRules(open: OpenContext, spec: DeploymentSpec): Promise<ApprovalRule[]> {
  return rulesFor(open, {
    environmentId: spec.environment.id,
    environmentName: spec.environment.name,
    module: spec.module.name,
    labels: {},
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
  return { people, barred: await barredPersons(open, spec, requestedByPerson) };
}

export interface Look extends Electorate {
  readonly decisions: readonly Decision[];
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
  const counted = decisions.flatMap(countedOf);
  const standing = standingOf({ rules, decisions: counted, ...electorate, now, override });
  return { ...electorate, decisions, standing };
}

function countedOf(decision: Decision): CountedDecision[] {
  const { verb, personId, gateId, at, evidence, voidedAt } = decision;
  if (voidedAt !== null || (verb !== 'approve' && verb !== 'reject')) return [];
  return [
    { verb, personId, gateId, at: at.getTime(), provedFor: Object.keys(evidence ?? {}) },
  ];
}
