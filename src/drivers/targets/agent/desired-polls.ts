import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../../kernel/clock.js';
import { CLOCK } from '../../../platform/clock.js';
import type { Context } from '../../../platform/context.js';
import { DesiredStatements } from './desired-statement.js';
import { ParkedNodes } from './parked-nodes.js';

/** The long poll: answers at once when there is something newer, else parks until there is. */
@Injectable()
export class DesiredPolls {
  constructor(
    private readonly statements: DesiredStatements,
    private readonly parked: ParkedNodes,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Null: nothing newer within the time, or the node has asked again elsewhere. */
  async poll(
    ctx: Context,
    query: { after: number; waitMs: number; nonce: string },
    signal: AbortSignal,
  ): Promise<string | null> {
    const deadline = this.clock.monotonic() + query.waitMs;
    const node = { tenantId: ctx.tenantId, nodeId: ctx.actor.id, after: query.after };
    for (;;) {
      const statement = await this.statements.after(ctx, query.after, query.nonce);
      if (statement !== null) return statement;
      const leftMs = deadline - this.clock.monotonic();
      if (leftMs <= 0) return null;
      const outcome = await this.parked.park(node, leftMs, signal);
      if (outcome !== 'look') return null;
    }
  }
}
