import { Injectable } from '@nestjs/common';
import { Audit } from '../../platform/audit/audit.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { newestFirst, type Page } from '../../platform/http/page.js';
import { Signal } from '../../platform/signal/signal.js';
import { Topic } from '../../platform/signal/topics.js';
import { environmentKey } from '../environments/environment.js';
import { nodeNotFound } from '../fleet.errors.js';
import { NODE_STATE_SQL } from './node-state.js';
import { nodeViewSql, type NodeView } from './node-view.js';
import type { NodesQuery } from './nodes.dto.js';

@Injectable()
export class NodesService {
  constructor(
    private readonly database: Database,
    private readonly audit: Audit,
    private readonly signal: Signal,
  ) {}

  list(ctx: Context, query: NodesQuery): Promise<Page<NodeView>> {
    const { environment, cluster = null, state = null } = query;
    const key = environment === undefined ? null : environmentKey(environment);
    return this.database.transaction(ctx, (open) =>
      newestFirst('nodes', query, (before, take) =>
        open.tx.query<NodeView>(LIST_SQL, [open.tenantId, key, cluster, state, before, take]),
      ),
    );
  }

  get(ctx: Context, id: string): Promise<NodeView> {
    return this.database.transaction(ctx, (open) => this.find(open, id));
  }

  /** Rollouts leave a cordoned node out; what runs there goes on running. */
  cordon(ctx: Context, id: string): Promise<NodeView> {
    return this.setAdminState(ctx, id, 'cordoned');
  }

  /** With its next report it gets what its cluster runs by now. */
  uncordon(ctx: Context, id: string): Promise<NodeView> {
    return this.setAdminState(ctx, id, 'active');
  }

  /** The node's key is good for nothing from now on. What runs there goes on until it is stopped. */
  revoke(ctx: Context, id: string): Promise<void> {
    return this.database.transaction(ctx, async (open) => {
      const node = await this.find(open, id);
      const revoked = await open.tx.execute(
        `update nodes set revoked_at = clock_timestamp()
         where tenant_id = $1 and id = $2 and revoked_at is null`,
        [open.tenantId, id],
      );
      if (revoked === 0) throw nodeNotFound();
      await this.append(open, 'node-revoked', node);
      // Ends its long poll, and every process forgets its key.
      open.tx.afterCommit(() => this.signal.publish(Topic.Desired, id));
    });
  }

  private setAdminState(ctx: Context, id: string, state: 'active' | 'cordoned'): Promise<NodeView> {
    return this.database.transaction(ctx, async (open) => {
      const changed = await open.tx.execute(
        `update nodes set admin_state = $3, admin_state_at = clock_timestamp()
         where tenant_id = $1 and id = $2 and revoked_at is null and admin_state <> $3`,
        [open.tenantId, id, state],
      );
      const node = await this.find(open, id);
      const action = state === 'cordoned' ? 'node-cordoned' : 'node-uncordoned';
      if (changed > 0) await this.append(open, action, node);
      return node;
    });
  }

  private async find(open: OpenContext, id: string): Promise<NodeView> {
    const [node] = await open.tx.query<NodeView>(nodeViewSql('node.id = $2', '1'), [
      open.tenantId,
      id,
    ]);
    if (node) return node;
    throw nodeNotFound();
  }

  private append(open: OpenContext, action: string, node: NodeView): Promise<void> {
    const { id, name, environment, cluster } = node;
    return this.audit.append(open, {
      category: 'fleet',
      action,
      subject: { kind: 'node', id },
      body: { name, environment, cluster },
    });
  }
}

const LIST_SQL = nodeViewSql(
  `($2::text is null or environment.name_key = $2) and ($3::text is null or cluster.name = $3)
    and ($4::text is null or ${NODE_STATE_SQL} = $4) and ($5::uuid is null or node.id < $5)`,
  '$6',
);
