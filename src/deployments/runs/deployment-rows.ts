import { Injectable } from '@nestjs/common';
import type { RunKey } from '../../engine/run.js';
import { COUNTED_ACTIONS } from '../../kernel/receipt/receipt-actions.js';
import { countEntries } from '../../platform/audit/audit.queries.js';
import type { OpenContext } from '../../platform/context.js';
import { Outbox } from '../../platform/outbox/outbox.js';
import { Signal } from '../../platform/signal/signal.js';
import { Topic } from '../../platform/signal/topics.js';
import { lockCapacity } from '../admission/capacity-lock.js';
import { deploymentStates } from '../deployment.states.js';
import { statusChanged } from '../deployments.events.js';
import { lockSlotOf } from '../slots.store.js';
import type { JournalWritten } from './journal.store.js';
import type { RunRows, StatusChanged } from './run-rows.js';
import { runTable } from './run-table.store.js';
import { RUN_KIND } from './runs.store.js';

const SQL = runTable('deployments');

/** Deployments are runs: their rows, and who is told of what the engine does with them. */
@Injectable()
export class DeploymentRows implements RunRows {
  readonly kind = RUN_KIND;
  readonly title = 'Deployment';
  readonly sql = SQL;
  readonly states = deploymentStates;

  constructor(
    private readonly outbox: Outbox,
    private readonly signal: Signal,
  ) {}

  /** Who begins or ends a rollout: its tenant's capacity, then the slot. */
  lockShared(open: OpenContext, id: string): readonly Promise<unknown>[] {
    return [lockCapacity(open), lockSlotOf(open, id)];
  }

  /** No hint with it: each commit of a run gives one. */
  async statusChanged(open: OpenContext, change: StatusChanged): Promise<void> {
    const isEnd = this.states.isTerminal(change.to);
    const entries = isEnd ? await entriesBefore(open, change.id) : undefined;
    await open.record(statusChanged(change, entries));
  }

  journalled(open: OpenContext, id: string, written: JournalWritten): Promise<void> {
    return this.outbox.append(open, { streamId: id, ...written });
  }

  changed({ id }: RunKey): void {
    this.signal.publish(Topic.Deployment, id);
  }
}

/** What is in the log of it when it ends is named by number, so that none of it can be kept back later. */
function entriesBefore(open: OpenContext, id: string): Promise<Record<string, number>> {
  return countEntries(open, id, COUNTED_ACTIONS);
}
