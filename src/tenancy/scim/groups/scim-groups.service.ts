import { Injectable } from '@nestjs/common';
import { isId, newId } from '../../../kernel/ids.js';
import { limits } from '../../../kernel/limits.js';
import type { Context, OpenContext } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { insertNew, updateOne } from '../../../platform/database/entity-rows.js';
import { changing } from '../../../platform/events/changing.js';
import { emptyGroup } from '../../groups/group-members.store.js';
import { GroupEntity } from '../../groups/group.entity.js';
import { endSessionsOfHolders } from '../../permissions/holders.queries.js';
import { lockAdminsOf, removeRolesOf, rolesOf } from '../../permissions/role-bindings.store.js';
import { accountKey } from '../../users/account-name.js';
import { GROUP } from '../protocol/attributes.js';
import {
  isAskedFor,
  type ListQuery,
  type Shown,
  type ShownQuery,
  shownAs,
} from '../protocol/messages.js';
import { patched } from '../protocol/patch.js';
import { readResource } from '../protocol/resource.js';
import {
  scimLimit,
  scimNameTaken,
  scimNotFound,
  scimValueInvalid,
} from '../protocol/scim.errors.js';
import { checkSeen } from '../protocol/versions.js';
import { ScimAddress } from '../scim-address.js';
import { checkAdminStays } from '../users/membership-changes.js';
import {
  type GroupFields,
  groupFieldsOf,
  groupResourceOf,
  shownGroup,
} from './directory-group-form.js';
import * as events from './directory-groups.events.js';
import { membersOfGroups, namesOfDirectoryUsers } from './directory-groups.queries.js';
import {
  addToDirectoryGroup,
  emptyDirectoryGroup,
  takeOutOfDirectoryGroup,
} from './directory-groups.store.js';
import { listedGroups } from './scim-groups.list.js';

type Names = ReadonlyMap<string, string>;

/**
 * Groups that a directory keeps, with their members. What roles they have, people of the tenant have given
 * to them; a group that people keep here cannot be touched, nor named.
 */
@Injectable()
export class ScimGroupsService {
  constructor(
    private readonly database: Database,
    private readonly address: ScimAddress,
  ) {}

  /** Throws `scim-filter-invalid`. */
  list(ctx: Context, query: ListQuery): Promise<object> {
    return this.database.transaction(ctx, (open) => listedGroups(open, query, this.address.base));
  }

  /** Throws `scim-not-found`. */
  get(ctx: Context, id: string, query: ShownQuery): Promise<Shown> {
    return this.database.transaction(ctx, (open) => this.shown(open, id, query));
  }

  /** Throws `scim-limit`, `scim-name-taken`, and what reading a body does. */
  create(ctx: Context, body: unknown, query: ShownQuery): Promise<Shown> {
    const { name, externalId, memberIds } = groupFieldsOf(readResource(GROUP, body));
    return this.database.transaction(ctx, async (open) => {
      await lockAdminsOf(open);
      const { tenantId } = open;
      const groups = open.tx.repository(GroupEntity);
      if ((await groups.countBy({ tenantId })) >= limits.groupsPerTenant) throw scimLimit('groups');
      const row = { tenantId, id: newId(), name, nameKey: accountKey(name), externalId };
      const [group] = await insertNew(groups, { ...row, description: '', source: 'scim' });
      if (!group) throw nameTaken(name);
      const added = events.directoryGroupAdded(group.id, { name });
      await open.record(changing(added, { before: null, after: { name, externalId } }));
      await this.setMembers(open, group, { before: new Map(), memberIds });
      return this.shown(open, group.id, query);
    });
  }

  /** Throws `scim-not-found`, `version-mismatch`, `scim-name-taken`, `scim-limit`, `directory-last-admin`. */
  replace(
    ctx: Context,
    id: string,
    body: unknown,
    { query, ifMatch }: { readonly query: ShownQuery; readonly ifMatch?: string | undefined },
  ): Promise<Shown> {
    const fields = groupFieldsOf(readResource(GROUP, body));
    return this.database.transaction(ctx, async (open) => {
      await this.change(open, { id, ifMatch }, () => fields);
      return this.shown(open, id, query);
    });
  }

  /** As `replace`; and the errors of PATCH. */
  patch(ctx: Context, id: string, body: unknown, ifMatch: string | undefined): Promise<void> {
    return this.database.transaction(ctx, (open) =>
      this.change(open, { id, ifMatch }, (group, names) => {
        const members = [...names].map(([each, userName]) => ({ id: each, userName }));
        return groupFieldsOf(patched(GROUP, groupResourceOf(group, members), body));
      }),
    );
  }

