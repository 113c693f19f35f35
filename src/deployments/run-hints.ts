import { Injectable } from '@nestjs/common';
import type { OpenContext } from '../platform/context.js';
import { WakeUp } from '../platform/queue/wake-up.js';
import type { Lane } from './deployment.states.js';
import { pokeDeployment } from './deployments.store.js';
import { deploymentRun } from './runs/runs.store.js';

/** After a commit, a worker looks at a deployment at once: the due loop would, a moment later. */
@Injectable()
export class RunHints {
  constructor(private readonly wakeUp: WakeUp) {}

  /** It is due. Rollbacks go first. */
  due(open: OpenContext, id: string, lane: Lane): void {
    const key = deploymentRun(open.tenantId, id);
    open.tx.afterCommit(() => {
      if (lane === 'rollback') this.wakeUp.urgently(key);
      else this.wakeUp.now(key);
    });
  }

  /** Something that it waits for has happened: whoever acts on it cannot sleep over that. */
  async poke(open: OpenContext, id: string): Promise<void> {
    await pokeDeployment(open, id);
    this.due(open, id, 'normal');
  }

  /** A person has asked for something, and waits. */
  urgent(open: OpenContext, id: string): void {
    this.due(open, id, 'rollback');
  }
}
