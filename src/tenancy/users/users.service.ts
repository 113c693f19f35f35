import { Injectable } from '@nestjs/common';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import type { Page } from '../../platform/http/page.js';
import { sorted } from '../../platform/http/sorted-page.js';
import { changing } from '../../platform/events/changing.js';
import { endSessionsIn } from '../auth/sessions.store.js';
import { checkMayGive, findRoles } from '../permissions/giving.js';
import {
  checkAdminIsLeft,
  lockAdminsOf,
  removeRolesOf,
} from '../permissions/role-bindings.store.js';
import { deactivatePerson } from '../scim/users/directory-users.store.js';
import { bindAll } from './given-roles.js';
import type { GivenRole } from './given-roles.dto.js';
import { memberView, memberViews } from './members.views.js';
import { removeMembership } from './memberships.store.js';
import { userNotFound } from './user.errors.js';
import type { MemberView, UsersQuery } from './users.dto.js';
import { userRemoved, userRolesChanged } from './users.events.js';

/** The members of a tenant. Accounts, addresses and passwords are the people's own. */
@Injectable()
export class UsersService {
  constructor(private readonly database: Database) {}

  list(ctx: Context, query: UsersQuery): Promise<Page<MemberView>> {
    return this.database.transaction(ctx, (open) =>
      sorted('users', query, {
        first: '-createdAt',
        age: 'createdAt',
        read: (slice) => memberViews(open, query, slice),
      }),
    );
  }

  /** Throws `user-not-found`. */
  get(ctx: Context, id: string): Promise<MemberView> {
    return this.database.transaction(ctx, (open) => find(open, id));
  }

  /**
   * Replaces the roles that people have given; those of a directory or of claims are theirs. Who is
   * not the same as before signs in again. Throws `user-not-found`, `role-unknown`, `platform-role`,
   * `role-beyond-own`, `last-admin`.
   */
  replaceRoles(ctx: Context, id: string, given: readonly GivenRole[]): Promise<MemberView> {
    return this.database.transaction(ctx, async (open) => {
      await lockAdminsOf(open);
      const before = await find(open, id);
      const roles = await findRoles(open, given);
      checkMayGive(open.grants, roles);
      await checkMayTake(open, before);
      await removeRolesOf(open, { kind: 'user', id }, 'manual');
      await bindAll(open, id, roles);
      await checkAdminIsLeft(open);
      const after = await find(open, id);
      if (spelling(before) === spelling(after)) return after;
      await endSessionsIn(open, id);
      await open.record(
        changing(userRolesChanged(id, factsOf(after)), {
          before: { roles: before.roles },
          after: { roles: after.roles },
        }),
      );
      return after;
    });
  }

  /** Takes the membership with all it has brought. Throws `user-not-found`, `last-admin`, and as above. */
  remove(ctx: Context, id: string): Promise<void> {
    return this.database.transaction(ctx, async (open) => {
      await lockAdminsOf(open);
      const member = await find(open, id);
      await checkMayTake(open, member);
      await removeMembership(open, id);
      await deactivatePerson(open, id);
      await checkAdminIsLeft(open);
      await endSessionsIn(open, id);
      await open.record(
        changing(userRemoved(id, factsOf(member)), { before: member, after: null }),
      );
    });
  }
}

async function find(open: OpenContext, id: string): Promise<MemberView> {
  const member = await memberView(open, id);
  if (member) return member;
  throw userNotFound();
}

async function checkMayTake(open: OpenContext, member: MemberView): Promise<void> {
  checkMayGive(open.grants, await findRoles(open, ownOf(member)));
}

/** Without what groups bring. */
function ownOf({ roles }: MemberView): GivenRole[] {
  return roles
    .filter(({ group }) => group === null)
    .map(({ role, modules, environments }) => ({ role, modules, environments }));
}

function factsOf(member: MemberView) {
  return { username: member.username, roles: ownOf(member) };
}

function spelling(member: MemberView): string {
  return ownOf(member)
    .map((role) => JSON.stringify(role))
    .sort()
    .join();
}
