import { Inject, Injectable } from '@nestjs/common';
import { limits } from '../../../kernel/limits.js';
import { parseVerifierKey } from '../../../kernel/tlog/note.js';
import type { Context } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { ANCHOR_SINKS, type AnyAnchorSink } from '../anchors/anchor-sink.js';
import { auditLogTooLong, auditVerifying } from '../audit.errors.js';
import { AuditReads } from '../entries/audit-reads.js';
import { LogKey } from '../log/log-key.js';
import { LogReader } from '../log/log-reader.js';
import { treeHead } from '../proofs/tree.views.js';
import { type LogReport, verifyTenant } from './verify-tenant.js';

/** One log at a time in each process: it is hashing from its beginning to its end. */
@Injectable()
export class VerificationService {
  private isBusy = false;

  constructor(
    private readonly database: Database,
    private readonly reads: AuditReads,
    private readonly key: LogKey,
    private readonly reader: LogReader,
    @Inject(ANCHOR_SINKS) private readonly sinks: readonly AnyAnchorSink[],
  ) {}

  /** Throws `audit-log-too-long`, `audit-verifying`. */
  async verify(ctx: Context): Promise<LogReport> {
    const head = await this.database.transaction(ctx, async (open) => {
      await this.reads.note(open, 'proofs');
      return treeHead(open);
    });
    const most = limits.auditVerifiedEntries;
    if (head && head.size > most) throw auditLogTooLong(most);
    if (this.isBusy) throw auditVerifying();
    this.isBusy = true;
    try {
      const { database, reader, sinks } = this;
      const verifiers = [parseVerifierKey(this.key.verifierOf(ctx.tenantId))];
      return await verifyTenant(ctx, { database, reader, sinks, verifiers });
    } finally {
      this.isBusy = false;
    }
  }
}
