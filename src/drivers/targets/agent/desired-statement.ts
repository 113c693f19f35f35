import { Inject, Injectable } from '@nestjs/common';
import { CompactSign } from 'jose';
import {
  DESIRED_TYPE,
  PROTOCOL,
  type DesiredModule,
  type DesiredStatement,
} from '../../../agent/protocol/protocol.js';
import { assert } from '../../../kernel/assert.js';
import { Config } from '../../../platform/config/config.js';
import type { Context } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { nodeRevoked } from './agent.errors.js';
import { ReleaseFacts, type StatementRow } from './release-facts.js';
import { StatementBatches } from './statement-batches.js';
import { STATEMENT_KEYS, type StatementKeys } from './statement-keys.js';

/** Says what a node should run, signed, so that nothing between here and the node can change it. */
@Injectable()
export class DesiredStatements {
  private readonly batches: StatementBatches;

  constructor(
    database: Database,
    releases: ReleaseFacts,
    private readonly config: Config,
    @Inject(STATEMENT_KEYS) private readonly keys: StatementKeys,
  ) {
    this.batches = new StatementBatches(database, releases);
  }

  /** Null when the node's revision is not above `after`. */
  async after(ctx: Context, after: number, nonce: string): Promise<string | null> {
    const nodeId = ctx.actor.id;
    const rows = await this.batches.read(ctx.tenantId, nodeId, after);
    const [first] = rows;
    if (!first) return null;
    if (first.isRevoked) throw nodeRevoked();
    const statement: DesiredStatement = {
      protocol: PROTOCOL,
      tenantId: ctx.tenantId,
      nodeId,
      nonce,
      revision: first.revision,
      reportIntervalMs: this.config.reportIntervalMs,
      ...(first.trustedProxies.length > 0 ? { trustedProxies: first.trustedProxies } : {}),
      modules: rows.flatMap((row) => moduleOf(row) ?? []),
    };
    return new CompactSign(Buffer.from(JSON.stringify(statement)))
      .setProtectedHeader({ alg: 'EdDSA', typ: DESIRED_TYPE, kid: this.keys.kid })
      .sign(this.keys.privateKey);
  }
}

function moduleOf(row: StatementRow): DesiredModule | null {
  if (!row.module) return null;
  // A release that cannot be found must never turn into "nothing should run".
  assert(row.module.releases.length === row.wanted, 'a desired release does not exist');
  return row.module;
}
