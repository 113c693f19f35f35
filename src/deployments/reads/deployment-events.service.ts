import { Injectable } from '@nestjs/common';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { deploymentNotFound } from '../deployment.errors.js';
import type { DeploymentEvent } from '../deployments.dto.js';

interface EntryRow {
  readonly sequence: number;
  readonly at: Date;
  readonly kind: string;
  readonly actor: string;
  readonly step: string | null;
  readonly data: Record<string, unknown>;
}

const STATUS_KINDS = new Set(['created', 'status-changed', 'finished']);
const VERB_KINDS = new Set(['requested', 'applied']);

/** The public projection of the journal: sequences increase, they need not be dense. */
@Injectable()
export class DeploymentEvents {
  constructor(private readonly database: Database) {}

  /** Events after a sequence, oldest first. Throws `deployment-not-found`. */
  async after(
    ctx: Context,
    id: string,
    after: number,
    limit: number,
  ): Promise<{ items: DeploymentEvent[]; nextCursor: string | null }> {
    return this.database.transaction(ctx, async (open) => {
      const rows = await open.tx.query<EntryRow & { exists: boolean }>(
        `select seq as sequence, at, kind, actor, step_id as step, data
         from journal where tenant_id = $1 and deployment_id = $2 and seq > $3
         order by seq limit $4`,
        [open.tenantId, id, after, limit + 1],
      );
      if (rows.length === 0) await this.mustExist(open, id);
      const items = rows.slice(0, limit).map(eventOf);
      const last = items.at(-1);
      return { items, nextCursor: rows.length > limit && last ? String(last.sequence) : null };
    });
  }

  private async mustExist(open: OpenContext, id: string): Promise<void> {
    const found = await open.tx.query(
      'select 1 from deployments where tenant_id = $1 and id = $2',
      [open.tenantId, id],
    );
    if (found.length > 0) return;
    throw deploymentNotFound();
  }
}

function eventOf({ sequence, at, kind, actor, step, data }: EntryRow): DeploymentEvent {
  const type = STATUS_KINDS.has(kind)
    ? 'DeploymentStatusChanged'
    : VERB_KINDS.has(kind)
      ? 'DeploymentVerb'
      : 'DeploymentProgress';
  // Generations are between engine and nodes; a list of 500 of them is nobody's news.
  const { generations: _generations, trend: _trend, ...shown } = data;
  return { sequence, at: at.toISOString(), type, kind, actor, step, data: shown };
}
