import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { PLATFORM_PERMISSIONS } from '../../kernel/permission.js';
import type { Context } from '../../platform/context.js';
import type { Access } from '../../platform/http/access-rule.js';
import {
  tenantDeleting,
  tenantNotReady,
  tenantSuspended,
  unauthenticated,
} from '../../platform/http/http.errors.js';
import { TenantDirectory } from './tenant-directory.js';

const READING_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/**
 * Whether a tenant may be changed at this time. A suspended one is read as before, and what runs in it is
 * brought to an end: such routes say so (`isOpenWhileSuspended`). What is about somebody's own account, or
 * the platform, is no tenant's: those routes ask for no permission of a tenant.
 */
@Injectable()
export class TenantWrites {
  constructor(private readonly directory: TenantDirectory) {}

  /** Throws `tenant-suspended`, `tenant-not-ready`, `tenant-deleting`. */
  async check(request: FastifyRequest, access: Access, ctx: Context): Promise<void> {
    if (READING_METHODS.includes(request.method) || !isOfTenant(access)) return;
    const tenant = await this.directory.find(ctx.tenantId);
    if (!tenant) throw unauthenticated();
    switch (tenant.status) {
      case 'active':
        return;
      case 'suspended':
        if (request.routeOptions.config.isOpenWhileSuspended) return;
        throw tenantSuspended();
      case 'provisioning':
        throw tenantNotReady();
      default:
        throw tenantDeleting();
    }
  }

  /** For what has no caller with a token yet. Throws `tenant-suspended`, `tenant-deleting`. */
  async checkOpen(tenantId: string): Promise<void> {
    const status = (await this.directory.find(tenantId))?.status;
    if (status === 'suspended') throw tenantSuspended();
    if (status !== 'active' && status !== 'provisioning') throw tenantDeleting();
  }
}

function isOfTenant(access: Access): boolean {
  if (access.kind === 'directory') return true;
  return access.kind === 'permission' && !PLATFORM_PERMISSIONS.includes(access.permission);
}
