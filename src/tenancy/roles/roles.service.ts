import { Injectable } from '@nestjs/common';
import { EVERYWHERE } from '../../kernel/grants.js';
import { newId } from '../../kernel/ids.js';
import { limits } from '../../kernel/limits.js';
import { permissionsOfRole, PERMISSIONS, ROLES, scopeEffectsOf } from '../../kernel/permission.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { insertNew, updateOne } from '../../platform/database/entity-rows.js';
import { type AnswerOf, answerOf } from '../../platform/http/answer.js';
import { versionMismatch } from '../../platform/http/http.errors.js';
import { idempotent } from '../../platform/http/idempotency.js';
import { changing } from '../../platform/events/changing.js';
import { accountKey } from '../users/account-name.js';
import { checkMayGive } from '../permissions/giving.js';
import { bindingsOfRole, lockAdminsOf } from '../permissions/role-bindings.store.js';
import { endSessionsOfHolders } from '../permissions/holders.queries.js';
import { RoleEntity } from './role.entity.js';
import { ownRoleOut, type RoleBody } from './roles.dto.js';
import { roleExists, roleInUse, roleLimit, roleNotFound } from './roles.errors.js';
import { roleChanged, roleCreated, roleDeleted } from './roles.events.js';

export type OwnRole = AnswerOf<typeof ownRoleOut>;

/**
 * Roles of a tenant's own: named sets of permissions, none of the platform's, and none that its maker
 * lacks.
 */
@Injectable()
export class RolesService {
  constructor(private readonly database: Database) {}

  /** The built-in ones, then the tenant's own by their names. */
  list(ctx: Context) {
    return this.database.transaction(ctx, async (open) => {
      const own = await open.tx.repository(RoleEntity).find({
        where: { tenantId: open.tenantId },
        order: { nameKey: 'asc' },
      });
      const roles = own.map(({ id, name, description, permissions }) => {
        const facts = { id, name, description, permissions };
        return { ...facts, isBuiltIn: false };
      });
      return { items: [...builtIn, ...roles], nextCursor: null };
    });
  }

  /** Throws `role-not-found`. */
  get(ctx: Context, id: string): Promise<OwnRole> {
    return this.database.transaction(ctx, (open) => find(open, id));
  }

  /** Throws `role-beyond-own`, `role-limit`, `role-exists`. */
  async create(ctx: Context, body: RoleBody, key: string | undefined): Promise<OwnRole> {
    const call = { key, route: 'POST /roles', body };
    const answer = await idempotent(this.database, ctx, call, async (open) => {
      mustHold(open, body.name, body.permissions);
      const role = await insert(open, body);
      await open.record(
        changing(roleCreated(role.id, factsOf(role)), { before: null, after: role }),
      );
      return { status: 201, body: role };
    });
    return answer.body;
  }

  /**
   * Whoever holds it may do what it says within seconds; where it says less than before, they sign in
   * again. Throws `role-not-found`, `role-beyond-own`, `role-exists`, `version-mismatch`.
   */
  replace(
    ctx: Context,
    id: string,
    { version, body }: { readonly version: number; readonly body: RoleBody },
  ): Promise<OwnRole> {
    return this.database.transaction(ctx, async (open) => {
      await lockAdminsOf(open);
      const before = await find(open, id);
      const { name, permissions } = body;
      mustHold(open, name, [...before.permissions, ...permissions]);
      if (await isTaken(open, name, id)) throw roleExists(name);
      const seen = { tenantId: open.tenantId, id, version };
      const changes = { ...body, nameKey: accountKey(name) };
      const row = await updateOne(open.tx.repository(RoleEntity), seen, changes);
      if (!row) throw versionMismatch(before.version);
      const isLess = before.permissions.some((one) => !row.permissions.includes(one));
      if (isLess) await endSessionsOfHolders(open, await bindingsOfRole(open, id));
      const role = answerOf(ownRoleOut, row);
      await open.record(changing(roleChanged(id, factsOf(role)), { before, after: role }));
      return role;
    });
  }

  /** Throws `role-not-found`, `role-in-use`. */
  remove(ctx: Context, id: string): Promise<void> {
    return this.database.transaction(ctx, async (open) => {
      await lockAdminsOf(open);
      const role = await find(open, id);
      const bindings = await bindingsOfRole(open, id);
      if (bindings.length > 0) throw roleInUse(role.name, bindings.length);
      await open.tx.repository(RoleEntity).delete({ tenantId: open.tenantId, id });
      await open.record(changing(roleDeleted(id, factsOf(role)), { before: role, after: null }));
    });
  }

  /** All that may be done, with what a scope does to it and the built-in roles that have it. */
  permissions() {
    const items = PERMISSIONS.map((permission) => {
      const { modules, environments } = scopeEffectsOf(permission);
      const roles = ROLES.filter((role) => permissionsOfRole[role].includes(permission));
      return { permission, modules, environments, roles: [...roles] };
    });
    return { items, nextCursor: null };
  }
}

const builtIn = ROLES.filter((role) => role !== 'PlatformAdmin').map((name) => ({
  id: null,
  name,
  description: 'Built in.',
  permissions: [...permissionsOfRole[name]].sort(),
  isBuiltIn: true,
}));

async function find(open: OpenContext, id: string): Promise<OwnRole> {
  const row = await open.tx.repository(RoleEntity).findOneBy({ tenantId: open.tenantId, id });
  if (row) return answerOf(ownRoleOut, row);
  throw roleNotFound();
}

/** Everywhere: it may be given to anybody later. Throws `role-beyond-own`. */
function mustHold(ctx: Context, role: string, permissions: readonly string[]): void {
  checkMayGive(ctx.grants, [{ ...EVERYWHERE, role, permissions, group: null }]);
}

async function isTaken(open: OpenContext, name: string, by: string | null): Promise<boolean> {
  const nameKey = accountKey(name);
  if (ROLES.some((role) => accountKey(role) === nameKey)) return true;
  const roles = open.tx.repository(RoleEntity);
  const row = await roles.findOneBy({ tenantId: open.tenantId, nameKey });
  return row !== null && row.id !== by;
}

/** Throws `role-limit`, `role-exists`. */
async function insert(open: OpenContext, body: RoleBody): Promise<OwnRole> {
  const { tenantId } = open;
  const roles = open.tx.repository(RoleEntity);
  if ((await roles.countBy({ tenantId })) >= limits.rolesPerTenant) throw roleLimit();
  if (await isTaken(open, body.name, null)) throw roleExists(body.name);
  const row = { ...body, tenantId, id: newId(), nameKey: accountKey(body.name) };
  const [added] = await insertNew(roles, row);
  if (added) return answerOf(ownRoleOut, added);
  throw roleExists(body.name);
}

function factsOf({ name, permissions }: OwnRole) {
  return { name, permissions };
}
