/** What policies answer, until there are any: only what the request itself has asked for. */
import type { OpenContext } from '../../../platform/context.js';
import type { DeploymentSpec } from '../../planning/deployment-spec.js';
import { ownRule, type ApprovalRule, type Barred, type People } from '../rule.js';

export interface RulesAsked {
  readonly environmentId: string;
  readonly environmentName: string;
  readonly module: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly strategy: string;
  readonly requireApproval: boolean;
}

export function rulesFor(_open: OpenContext, asked: RulesAsked): Promise<ApprovalRule[]> {
  return Promise.resolve(asked.requireApproval ? [ownRule] : []);
}

export interface FactsAsked {
  readonly rules: readonly ApprovalRule[];
  readonly target: { readonly module: string; readonly environment: string };
}

export function approverFacts(_open: OpenContext, _asked: FactsAsked): Promise<People> {
  return Promise.resolve(new Map());
}

export function barredPersons(
  _open: OpenContext,
  _spec: DeploymentSpec,
  requestedBy: string | null,
): Promise<Barred> {
  const requester = requestedBy === null ? [] : [requestedBy];
  return Promise.resolve({
    requester,
    'release-author': [],
    'configuration-editor': [],
  });
}
