import { Injectable } from '@nestjs/common';
import { type Permission, permissionsOfRole, ROLES } from '../../kernel/permission.js';
import type { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { rolesWith } from '../roles/roles.store.js';
import type { May, MayQuery } from './may.dto.js';

/** Why somebody may do something, or what they lack. */
@Injectable()
export class MayService {
  constructor(private readonly database: Database) {}

  async can(ctx: Context, { permission, module, environment }: MayQuery): Promise<May> {
    const grant = ctx.grants.find(permission, { module, environment });
    if (grant) {
      const { by: rule, modules, environments } = grant;
      const named = {
        modules: modules && [...modules],
        environments: environments && [...environments],
      };
      return { allowed: true, by: { rule, ...named }, missing: null };
    }
    const roles = [...builtInWith(permission), ...(await this.ownWith(ctx, permission))];
    const target = { module: module ?? null, environment: environment ?? null };
    return { allowed: false, by: null, missing: { permission, ...target, roles } };
  }

  private async ownWith(ctx: Context, permission: Permission): Promise<string[]> {
    const own = await this.database.transaction(ctx, (open) => rolesWith(open, permission));
    return own.map(({ name }) => name);
  }
}

function builtInWith(permission: Permission): string[] {
  return ROLES.filter((role) => permissionsOfRole[role].includes(permission));
}
