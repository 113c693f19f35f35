import { Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { DomainError } from '../../../kernel/errors.js';
import { limits } from '../../../kernel/limits.js';
import { Logger } from '../../../platform/logging/logger.js';
import { Metrics } from '../../../platform/metrics/metrics.js';

/**
 * A machine that was copied with its agent's folder has its identity, too. Two nodes that take each
 * other's orders would each run half of them, so the second one is let in to nothing. A machine that
 * was merely started again has to wait until it counts as lost.
 */
@Injectable()
export class NodeDuplicates {
  private readonly refusals: Counter;

  constructor(
    metrics: Metrics,
    private readonly logger: Logger,
  ) {
    this.refusals = metrics.counter({
      name: 'node_duplicates_refused_total',
      help: 'Requests of a machine that has the identity of a node which reports from another one',
    });
  }

  /** Throws `node-duplicated`. `boot`: where the request says that it comes from. */
  refuse(
    node: { readonly nodeId: string; readonly name: string; readonly bootId: string | null },
    boot: string | undefined,
  ): void {
    if (boot === undefined || node.bootId === null || boot === node.bootId) return;
    this.refusals.inc();
    const { nodeId, name } = node;
    this.logger.warn({ node: nodeId, name, boot }, 'two machines have the identity of one node');
    throw new DomainError(
      'conflict',
      'node-duplicated',
      `Node "${name}" reports from another machine. If this one is a copy of it, remove the agent's folder and enrol it under a name of its own. If it was started again, it is let in after ${limits.nodeLostMs / 1000} s.`,
    );
  }
}
