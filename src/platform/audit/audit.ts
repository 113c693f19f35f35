import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { canonicalJson } from '../../kernel/canonical-json.js';
import { newId } from '../../kernel/ids.js';
import type { OpenContext } from '../context.js';
import { insertAuditEntry } from './audit.store.js';
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
    await insertAuditEntry(open, {
      at,
      id,
      tenantId: open.tenantId,
      category,
      action,
      actor,
      subjectKind: subject.kind,
      subjectId: subject.id,
      requestId: open.requestId,
      result,
      body,
      leaf,
    });
  }
}
