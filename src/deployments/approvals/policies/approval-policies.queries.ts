import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import { type ApprovalRule, ownRule } from '../rule.js';

/** A deployment as far as policies look at it. */
export interface AskedDeployment {
  readonly environmentId: string;
  readonly environmentName: string;
  /** As the environment's row says: false costs no statement. */
  readonly hasApprovalPolicies: boolean;
  readonly module: string;
  /** Of the environment. */
  readonly labels: Readonly<Record<string, string>>;
  /** Its kind. */
  readonly strategy: string;
  readonly requireApproval: boolean;
}

/** Where a policy counts, beside its environment. */
interface Narrowing {
  readonly modules: readonly string[] | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly strategies: readonly string[] | null;
}

type PolicyRow = Narrowing &
  Omit<ApprovalRule, 'policyId' | 'external'> & {
    readonly id: string;
    readonly externalGateId: string | null;
  };

const findThere = statement<
  { readonly tenantId: string; readonly environmentId: string },
  PolicyRow
>(
  'approval-policies.of-environment',
  `select id, name, version, modules, labels, strategies, kind, approvers, quorum,
     distinct_groups as "distinctGroups", bars, decision_valid_ms as "decisionValidMs",
     timeout_ms as "timeoutMs", reason_required as "reasonRequired",
     passkey_required as "passkeyRequired", external_gate_id as "externalGateId"
   from approval_policies
   where tenant_id = :tenantId and (environment_id is null or environment_id = :environmentId)
   order by id`,
);

/**
 * What must be decided before such a deployment starts: every policy that matches, each on its own, and what
 * the request itself asks for. Nothing in a request takes one away.
 */
export async function rulesFor(
  open: OpenContext,
  asked: AskedDeployment,
): Promise<readonly ApprovalRule[]> {
  const own = asked.requireApproval ? [ownRule] : [];
  if (!asked.hasApprovalPolicies) return own;
  const { tenantId } = open;
  const { environmentId } = asked;
  const policies = await open.tx.query(findThere, { tenantId, environmentId });
  return [...policies.filter((policy) => matches(policy, asked)).map(ruleOf), ...own];
}

function matches(
  { modules, labels, strategies }: Narrowing,
  asked: Pick<AskedDeployment, 'module' | 'labels' | 'strategy'>,
): boolean {
  return (
    (modules?.includes(asked.module) ?? true) &&
    (strategies?.includes(asked.strategy) ?? true) &&
    matchesLabels(labels, asked.labels)
  );
}

type Labels = Readonly<Record<string, string>>;

export function matchesLabels(wanted: Labels, labels: Labels): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

function ruleOf(policy: PolicyRow): ApprovalRule {
  const { id, modules: _modules, labels: _labels, strategies: _strategies, ...rest } = policy;
  const { externalGateId, ...rule } = rest;
  return {
    ...rule,
    policyId: id,
    external: externalGateId === null ? null : { gateId: externalGateId },
  };
}
