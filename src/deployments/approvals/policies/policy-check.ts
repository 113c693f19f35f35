import { Injectable } from '@nestjs/common';
import { environmentByName, environmentsOf } from '../../../fleet/fleet.queries.js';
import type { OpenContext } from '../../../platform/context.js';
import { accountKey } from '../../../tenancy/users/account-name.js';
import { strategies } from '../../strategies/strategies.js';
import type { ApprovalRule } from '../rule.js';
import { approvalPolicyUnmeetable } from './approval-policies.errors.js';
import type { ApprovalPolicyBody } from './approval-policies.dto.js';
import { matchesLabels } from './approval-policies.queries.js';
import type { ApprovalPolicyEntity } from './approval-policy.entity.js';
import { decidersOf } from './approver-facts.queries.js';
import { approversNamed, groupsNamed } from './approvers-named.js';
import { ExternalGates } from './external-gates.js';
import { leastShortfall, type Reach } from './meetable.js';

/** A row but for what it gets by itself. */
export type PolicyValues = Omit<ApprovalPolicyEntity, 'tenantId' | 'id' | 'version' | 'createdAt'>;

/** From what somebody writes to what is kept: names become ids, and what could never be met is refused. */
@Injectable()
export class PolicyCheck {
  constructor(private readonly gates: ExternalGates) {}

  /**
   * Throws `environment-not-found`, `unknown-strategy`, `approver-unknown`, `external-gate-unknown`,
   * `approval-policy-unmeetable`.
   */
  async valuesOf(open: OpenContext, body: ApprovalPolicyBody): Promise<PolicyValues> {
    const { environment: name, external, modules, strategies: kinds, ...given } = body;
    const environment = name === null ? null : await environmentByName(open, name);
    for (const kind of kinds ?? []) strategies.get(kind);
    if (external) await this.gates.check(open, external.gateId);
    const distinctGroups = given.distinctGroups && (await groupsNamed(open, given.distinctGroups));
    const values: PolicyValues = {
      ...given,
      nameKey: accountKey(given.name),
      environmentId: environment?.id ?? null,
      modules: modules && once(modules),
      strategies: kinds && once(kinds),
      approvers: await approversNamed(open, given.approvers),
      distinctGroups,
      bars: once(given.bars),
      externalGateId: external?.gateId ?? null,
    };
    await refuseUnmeetable(open, values, environment && [environment.name]);
    return values;
  }
}

function once<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}

/** Throws `approval-policy-unmeetable`. */
async function refuseUnmeetable(
  open: OpenContext,
  values: PolicyValues,
  environments: Reach['environments'] | null,
): Promise<void> {
  if (values.kind === 'external') return;
  const rule: ApprovalRule = { ...values, policyId: values.nameKey, version: 1, external: null };
  const reach = {
    modules: values.modules,
    environments: environments ?? (await environmentsWith(open, values.labels)),
  };
  const shortfall = leastShortfall(rule, await decidersOf(open), reach);
  if (shortfall) throw approvalPolicyUnmeetable(shortfall);
}

async function environmentsWith(
  open: OpenContext,
  wanted: PolicyValues['labels'],
): Promise<string[]> {
  const all = await environmentsOf(open);
  return all.filter(({ labels }) => matchesLabels(wanted, labels)).map(({ name }) => name);
}
