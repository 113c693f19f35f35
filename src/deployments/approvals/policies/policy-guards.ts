import { Injectable } from '@nestjs/common';
import { environmentCreated } from '../../../fleet/environments/environments.events.js';
import { ROLES } from '../../../kernel/permission.js';
import type { OpenContext } from '../../../platform/context.js';
import { Events } from '../../../platform/events/events.js';
import { groupDeleted } from '../../../tenancy/groups/groups.events.js';
import { alarmWhenActing } from '../../../tenancy/permissions/acting-alarms.js';
import { lockAdminsOf } from '../../../tenancy/permissions/role-bindings.store.js';
import { namedByPolicy } from '../../../tenancy/roles/roles.errors.js';
import { roleChanged, roleDeleted } from '../../../tenancy/roles/roles.events.js';
import { approvalPolicyChanged } from './approval-policies.events.js';
import { policiesNamingGroup, policiesWithLostRoles } from './policy-names.queries.js';
import { noteWherePoliciesCount } from './approval-policies.store.js';

/**
 * Keeps what policies name as it is: whoever makes a new role or group of the same name would decide. People
 * may leave, and count for nothing then; so do groups that a directory takes away, which nobody can stop.
 */
@Injectable()
export class PolicyGuards {
  constructor(events: Events) {
    events.hear(roleChanged, refuseLostRoles);
    events.hear(roleDeleted, refuseLostRoles);
    events.hear(groupDeleted, async (open, { subjectId }) => {
      refuse(await policiesNamingGroup(open, subjectId));
    });
    events.hear(environmentCreated, noteNewEnvironment);
    alarmWhenActing(events, approvalPolicyChanged);
  }
}

/** Throws `named-by-policy`. */
async function refuseLostRoles(open: OpenContext): Promise<void> {
  refuse(await policiesWithLostRoles(open, ROLES));
}

function refuse(policies: readonly string[]): void {
  if (policies.length > 0) throw namedByPolicy(policies);
}

/** Policies of every environment are of this one, too. */
async function noteNewEnvironment(open: OpenContext): Promise<void> {
  await lockAdminsOf(open);
  await noteWherePoliciesCount(open);
}
