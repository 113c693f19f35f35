import { Injectable } from '@nestjs/common';
import { builtInEnvironmentsAdded } from '../../../fleet/environments/environments.events.js';
import { Config } from '../../../platform/config/config.js';
import type { OpenContext } from '../../../platform/context.js';
import { Events } from '../../../platform/events/events.js';
import { changing } from '../../../platform/events/changing.js';
import { accountKey } from '../../../tenancy/users/account-name.js';
import { DEFAULT_TIMEOUT_MS } from '../rule.js';
import { approvalPolicyChanged } from './approval-policies.events.js';
import { insertPolicy, noteWherePoliciesCount } from './approval-policies.store.js';
import { approvalPolicyView } from './approval-policies.views.js';
import { factsOf } from './policy-facts.js';

/** Of those that every tenant begins with. */
const ENVIRONMENTS: readonly string[] = ['Staging', 'Production'];

/**
 * What a new tenant's Staging and Production ask for: one Admin who is not the requester. It is not held to
 * what could be met now, since a tenant begins with one person: a deployment is refused with the ways out.
 * Environments that were there before policies were have none.
 */
@Injectable()
export class BuiltInPolicies {
  constructor(events: Events, config: Config) {
    if (config.defaultApprovals === 'none') return;
    events.hear(builtInEnvironmentsAdded, async (open, { body }) => {
      const asked = body.environments.filter(({ name }) => ENVIRONMENTS.includes(name));
      for (const environment of asked) await add(open, environment);
      if (asked.length > 0) await noteWherePoliciesCount(open);
    });
  }
}

async function add(
  open: OpenContext,
  environment: { readonly id: string; readonly name: string },
): Promise<void> {
  const name = `One other Admin in ${environment.name}`;
  const id = await insertPolicy(open, {
    name,
    nameKey: accountKey(name),
    description: 'Built in: one Admin who did not ask for the deployment.',
    environmentId: environment.id,
    kind: 'people',
    approvers: { roles: ['Admin'], groups: [], users: [] },
    quorum: 1,
    bars: ['requester'],
    timeoutMs: DEFAULT_TIMEOUT_MS,
    reasonRequired: false,
    passkeyRequired: false,
  });
  const view = id && (await approvalPolicyView(open, id));
  if (!view) return;
  const facts = { before: null, after: factsOf(view), environments: [environment.name] };
  const event = approvalPolicyChanged(view.id, { change: 'created', ...facts });
  await open.record(changing(event, facts));
}
