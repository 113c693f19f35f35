import { Context } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import type { ReleaseFacts, StatementKey, StatementRow } from './release-facts.js';

/** Statements carry whole manifests: more nodes at once would be a large answer in memory. */
const BATCH_NODES = 50;

interface Asked extends StatementKey {
  readonly resolve: (rows: readonly StatementRow[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A wave wakes hundreds of parked nodes in the same moment. What is asked for in one turn of the
 * event loop is read together: one transaction per tenant and fifty nodes instead of one per node.
 */
export class StatementBatches {
  private readonly waiting = new Map<string, Asked[]>();

  constructor(
    private readonly database: Database,
    private readonly releases: ReleaseFacts,
  ) {}

  read(tenantId: string, nodeId: string, after: number): Promise<readonly StatementRow[]> {
    return new Promise((resolve, reject) => {
      const asked = { nodeId, after, resolve, reject };
      const batch = this.waiting.get(tenantId);
      if (batch) {
        batch.push(asked);
        if (batch.length >= BATCH_NODES) this.flush(tenantId, batch);
      } else {
        const opened = [asked];
        this.waiting.set(tenantId, opened);
        setImmediate(() => this.flush(tenantId, opened));
      }
    });
  }

  private flush(tenantId: string, batch: readonly Asked[]): void {
    // A full batch went ahead of its turn.
    if (this.waiting.get(tenantId) !== batch) return;
    this.waiting.delete(tenantId);
    this.answer(tenantId, batch).catch((error: unknown) => {
      for (const asked of batch) asked.reject(error);
    });
  }

  private async answer(tenantId: string, batch: readonly Asked[]): Promise<void> {
    // The same node may ask twice at once, with another revision or the same one.
    const asked = new Map(batch.map((each) => [keyOf(each), each]));
    const rows = await this.database.transaction(Context.system(tenantId, 'desired'), (open) =>
      this.releases.statements(open, [...asked.values()]),
    );
    const answers = new Map<string, StatementRow[]>();
    for (const row of rows) {
      const own = answers.get(keyOf(row));
      if (own) own.push(row);
      else answers.set(keyOf(row), [row]);
    }
    for (const each of batch) each.resolve(answers.get(keyOf(each)) ?? []);
  }
}

const keyOf = ({ nodeId, after }: StatementKey): string => `${nodeId} ${after}`;
