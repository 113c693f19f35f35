import { Injectable } from '@nestjs/common';
import { Grants } from '../../../kernel/grants.js';
import { newId } from '../../../kernel/ids.js';
import { limits } from '../../../kernel/limits.js';
import { type ActorKind, Context, type OpenContext } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { auditLogExported, auditLogRead } from '../log/audit.events.js';
import { closeReads, countRead, forgetReads } from './audit-reads.store.js';

export interface Exported {
  readonly from: number;
  readonly to: number;
  readonly filter: Readonly<Record<string, string>> | null;
}

export type ReadPart = 'entries' | 'proofs' | 'receipts';

const AT_ONCE = 100;

/**
 * Who has read the audit log is in it: the first time at once, and after it at most once in ten minutes for
 * each reader and part, with how often it was. Every export is an entry.
 */
@Injectable()
export class AuditReads {
  constructor(private readonly database: Database) {}

  /** In the transaction in which they see it. */
  async note(open: OpenContext, part: ReadPart): Promise<void> {
    const { kind, id, name, personId } = open.actor;
    const reader = { actorKind: kind, actorId: id, actorName: name, personId, part };
    const count = await countRead(open, reader, limits.auditReadsMs);
    if (count > 0) await open.record(auditLogRead(open.tenantId, { part, count }));
  }

  /** In the transaction that finds out what it is. */
  async noteExport(open: OpenContext, { from, to, filter }: Exported): Promise<void> {
    const asked = filter && Object.entries(filter).map(([name, text]) => [named(name), text]);
    const chosen = asked && (Object.fromEntries(asked) as Readonly<Record<string, string>>);
    await open.record(auditLogExported(open.tenantId, { from, to, filter: chosen }));
  }

  /** Says what is left to be said. */
  async close(): Promise<void> {
    const { auditReadsMs } = limits;
    await this.database.system(async (tx) => {
      await forgetReads(tx, auditReadsMs);
      for (const due of await closeReads(tx, auditReadsMs, AT_ONCE)) {
        const { tenantId, part, times: count } = due;
        const ctx = new Context({
          tenantId,
          actor: {
            kind: due.actorKind as ActorKind,
            id: due.actorId,
            name: due.actorName,
            personId: due.personId,
          },
          grants: Grants.none,
          requestId: newId(),
        });
        await this.database.record(tx, ctx, auditLogRead(tenantId, { part, count }));
      }
    });
  }
}

/** A filter's value may be somebody's name: the entry commits to it by these words. */
const named = (name: string): string =>
  name === 'actor' || name === 'subject' ? `${name}Name` : name;
