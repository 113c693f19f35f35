import type { Context } from '../platform/context.js';

/**
 * Told when a cluster or an environment may have more rollouts in flight, or fewer. Who waits for
 * that is above the fleet; a global module there provides it.
 */
export abstract class CapacityChanged {
  /** In the transaction of the change. */
  abstract capacityChanged(ctx: Context, scopeId: string): Promise<void>;
}