  /** With the roles that it held. Throws `scim-not-found`, `version-mismatch`, `directory-last-admin`. */
  remove(ctx: Context, id: string, ifMatch: string | undefined): Promise<void> {
    return this.database.transaction(ctx, async (open) => {
      await lockAdminsOf(open);
      const { name, externalId, version } = await find(open, id);
      checkSeen(ifMatch, version);
      const subject = { kind: 'group', id } as const;
      const roles = await rolesOf(open, subject);
      if (roles.length > 0) await endSessionsOfHolders(open, [subject]);
      await removeRolesOf(open, subject);
      await emptyDirectoryGroup(open, id);
      await emptyGroup(open, id);
      await open.tx.repository(GroupEntity).delete({ tenantId: open.tenantId, id });
      await checkAdminStays(open);
      const deleted = events.directoryGroupDeleted(id, { name });
      await open.record(changing(deleted, { before: { name, externalId }, after: null }));
    });
  }

  private async change(
    open: OpenContext,
    { id, ifMatch }: { readonly id: string; readonly ifMatch: string | undefined },
    next: (group: GroupEntity, members: Names) => GroupFields,
  ): Promise<void> {
    await lockAdminsOf(open);
    const group = await find(open, id);
    checkSeen(ifMatch, group.version);
    const members = await membersOfGroups(open, [id]);
    const before: Names = new Map(members.map((each) => [each.id, each.userName]));
    const { name, externalId, memberIds } = next(group, before);
    const isMoved = await this.setMembers(open, { id, name }, { before, memberIds });
    if (!isMoved && name === group.name && externalId === group.externalId) return;
    await save(open, group, { name, externalId });
  }

  /** False: they are the same. Throws `scim-limit`, `scim-value-invalid`, `directory-last-admin`. */
  private async setMembers(
    open: OpenContext,
    group: { readonly id: string; readonly name: string },
    { before, memberIds }: { readonly before: Names; readonly memberIds: readonly string[] },
  ): Promise<boolean> {
    const wanted = new Set(memberIds);
    const added = memberIds.filter((id) => !before.has(id));
    const removed = [...before.keys()].filter((id) => !wanted.has(id));
    if (added.length + removed.length === 0) return false;
    if (wanted.size > limits.membersPerGroup) throw scimLimit('members');
    const names = await namesOf(open, added);
    const out = await takeOutOfDirectoryGroup(open, group.id, removed);
    await addToDirectoryGroup(open, group.id, added);
    await checkAdminStays(open);
    await endSessionsOf(open, group.id, out);
    await events.recordMembers(open, group, {
      added: added.map((id) => names.get(id)!),
      removed: removed.map((id) => before.get(id)!),
    });
    return true;
  }

  private async shown(open: OpenContext, id: string, query: ShownQuery): Promise<Shown> {
    const group = await find(open, id);
    const members = isAskedFor('members', query) ? await membersOfGroups(open, [id]) : [];
    return shownAs(shownGroup(group, { members, base: this.address.base }), query);
  }
}

/** One that the directory keeps. Throws `scim-not-found`: of another tenant, or of people here, as of nobody. */
async function find(open: OpenContext, id: string): Promise<GroupEntity> {
  const { tenantId } = open;
  const groups = open.tx.repository(GroupEntity);
  const group = isId(id) ? await groups.findOneBy({ tenantId, id, source: 'scim' }) : null;
  if (group) return group;
  throw scimNotFound();
}

/** Its version grows with its members, too. */
async function save(
  open: OpenContext,
  { id, version, ...before }: GroupEntity,
  { name, externalId }: Pick<GroupFields, 'name' | 'externalId'>,
): Promise<void> {
  const { tenantId } = open;
  const groups = open.tx.repository(GroupEntity);
  const nameKey = accountKey(name);
  const other = await groups.findOneBy({ tenantId, nameKey });
  if (other && other.id !== id) throw nameTaken(name);
  await updateOne(groups, { tenantId, id, version }, { name, nameKey, externalId });
  if (name === before.name && externalId === before.externalId) return;
  const was = { name: before.name, externalId: before.externalId };
  const type = name === before.name ? events.directoryGroupChanged : events.directoryGroupRenamed;
  const event = type(id, { name });
  await open.record(changing(event, { before: was, after: { name, externalId } }));
}

/** Whoever may do less signs in again, as with groups that people keep. */
async function endSessionsOf(
  open: OpenContext,
  groupId: string,
  userIds: readonly string[],
): Promise<void> {
  if (userIds.length === 0) return;
  const roles = await rolesOf(open, { kind: 'group', id: groupId });
  if (roles.length === 0) return;
  const people = userIds.map((id) => ({ kind: 'user', id }) as const);
  await endSessionsOfHolders(open, people);
}

/** Throws `scim-value-invalid`: of another tenant as of nobody. */
async function namesOf(open: OpenContext, ids: readonly string[]): Promise<Names> {
  if (ids.length === 0) return new Map();
  const names = await namesOfDirectoryUsers(open, ids.filter(isId));
  const unknown = ids.find((id) => !names.has(id));
  if (unknown === undefined) return names;
  throw scimValueInvalid(`There is no user with the id "${unknown.slice(0, 80)}" here.`);
}

const nameTaken = (name: string) =>
  scimNameTaken(
    `There is a group "${name}" in the tenant already. If people keep it there, rename it or this one.`,
  );
