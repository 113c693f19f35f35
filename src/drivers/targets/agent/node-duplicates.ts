import { Inject, Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { BoundedMap } from '../../../kernel/bounded-map.js';
import type { Clock } from '../../../kernel/clock.js';
import { DomainError, messageOf } from '../../../kernel/errors.js';
import { CLOCK } from '../../../platform/clock.js';
import { Context } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { Logger } from '../../../platform/logging/logger.js';
import { Metrics } from '../../../platform/metrics/metrics.js';
import { nodeDuplicated } from './agent.errors.js';
import { noteSuspicion } from './node-suspicions.js';

/** The copy asks every few seconds; that it does is written down no more often than this. */
const NOTE_EVERY_MS = 60_000;
const NOTED_NODES = 10_000;

export interface KnownNode {
  readonly tenantId: string;
  readonly nodeId: string;
  readonly name: string;
  /** Where it runs, as it has said lately; null: it has been silent. */
  readonly bootId: string | null;
}

/**
 * A machine that was copied with its agent's folder, or a thief of it, has the node's identity, too.
 * Two that take each other's orders would each run half of them. The one that reports goes on being
 * served, the other is let in to nothing: so a stolen key does not shut the node out, and whoever
 * looks at the node sees that there are two. A machine that was merely started again has to wait
 * until it counts as lost.
 */
@Injectable()
export class NodeDuplicates {
  private readonly refusals: Counter;
  private readonly noted = new BoundedMap<string, number>(NOTED_NODES);

  constructor(
    metrics: Metrics,
    private readonly database: Database,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    this.refusals = metrics.counter({
      name: 'node_duplicates_refused_total',
      help: 'Requests of a machine that has the identity of a node which reports from another one',
    });
  }

  /** Throws `node-duplicated`. `boot`: where the request comes from, by its token. */
  async check(node: KnownNode, boot: string): Promise<void> {
    if (node.bootId === null || boot === node.bootId) return;
    throw await this.refusal(node, boot);
  }

  /** Written down outside of the transaction of whoever was refused. */
  async refusal(node: Omit<KnownNode, 'bootId'>, boot: string): Promise<DomainError> {
    this.refusals.inc();
    await this.note(node, boot);
    return nodeDuplicated(node.name);
  }

  private async note(node: Omit<KnownNode, 'bootId'>, boot: string): Promise<void> {
    const { tenantId, nodeId, name } = node;
    const now = this.clock.monotonic();
    const before = this.noted.get(nodeId);
    if (before !== undefined && now - before < NOTE_EVERY_MS) return;
    this.noted.set(nodeId, now);
    const fields = { tenantId, node: nodeId };
    this.logger.warn({ ...fields, name, boot }, 'two machines have the identity of one node');
    const message = `A second machine uses the key of this node and is refused: a copy of the agent's folder, or its key was stolen.`;
    const suspicion = { kind: 'duplicated' as const, nodeId, name, message };
    try {
      await this.database.transaction(Context.system(tenantId, 'nodes'), (open) =>
        noteSuspicion(open, suspicion),
      );
    } catch (error) {
      this.noted.set(nodeId, now - NOTE_EVERY_MS);
      this.logger.error({ ...fields, reason: messageOf(error) }, 'a duplicate is not noted');
    }
  }
}
