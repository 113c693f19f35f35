import { Injectable } from '@nestjs/common';
import { limits } from '../../kernel/limits.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { idempotent } from '../../platform/http/idempotency.js';
import { newestFirst, type Page } from '../../platform/http/page.js';
import { changing } from '../../platform/events/changing.js';
import { checkMayGive, findRoles } from './giving.js';
import { endSessionsOfHolders } from './holders.queries.js';
import type { BindingsQuery, NewBindingRequest } from './role-bindings.dto.js';
import {
  roleBindingExists,
  roleBindingLimit,
  roleBindingNotFound,
  roleBindingNotManual,
  subjectUnknown,
} from './role-bindings.errors.js';
import { roleGiven, roleTaken } from './role-bindings.events.js';
import {
  bindRole,
  type BindingSubject,
  checkAdminIsLeft,
  countBindings,
  lockAdminsOf,
  removeBinding,
} from './role-bindings.store.js';
import {
  bindingView,
  bindingViews,
  type BindingView,
  findBindable,
} from './role-bindings.views.js';

/** Who holds which role, and where: given and taken by people who hold as much themselves. */
@Injectable()
export class RoleBindingsService {
  constructor(private readonly database: Database) {}

  list(ctx: Context, query: BindingsQuery): Promise<Page<BindingView>> {
    return this.database.transaction(ctx, (open) =>
      newestFirst('role-bindings', query, (before, take) =>
        bindingViews(open, query, { before, take }),
      ),
    );
  }

  /**
   * Throws `subject-unknown`, `role-unknown`, `platform-role`, `role-beyond-own`, `role-binding-limit`,
   * `role-binding-exists`.
   */
  async create(
    ctx: Context,
    request: NewBindingRequest,
    key: string | undefined,
  ): Promise<BindingView> {
    const call = { key, route: 'POST /role-bindings', body: request };
    const answer = await idempotent(this.database, ctx, call, async (open) => {
      // Nobody is taken out of the tenant, and no group or role deleted, meanwhile.
      await lockAdminsOf(open);
      const { role: name, modules, environments } = request;
      const subject = await subjectOf(open, request);
      const [role] = await findRoles(open, [{ role: name, modules, environments }]);
      checkMayGive(open.grants, [role!]);
      await checkRoom(open, subject);
      const scope = { modules, environments };
      const id = await bindRole(open, { role: role!.bound, subject, scope });
      if (id === undefined) throw roleBindingExists();
      const binding = await find(open, id);
      await open.record(
        changing(roleGiven(id, factsOf(binding)), { before: null, after: binding }),
      );
      return { status: 201, body: binding };
    });
    return answer.body;
  }

  /**
   * The sessions of those who held it end. Throws `role-binding-not-found`, `role-binding-not-manual`,
   * `role-beyond-own`, `last-admin`.
   */
  remove(ctx: Context, id: string): Promise<void> {
    return this.database.transaction(ctx, async (open) => {
      await lockAdminsOf(open);
      const binding = await find(open, id);
      if (binding.source !== 'manual') throw roleBindingNotManual();
      checkMayGive(open.grants, await findRoles(open, [binding]));
      await removeBinding(open, id);
      await checkAdminIsLeft(open);
      await endSessionsOfHolders(open, [binding.subject]);
      await open.record(
        changing(roleTaken(id, factsOf(binding)), { before: binding, after: null }),
      );
    });
  }
}

async function find(open: OpenContext, id: string): Promise<BindingView> {
  const binding = await bindingView(open, id);
  if (binding) return binding;
  throw roleBindingNotFound();
}

async function subjectOf(
  open: OpenContext,
  { subject: { kind, id, name } }: NewBindingRequest,
): Promise<BindingSubject> {
  const named = { ...(id === undefined ? {} : { id }), ...(name === undefined ? {} : { name }) };
  const found = await findBindable(open, { kind, ...named });
  if (found) return { kind, id: found.id };
  throw subjectUnknown(kind);
}

async function checkRoom(open: OpenContext, subject: BindingSubject): Promise<void> {
  const { ofTenant, ofSubject } = await countBindings(open, subject);
  if (ofSubject >= limits.bindingsPerSubject || ofTenant >= limits.bindingsPerTenant) {
    throw roleBindingLimit();
  }
}

function factsOf({ role, subject, modules, environments }: BindingView) {
  return { role, subject, modules, environments };
}
