import { Injectable } from '@nestjs/common';
import { Rollouts } from '../../drivers/targets/agent/rollouts.js';
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';

const readMoving = statement<
  { readonly tenantId: string; readonly clusterId: string },
  { readonly moduleId: string }
>(
  'rollouts.moving',
  `select module_id as "moduleId" from deployment_slots
   where tenant_id = :tenantId and cluster_id = :clusterId and holder_deployment_id is not null`,
);

/** A module is being moved while a deployment holds its slot. */
@Injectable()
export class SlotRollouts extends Rollouts {
  async moving(open: OpenContext, clusterId: string): Promise<ReadonlySet<string>> {
    const held = await open.tx.query(readMoving, { tenantId: open.tenantId, clusterId });
    return new Set(held.map(({ moduleId }) => moduleId));
  }
}
