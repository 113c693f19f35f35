import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { messageOf } from '../../../kernel/errors.js';
import { Database } from '../../../platform/database/database.js';
import { Logger } from '../../../platform/logging/logger.js';
import { Signal } from '../../../platform/signal/signal.js';
import { Topic } from '../../../platform/signal/topics.js';
import { changedNodes, type KnownRevision } from './nodes.queries.js';

/** How late a change can be noticed when its signal is lost. */
const LOOK_EVERY_MS = 500;

/** Why a parked request went on: look at the state, or answer that nothing is new. */
export type ParkOutcome = 'look' | 'timeout' | 'replaced' | 'gone';

interface Place extends KnownRevision {
  readonly leave: (outcome: ParkOutcome) => void;
}

/**
 * Long polls that wait for a change of their node's desired state. Holds no connection and no
 * transaction: all parked nodes of the process are looked up together, twice a second, and a signal
 * wakes one of them at once. One place per node; a newer request takes it over.
 */
@Injectable()
export class ParkedNodes implements OnModuleDestroy {
  private readonly places = new Map<string, Place>();
  private readonly unsubscribe: () => void;
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(
    private readonly database: Database,
    private readonly log: Logger,
    signal: Signal,
  ) {
    this.unsubscribe = signal.subscribe(Topic.Desired, (nodeId) =>
      this.places.get(nodeId)?.leave('look'),
    );
  }

  get size(): number {
    return this.places.size;
  }

  /** Resolves once. An aborted signal frees the place at once. */
  park(node: KnownRevision, waitMs: number, signal: AbortSignal): Promise<ParkOutcome> {
    if (this.isClosed || signal.aborted) return Promise.resolve('gone');
    this.places.get(node.nodeId)?.leave('replaced');
    return new Promise((resolve) => {
      const onAbort = () => place.leave('gone');
      const timeout = setTimeout(() => place.leave('timeout'), waitMs);
      const place: Place = {
        ...node,
        leave: (outcome) => {
          clearTimeout(timeout);
          signal.removeEventListener('abort', onAbort);
          if (this.places.get(node.nodeId) === place) this.places.delete(node.nodeId);
          resolve(outcome);
        },
      };
      signal.addEventListener('abort', onAbort);
      this.places.set(node.nodeId, place);
      this.lookSoon();
    });
  }

  onModuleDestroy(): void {
    this.isClosed = true;
    this.unsubscribe();
    clearTimeout(this.timer);
    for (const place of [...this.places.values()]) place.leave('gone');
  }

  private lookSoon(): void {
    if (this.timer || this.isClosed || this.places.size === 0) return;
    this.timer = setTimeout(() => void this.look(), LOOK_EVERY_MS);
  }

  private async look(): Promise<void> {
    try {
      const parked = [...this.places.values()];
      const changed =
        parked.length > 0 ? await this.database.system((tx) => changedNodes(tx, parked)) : [];
      for (const nodeId of changed) this.places.get(nodeId)?.leave('look');
    } catch (error) {
      this.log.warn({ error: messageOf(error) }, 'could not look for changed desired states');
    }
    this.timer = undefined;
    this.lookSoon();
  }
}
