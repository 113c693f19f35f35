import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import { Settings } from '../../platform/settings/settings.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { updateOne } from '../../platform/database/entity-rows.js';
import { changing } from '../../platform/events/changing.js';
import { Provisioning } from '../tenant-tasks/provisioning.js';
import { beginTask, openTaskOf } from '../tenant-tasks/tenant-tasks.store.js';
import { inTenant } from './of-platform.js';
import { PLATFORM_TENANT } from './platform-tenant.js';
import { isGone, type TenantStatus } from './tenant.js';
import { TenantEntity } from './tenant.entity.js';
import { TenantDirectory } from './tenant-directory.js';
import type { TenantView } from './tenants.dto.js';
import {
  tenantGone,
  tenantUnknown,
  tenantOwn,
  tenantReserved,
  tenantStatus,
} from './tenants.errors.js';
import {
  tenantActivated,
  tenantDeleted,
  tenantProvisioning,
  tenantRestored,
  tenantWasSuspended,
} from './tenants.events.js';
import { tenantDays } from './tenants.settings.js';
import { TenantsService } from './tenants.service.js';

const DAY_MS = 24 * 60 * 60_000;

/** From suspending to deleting and back. Each is decided and recorded in the tenant's own transaction. */
@Injectable()
export class TenantLifeService {
  constructor(
    private readonly database: Database,
    private readonly settings: Settings,
    private readonly provisioning: Provisioning,
    private readonly tenants: TenantsService,
    private readonly directory: TenantDirectory,
  ) {}

  /** Throws `tenant-unknown`, `tenant-reserved`, `tenant-status`. */
  suspend(ctx: Context, id: string, reason: string): Promise<TenantView> {
    if (id === PLATFORM_TENANT.id) throw tenantReserved();
    return this.decide(ctx, id, async (open, tenant) => {
      if (tenant.status !== 'active') throw refused(tenant, 'only an active one is suspended');
      const change = { suspendedAt: new Date(), suspendedReason: reason } as const;
      const after = await this.move(open, tenant, { status: 'suspended', ...change });
      await open.record(changing(tenantWasSuspended(id, { reason }), moved(tenant, after)));
    });
  }

  /** Throws `tenant-unknown`, `tenant-status`. */
  activate(ctx: Context, id: string): Promise<TenantView> {
    return this.decide(ctx, id, async (open, tenant) => {
      if (tenant.status !== 'suspended') throw refused(tenant, 'only a suspended one is activated');
      const { suspendedReason: suspendedFor } = tenant;
      const change = { suspendedAt: null, suspendedReason: null } as const;
      const after = await this.move(open, tenant, { status: 'active', ...change });
      await open.record(changing(tenantActivated(id, { suspendedFor }), moved(tenant, after)));
    });
  }

  /**
   * Nobody gets in from here on; rollouts go to their end and nodes serve, until the time is over in
   * which it can be restored. Throws `tenant-unknown`, `tenant-reserved`, `tenant-own`, `tenant-status`.
   */
  delete(ctx: Context, id: string): Promise<TenantView> {
    if (id === PLATFORM_TENANT.id) throw tenantReserved();
    if (id === ctx.tenantId) throw tenantOwn();
    return this.decide(ctx, id, async (open, tenant) => {
      if (isGone(tenant.status)) throw refused(tenant, 'it cannot be deleted again');
      if ((await openTaskOf(open)) !== undefined) {
        throw refused(tenant, 'wait until it has been provisioned');
      }
      const now = Date.now();
      const restorableUntil = new Date(now + this.settings.valueOf(tenantDays) * DAY_MS);
      const change = { deletedAt: new Date(now), restorableUntil } as const;
      const after = await this.move(open, tenant, { status: 'deleting', ...change });
      const event = tenantDeleted(id, { restorableUntil: restorableUntil.toISOString() });
      await open.record(changing(event, moved(tenant, after)));
    });
  }

  /** As it was before. Throws `tenant-unknown`, `tenant-status`, `tenant-gone`. */
  restore(ctx: Context, id: string): Promise<TenantView> {
    return this.decide(ctx, id, async (open, tenant) => {
      if (tenant.status !== 'deleting') throw refused(tenant, 'only a deleted one is restored');
      if (tenant.purgeBeganAt !== null) throw tenantGone();
      const after = await this.move(open, tenant, {
        status: statusBefore(tenant),
        deletedAt: null,
        restorableUntil: null,
      });
      await open.record(changing(tenantRestored(id, {}), moved(tenant, after)));
    });
  }

  /** Once more, after it has failed. Throws `tenant-unknown`, `tenant-status`. */
  provision(ctx: Context, id: string): Promise<TenantView> {
    return this.decide(ctx, id, async (open, tenant) => {
      if (tenant.status !== 'provisioning') throw refused(tenant, 'it needs no provisioning');
      const { plan } = this.provisioning;
      // Of a server that is not set any more there is nothing to make: it is open.
      if (!(await beginTask(open, 'provision', plan.length > 0 ? plan : ['open']))) {
        throw refused(tenant, 'it is being provisioned already');
      }
      await open.record(tenantProvisioning(id, {}));
    });
  }

  private async decide(
    ctx: Context,
    id: string,
    work: (open: OpenContext, tenant: TenantEntity) => Promise<void>,
  ): Promise<TenantView> {
    await this.database.transaction(inTenant(ctx, id), async (open) => {
      const tenant = await open.tx.repository(TenantEntity).findOneBy({ id });
      if (!tenant) throw tenantUnknown();
      await work(open, tenant);
    });
    // In this process it counts with the answer; in others within five seconds.
    await this.directory.look();
    return this.tenants.get(id);
  }

  private async move(
    open: OpenContext,
    { id, version, status }: TenantEntity,
    change: Partial<TenantEntity>,
  ): Promise<TenantEntity> {
    // A purge that begins at this moment is not overtaken.
    const where = { id, version, status, purgeBeganAt: IsNull() };
    const after = await updateOne(open.tx.repository(TenantEntity), where, change);
    if (!after) throw refused({ status }, 'somebody else has just changed it: read it again');
    return after;
  }
}

/** What of it moves from one state to another. */
function moved(before: TenantEntity, after: TenantEntity) {
  return { before: stateOf(before), after: stateOf(after) };
}

function stateOf(tenant: TenantEntity) {
  const { status, suspendedAt, suspendedReason, deletedAt, restorableUntil } = tenant;
  return { status, suspendedAt, suspendedReason, deletedAt, restorableUntil };
}

function refused({ status }: { readonly status: TenantStatus }, why: string) {
  return tenantStatus(status, why);
}

function statusBefore({ suspendedAt, provisionedAt }: TenantEntity): TenantStatus {
  if (suspendedAt !== null) return 'suspended';
  return provisionedAt === null ? 'provisioning' : 'active';
}
