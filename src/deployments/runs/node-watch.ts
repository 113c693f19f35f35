import { Injectable } from '@nestjs/common';
import { NodeReported, type NodeReport } from '../../drivers/targets/agent/node-reported.js';
import { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { WakeUp } from '../../platform/queue/wake-up.js';
import { deploymentRun, RUN_KIND } from './runs.store.js';

/**
 * Wakes the rollout that waits for a node when the node has something new to say. A gate is only
 * woken by a failure: everything else it reads from the figures at its next poll.
 */
@Injectable()
export class NodeWatch extends NodeReported {
  constructor(
    private readonly database: Database,
    private readonly wakeUp: WakeUp,
  ) {
    super();
  }

  async nodeReported({ tenantId, nodeId, clusterId, changedModuleIds }: NodeReport): Promise<void> {
    const context = Context.system(tenantId, 'engine');
    const woken = await this.database.transaction(context, (open) =>
      open.tx.query<{ id: string }>(WAKE_SQL, [
        tenantId,
        clusterId,
        changedModuleIds,
        RUN_KIND,
        nodeId,
      ]),
    );
    for (const { id } of woken) this.wakeUp.now(deploymentRun(tenantId, id));
  }
}

const WAKE_SQL = `
  update runs r set wake_at = clock_timestamp(), pokes = r.pokes + 1, polls_gate = false
  from deployment_slots s
  join observed_modules o on o.tenant_id = s.tenant_id and o.node_id = $5
    and o.module_id = s.module_id
  where s.tenant_id = $1 and s.cluster_id = $2 and s.module_id = any($3::uuid[])
    and r.tenant_id = s.tenant_id and r.kind = $4 and r.id = s.holder_deployment_id
    and r.wake_at is not null and (not r.polls_gate or o.state = 'failed')
  returning r.id`;
