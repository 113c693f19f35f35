import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { canonicalJson } from '../../kernel/canonical-json.js';
import { newId } from '../../kernel/ids.js';
import type { OpenContext } from '../context.js';
import type { AuditRecord } from './audit-record.js';

/**
 * The append port that everybody may call. The entry is written in the caller's transaction: what
 * was done and who did it stand or fall together. Sealing, asking and exporting live in edges/audit.
 */
@Injectable()
export class Audit {
  async append(open: OpenContext, record: AuditRecord): Promise<void> {
    const id = newId();
    const at = new Date();
    const body = canonicalJson(record.body ?? {});
    const { category, action, subject, result = 'allowed' } = record;
    const actor = open.actor.name;
    const leaf = createHash('sha256')
      .update('tidegate:audit-entry:v1\n')
      .update(
        canonicalJson({
          id,
          at: at.toISOString(),
          tenantId: open.tenantId,
          category,
          action,
          actor,
          subject,
          result,
          body,
          requestId: open.requestId,
        }),
      )
      .digest('hex');
    // One statement for both rows: this stands in every business transaction.
    await open.tx.execute(
      `with entry as (
         insert into audit_entries (at, id, tenant_id, category, action, actor, subject_kind,
           subject_id, request_id, result, body_text, leaf_hash)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12))
       insert into audit_pending (tenant_id, entry_id, at) values ($3, $2, $1)`,
      [
        at,
        id,
        open.tenantId,
        category,
        action,
        actor,
        subject.kind,
        subject.id,
        open.requestId,
        result,
        body,
        leaf,
      ],
    );
  }
}
