import { Injectable } from '@nestjs/common';
import { closeFolds, recordFolded } from '../../../platform/audit/folds/folded.js';
import type { OpenContext } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { auditLogExported, auditLogRead } from '../log/audit.events.js';

export interface Exported {
  readonly from: number;
  readonly to: number;
  readonly filter: Readonly<Record<string, string>> | null;
}

export type ReadPart = 'entries' | 'proofs' | 'receipts';

/**
 * Who has read the audit log is in it: the first time at once, and after it at most once in ten minutes for
 * each reader and part, with how often it was. Every export is an entry.
 */
@Injectable()
export class AuditReads {
  constructor(private readonly database: Database) {}

  /** In the transaction in which they see it. */
  async note(open: OpenContext, part: ReadPart): Promise<void> {
    const eventOf = (count: number) => auditLogRead(open.tenantId, { part, count });
    await recordFolded(open, eventOf, { kind: part });
  }

  /** In the transaction that finds out what it is. */
  async noteExport(open: OpenContext, { from, to, filter }: Exported): Promise<void> {
    const asked = filter && Object.entries(filter).map(([name, text]) => [named(name), text]);
    const chosen = asked && (Object.fromEntries(asked) as Readonly<Record<string, string>>);
    await open.record(auditLogExported(open.tenantId, { from, to, filter: chosen }));
  }

  /** Says what is left to be said, of these and of all else that is folded. */
  async close(): Promise<void> {
    await closeFolds(this.database);
  }
}

/** A filter's value may be somebody's name: the entry commits to it by these words. */
const named = (name: string): string =>
  name === 'actor' || name === 'subject' ? `${name}Name` : name;
