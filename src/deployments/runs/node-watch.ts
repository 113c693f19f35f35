import { Injectable, type OnModuleInit } from '@nestjs/common';
import { nodeReported } from '../../drivers/targets/agent/nodes.events.js';
import { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { Events } from '../../platform/events/events.js';
import { WakeUp } from '../../platform/queue/wake-up.js';
import { deploymentRun, pokeHolders } from './runs.store.js';

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
      pokeHolders(open, { nodeId, clusterId, moduleIds: changedModuleIds }),
    );
    for (const id of woken) this.wakeUp.now(deploymentRun(tenantId, id));
  }
}

type Heard = ReturnType<typeof nodeReported>['body'];
