import { Injectable } from '@nestjs/common';
import { newId } from '../../kernel/ids.js';
import { Permission } from '../../kernel/permission.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { insertNew, updateOne } from '../../platform/database/entity-rows.js';
import { peopleOnly } from '../../platform/http/http.errors.js';
import { newestFirst, type Page } from '../../platform/http/page.js';
import { Settings } from '../../platform/settings/settings.js';
import { changing } from '../../platform/events/changing.js';
import { IsNull } from 'typeorm';
import type { DeploymentSpec } from '../planning/deployment-spec.js';
import { isMachine } from '../schedule/start-terms.js';
import { Wakening } from '../windows/wakening.js';
import { HoldEntity } from './hold.entity.js';
import type { HoldsQuery } from './holds.dto.js';
import { holdNotFound } from './holds.errors.js';
import { holdPlaced, holdReleased, type HoldBody } from './holds.events.js';
import { holdAfterRollback, holdsIn } from './holds.settings.js';
import { holdById, listHolds, type HoldRow } from './holds.views.js';

export interface RolledBack {
  readonly deploymentId: string;
  readonly rollbackId: string;
  readonly reason: string | null;
}

/** What a person has rolled back stays so until a person says otherwise. */
@Injectable()
export class Holds {
  constructor(
    private readonly database: Database,
    private readonly settings: Settings,
    private readonly wakening: Wakening,
  ) {}

  /** After a person's rollback, where the setting says so; a target that is held already stays so. */
  async place(
    open: OpenContext,
    { cluster, module, environment }: DeploymentSpec,
    { deploymentId, rollbackId, reason }: RolledBack,
  ): Promise<void> {
    const place = { tenantId: open.tenantId, environment: environment.name };
    const value = this.settings.valueOf(holdAfterRollback, place);
    if (isMachine(open.actor) || !holdsIn(value, environment.name)) return;
    const [placed] = await insertNew(open.tx.repository(HoldEntity), {
      tenantId: open.tenantId,
      id: newId(),
      clusterId: cluster.id,
      moduleId: module.id,
      deploymentId,
      rollbackId,
      reason,
      placedBy: open.actor.name,
    });
    if (!placed) return;
    const names = { module: module.name, environment: environment.name, cluster: cluster.name };
    await open.record(holdPlaced(placed.id, { ...names, deploymentId, reason }));
  }

  /** Newest first. Throws `cursor-invalid`. */
  list(ctx: Context, query: HoldsQuery): Promise<Page<HoldRow>> {
    const isOpen = query.state === 'open';
    const scopes = ctx.scopesOf(Permission.DeploymentsRead);
    return this.database.transaction(ctx, (open) =>
      newestFirst('holds', query, (before, limit) =>
        listHolds(open, { isOpen, before, limit, scopes }),
      ),
    );
  }

  /** Throws `people-only`, `hold-not-found`, `permission-missing`. */
  async release(ctx: Context, id: string, reason: string): Promise<void> {
    if (isMachine(ctx.actor)) throw peopleOnly();
    await this.database.transaction(ctx, async (open) => {
      const hold = await holdById(open, id);
      const target = hold && { module: hold.module, environment: hold.environment };
      if (!target || !open.can(Permission.DeploymentsRead, target)) throw holdNotFound();
      open.require(Permission.HoldsRelease, target);
      const released = await updateOne(
        open.tx.repository(HoldEntity),
        { tenantId: open.tenantId, id, releasedAt: IsNull() },
        { releasedBy: open.actor.name, releasedAt: new Date(), releaseReason: reason },
      );
      if (!released) throw holdNotFound();
      await open.record(
        changing(holdReleased(id, bodyOf(hold, reason)), {
          before: { releasedBy: null, releasedAt: null, releaseReason: null },
          after: {
            releasedBy: released.releasedBy,
            releasedAt: released.releasedAt,
            releaseReason: reason,
          },
        }),
      );
    });
    await this.wakening.ofTenant(ctx, ['hold']);
  }
}

function bodyOf(hold: HoldRow, reason: string): HoldBody {
  const { module, environment, cluster, deploymentId } = hold;
  return { module, environment, cluster, deploymentId, reason };
}
