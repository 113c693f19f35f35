import type { OpenContext } from '../../../platform/context.js';

/** What the agent's target asks of whoever rolls out, floors above it, who provides it. */
export abstract class Rollouts {
  /** The modules that a rollout moves in this cluster right now. */
  abstract moving(open: OpenContext, clusterId: string): Promise<ReadonlySet<string>>;
}
