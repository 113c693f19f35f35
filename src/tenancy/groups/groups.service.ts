import { Injectable } from '@nestjs/common';
import { newId } from '../../kernel/ids.js';
import { limits } from '../../kernel/limits.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { insertNew, updateOne } from '../../platform/database/entity-rows.js';
import { versionMismatch } from '../../platform/http/http.errors.js';
import { idempotent } from '../../platform/http/idempotency.js';
import { newestFirst, type Page } from '../../platform/http/page.js';
import { changing } from '../../platform/events/changing.js';
import { checkMayGive } from '../permissions/giving.js';
import { endSessionsOfHolders } from '../permissions/holders.queries.js';
import {
  checkAdminIsLeft,
  lockAdminsOf,
  removeRolesOf,
  rolesOf,
} from '../permissions/role-bindings.store.js';
import { accountKey } from '../users/account-name.js';
import { emptyGroup } from './group-members.store.js';
import { GroupEntity } from './group.entity.js';
import type { GroupBody, GroupsQuery } from './groups.dto.js';
import { groupExists, groupKeptElsewhere, groupLimit, groupNotFound } from './groups.errors.js';
import { groupChanged, groupCreated, groupDeleted } from './groups.events.js';
import { groupView, groupViews, type GroupView } from './groups.views.js';

/** Sets of a tenant's members, who hold together the roles that are given to the group. */
@Injectable()
export class GroupsService {
  constructor(private readonly database: Database) {}

  list(ctx: Context, query: GroupsQuery): Promise<Page<GroupView>> {
    return this.database.transaction(ctx, (open) =>
      newestFirst('groups', query, (before, take) =>
        groupViews(open, query.userId, { before, take }),
      ),
    );
  }

  /** Throws `group-not-found`. */
  get(ctx: Context, id: string): Promise<GroupView> {
    return this.database.transaction(ctx, (open) => findGroup(open, id));
  }

  /** Throws `group-limit`, `group-exists`. */
  async create(ctx: Context, body: GroupBody, key: string | undefined): Promise<GroupView> {
    const call = { key, route: 'POST /groups', body };
    const answer = await idempotent(this.database, ctx, call, async (open) => {
      const group = await findGroup(open, await insert(open, body));
      await open.record(
        changing(groupCreated(group.id, { name: group.name }), { before: null, after: group }),
      );
      return { status: 201, body: group };
    });
    return answer.body;
  }

  /** Throws `group-not-found`, `group-kept-elsewhere`, `group-exists`, `version-mismatch`. */
  replace(
    ctx: Context,
    id: string,
    { version, body }: { readonly version: number; readonly body: GroupBody },
  ): Promise<GroupView> {
    return this.database.transaction(ctx, async (open) => {
      // One change of names at a time: what is taken is looked up before.
      await lockAdminsOf(open);
      const before = await findOwnGroup(open, id);
      const groups = open.tx.repository(GroupEntity);
      const { tenantId } = open;
      const nameKey = accountKey(body.name);
      const other = await groups.findOneBy({ tenantId, nameKey });
      if (other && other.id !== id) throw groupExists(body.name);
      const row = await updateOne(groups, { tenantId, id, version }, { ...body, nameKey });
      if (!row) throw versionMismatch(before.version);
      const after = await findGroup(open, id);
      await open.record(changing(groupChanged(id, { name: row.name }), { before, after }));
      return after;
    });
  }

  /**
   * With the roles that it held: the sessions of its members end, if it held any. Throws
   * `group-not-found`, `group-kept-elsewhere`, `role-beyond-own`, `last-admin`.
   */
  remove(ctx: Context, id: string): Promise<void> {
    return this.database.transaction(ctx, async (open) => {
      await lockAdminsOf(open);
      const before = await findOwnGroup(open, id);
      const { name } = before;
      const subject = { kind: 'group', id } as const;
      const roles = await rolesOf(open, subject);
      checkMayGive(open.grants, roles);
      if (roles.length > 0) await endSessionsOfHolders(open, [subject]);
      await removeRolesOf(open, subject);
      await emptyGroup(open, id);
      await open.tx.repository(GroupEntity).delete({ tenantId: open.tenantId, id });
      await checkAdminIsLeft(open);
      await open.record(changing(groupDeleted(id, { name }), { before, after: null }));
    });
  }
}

/** Throws `group-not-found`. */
export async function findGroup(open: OpenContext, id: string): Promise<GroupView> {
  const group = await groupView(open, id);
  if (group) return group;
  throw groupNotFound();
}

/** One that people here keep. Throws `group-not-found`, `group-kept-elsewhere`. */
export async function findOwnGroup(open: OpenContext, id: string): Promise<GroupView> {
  const group = await findGroup(open, id);
  if (group.source === 'manual') return group;
  throw groupKeptElsewhere();
}

/** Answers its id. Throws `group-limit`, `group-exists`. */
async function insert(open: OpenContext, body: GroupBody): Promise<string> {
  const { tenantId } = open;
  const groups = open.tx.repository(GroupEntity);
  if ((await groups.countBy({ tenantId })) >= limits.groupsPerTenant) throw groupLimit('groups');
  const row = { ...body, tenantId, id: newId(), nameKey: accountKey(body.name) };
  const [added] = await insertNew(groups, row);
  if (added) return added.id;
  throw groupExists(body.name);
}
