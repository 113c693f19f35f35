import type { OpenContext } from '../../../platform/context.js';
import type { DeploymentSpec } from '../../planning/deployment-spec.js';
import { approvalImpossible } from '../approvals.errors.js';
import { shortfallOf } from '../policies/shortfall.js';
import { electorateOf } from './look.js';

/**
 * Whoever asks hears at once that nobody could approve it, instead of waiting for a day: an installation
 * with one admin learns it here. Throws `approval-impossible`.
 */
export async function refuseImpossible(open: OpenContext, spec: DeploymentSpec): Promise<void> {
  const { approvals } = spec;
  if (approvals.length === 0) return;
  const { people, barred } = await electorateOf(open, spec, approvals, open.actor.personId);
  for (const rule of approvals) {
    const short = shortfallOf(rule, people, barred);
    if (!short) continue;
    throw approvalImpossible(rule.name, short.have, short.need, short.part === 'distinct-groups');
  }
}
