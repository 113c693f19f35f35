import { Injectable } from '@nestjs/common';
import type { EventBody, EventType } from '../../platform/events/event.js';
import { Events } from '../../platform/events/events.js';
import {
  groupCreated,
  groupDeleted,
  groupMemberAdded,
  groupMemberRemoved,
} from '../groups/groups.events.js';
import {
  invitationResent,
  invitationRevoked,
  userInvited,
} from '../invitations/invitations.events.js';
import { roleChanged, roleCreated, roleDeleted } from '../roles/roles.events.js';
import { actedOnPeople } from '../tenants/tenants.events.js';
import { userRemoved, userRolesChanged } from '../users/users.events.js';
import { roleGiven, roleTaken } from './role-bindings.events.js';

/** Who the tenant's people are, and what they may do. */
const ABOUT_PEOPLE: readonly EventType[] = [
  roleGiven,
  roleTaken,
  roleCreated,
  roleChanged,
  roleDeleted,
  groupCreated,
  groupDeleted,
  groupMemberAdded,
  groupMemberRemoved,
  userInvited,
  invitationResent,
  invitationRevoked,
  userRolesChanged,
  userRemoved,
].map((type) => type as unknown as EventType);

/** Tells a tenant when somebody from outside has changed who may do what in it. */
@Injectable()
export class ActingAlarms {
  constructor(events: Events) {
    for (const type of ABOUT_PEOPLE) alarmWhenActing(events, type);
  }
}

/** Another kind of event that a tenant must hear of if a platform admin makes it. */
export function alarmWhenActing<Body extends EventBody>(
  events: Events,
  type: EventType<Body>,
): void {
  events.hear(type, async (open, { subjectId }) => {
    if (!open.actor.isActing) return;
    const what = { kind: type.subject, id: subjectId };
    const by = { personId: open.actor.personId, username: open.actor.name };
    await open.record(actedOnPeople(open.tenantId, { event: type.eventName, what, by }));
  });
}
