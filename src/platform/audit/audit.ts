import { Injectable } from '@nestjs/common';
import { canonicalJson } from '../../kernel/canonical-json.js';
import { digestOfBytes } from '../../kernel/digest.js';
import { isId, newId } from '../../kernel/ids.js';
import { leafOf, type EntryFields } from '../../kernel/tlog/audit-leaf.js';
import { leafHash } from '../../kernel/tlog/tree.js';
import type { OpenContext } from '../context.js';
import { insertAuditEntry } from './audit.store.js';
import type { AuditRecord } from './audit-record.js';
import { BODY_CHARACTERS, masked } from './masked.js';
import { saltsFor } from './personal.js';
import { currentRequestSource } from './request-source.js';

/**
 * The append port that everybody may call. The entry is written in the caller's transaction: what
 * was done and who did it stand or fall together. Sealing, asking and exporting live in edges/audit.
 */
@Injectable()
export class Audit {
  async append(open: OpenContext, record: AuditRecord): Promise<void> {
    const entry = entryOf(open, record);
    const salts = saltsFor(entry);
    const leaf = leafHash(Buffer.from(leafOf(entry, salts).text));
    await insertAuditEntry(open, {
      ...entry,
      at: new Date(entry.at),
      result: entry.outcome,
      actor: entry.actor.name,
      actorKind: entry.actor.kind,
      actorId: entry.actor.id,
      subjectKind: entry.subject.kind,
      subjectId: entry.subject.id,
      body: canonicalJson(entry.body),
      salts: canonicalJson(salts),
      leaf,
      leafText: leaf.toString('hex'),
    });
  }
}

function entryOf(open: OpenContext, record: AuditRecord): EntryFields {
  const now = Date.now();
  const { kind, id, name, personId } = open.actor;
  const source = currentRequestSource();
  const { category, subject, action, result = 'allowed' } = record;
  const body = bounded(masked(record.body ?? {}));
  return {
    version: 2,
    // Of the same millisecond, so that pages by id are pages by time.
    id: newId(now),
    tenantId: open.tenantId,
    at: new Date(now).toISOString(),
    category,
    action,
    outcome: result,
    actor: { kind, id, name },
    actingFor: personId === id ? null : personId,
    subject,
    sourceAddress: source?.address ?? null,
    userAgent: source?.userAgent ?? null,
    requestId: open.requestId,
    traceId: source?.traceId ?? null,
    releaseId: namedIn('release', record),
    deploymentId: namedIn('deployment', record),
    body,
  };
}

/** What the entry is about, or what its body names besides: for whoever asks about that one. */
function namedIn(kind: 'release' | 'deployment', { subject, body }: AuditRecord): string | null {
  const id = subject.kind === kind ? subject.id : body?.[`${kind}Id`];
  return typeof id === 'string' && isId(id) ? id : null;
}

/** Too long a body is kept by its digest; nothing is undone because of it. */
function bounded(body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const text = canonicalJson(body);
  if (text.length <= BODY_CHARACTERS) return body;
  return { isLeftOut: true, characters: text.length, digest: digestOfBytes(Buffer.from(text)) };
}
