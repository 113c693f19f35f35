import { Injectable } from '@nestjs/common';
import type { JournalEntry } from '../../engine/journal.js';
import { Permission } from '../../kernel/permission.js';
import type { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import type { DeploymentEvent } from '../deployments.dto.js';
import { deploymentMustBeReadable } from './deployments.views.js';
import { entriesAfter } from './journal.queries.js';

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
    const isScoped = ctx.scopesOf(Permission.DeploymentsRead) !== null;
    return this.database.transaction(ctx, async (open) => {
      const rows = await entriesAfter(open, [{ id, after }], limit + 1);
      if (rows.length === 0 || isScoped) await deploymentMustBeReadable(open, id);
      const items = rows.slice(0, limit).map(eventOf);
      const last = items.at(-1);
      return { items, nextCursor: rows.length > limit && last ? String(last.sequence) : null };
    });
  }
}

function typeOf(kind: JournalEntry['kind'], data: JournalEntry['data']): DeploymentEvent['type'] {
  if (STATUS_KINDS.has(kind)) return 'DeploymentStatusChanged';
  if (VERB_KINDS.has(kind)) return 'DeploymentVerb';
  if (kind !== 'approval') return 'DeploymentProgress';
  return data.event === 'requested' ? 'ApprovalRequested' : 'ApprovalDecided';
}

function eventOf({ seq, at, kind, actor, stepId, data }: JournalEntry): DeploymentEvent {
  // Generations are between engine and nodes; a list of 500 of them is nobody's news.
  const { generations: _generations, trend: _trend, ...shown } = data;
  return {
    sequence: seq,
    at: new Date(at).toISOString(),
    type: typeOf(kind, data),
    kind,
    actor,
    step: stepId,
    data: shown,
  };
}
