import { Injectable } from '@nestjs/common';
import { limits } from '../../kernel/limits.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { newestFirst, type Page, type PageRequest } from '../../platform/http/page.js';
import { changing } from '../../platform/events/changing.js';
import { endSessionsIn } from '../auth/sessions.store.js';
import { checkMayGive } from '../permissions/giving.js';
import { subjectUnknown } from '../permissions/role-bindings.errors.js';
import { checkAdminIsLeft, lockAdminsOf, rolesOf } from '../permissions/role-bindings.store.js';
import { findBindable } from '../permissions/role-bindings.views.js';
import { addGroupMember, removeGroupMember } from './group-members.store.js';
import type { NewMember } from './groups.dto.js';
import { groupKeptElsewhere, groupLimit, groupMemberNotFound } from './groups.errors.js';
import { groupMemberAdded, groupMemberRemoved } from './groups.events.js';
import { findGroup, findOwnGroup } from './groups.service.js';
import { groupMember, groupMembers, type GroupMember } from './groups.views.js';

/**
 * Who is in a group, by hand. To add somebody is to give them its roles, so nobody adds to a group that
 * holds more than they hold themselves, nor takes out of it.
 */
@Injectable()
export class GroupMembersService {
  constructor(private readonly database: Database) {}

  /** Throws `group-not-found`. */
  list(ctx: Context, id: string, request: PageRequest): Promise<Page<GroupMember>> {
    return this.database.transaction(ctx, async (open) => {
      await findGroup(open, id);
      return newestFirst(`members of group ${id}`, request, (before, take) =>
        groupMembers(open, id, { before, take }),
      );
    });
  }

  /**
   * Who is in it already stays. Throws `group-not-found`, `group-kept-elsewhere`, `subject-unknown`,
   * `role-beyond-own`, `group-limit`.
   */
  add(ctx: Context, groupId: string, request: NewMember): Promise<GroupMember> {
    return this.database.transaction(ctx, async (open) => {
      await lockAdminsOf(open);
      const group = await findOwnGroup(open, groupId);
      const userId = await memberOf(open, request);
      checkMayGive(open.grants, await rolesOf(open, { kind: 'group', id: groupId }));
      const there = await groupMember(open, groupId, userId);
      if (there) return there;
      if (group.members >= limits.membersPerGroup) throw groupLimit('members');
      await addGroupMember(open, { groupId, userId });
      const member = (await groupMember(open, groupId, userId))!;
      const { username } = member;
      const added = groupMemberAdded(groupId, { name: group.name, userId, username });
      await open.record(changing(added, { before: null, after: member }));
      return member;
    });
  }

  /**
   * Their sessions in the tenant end, if the group holds a role. Throws `group-not-found`,
   * `group-kept-elsewhere`, `group-member-not-found`, `role-beyond-own`, `last-admin`.
   */
  remove(ctx: Context, groupId: string, userId: string): Promise<void> {
    return this.database.transaction(ctx, async (open) => {
      await lockAdminsOf(open);
      const { name } = await findOwnGroup(open, groupId);
      const member = await groupMember(open, groupId, userId);
      if (!member) throw groupMemberNotFound();
      if (member.source !== 'manual') throw groupKeptElsewhere();
      const roles = await rolesOf(open, { kind: 'group', id: groupId });
      checkMayGive(open.grants, roles);
      await removeGroupMember(open, { groupId, userId });
      await checkAdminIsLeft(open);
      if (roles.length > 0) await endSessionsIn(open, userId);
      const { username } = member;
      const removed = groupMemberRemoved(groupId, { name, userId, username });
      await open.record(changing(removed, { before: member, after: null }));
    });
  }
}

async function memberOf(open: OpenContext, { userId, username }: NewMember): Promise<string> {
  const named = {
    ...(userId === undefined ? {} : { id: userId }),
    ...(username === undefined ? {} : { name: username }),
  };
  const found = await findBindable(open, { kind: 'user', ...named });
  if (found) return found.id;
  throw subjectUnknown('user');
}
