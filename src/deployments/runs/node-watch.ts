import { Injectable, type OnModuleInit } from '@nestjs/common';
import { nodeReported } from '../../drivers/targets/agent/nodes.events.js';
import { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { Events } from '../../platform/events/events.js';
import { WakeUp } from '../../platform/queue/wake-up.js';
import { deploymentRun, RUN_KIND } from './runs.store.js';

/**
 * Wakes the rollout that waits for a node when the node has something new to say. A gate is only
 * woken by a failure: everything else it reads from the figures at its next poll.
 */
@Injectable()
export class NodeWatch implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly wakeUp: WakeUp,
    private readonly events: Events,
  ) {}

  onModuleInit(): void {
    this.events.hearAfter(nodeReported, ({ tenantId }, { subjectId, body }) =>
      this.wake(tenantId, subjectId, body),
    );
  }

  private async wake(
    tenantId: string,
    nodeId: string,
    { clusterId, changedModuleIds }: Heard,
  ): Promise<void> {
    const system = Context.system(tenantId, 'engine');
    const woken = await this.database.transaction(system, (open) =>
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

type Heard = ReturnType<typeof nodeReported>['body'];

const WAKE_SQL = `
  update runs r set wake_at = clock_timestamp(), pokes = r.pokes + 1, polls_gate = false
  from deployment_slots s
  join observed_modules o on o.tenant_id = s.tenant_id and o.node_id = $5
    and o.module_id = s.module_id
  where s.tenant_id = $1 and s.cluster_id = $2 and s.module_id = any($3::uuid[])
    and r.tenant_id = s.tenant_id and r.kind = $4 and r.id = s.holder_deployment_id
    and r.wake_at is not null and (not r.polls_gate or o.state = 'failed')
  returning r.id`;
