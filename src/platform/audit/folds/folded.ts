/**
 * What somebody does again and again is an entry at once, and after it at most one in its time, which says
 * how often it was since. The one mechanism for it: sign-ins, reads, looks, denied attempts.
 */
import { auditLimits } from '../../../kernel/audit-limits.js';
import { canonicalJson } from '../../../kernel/canonical-json.js';
import { digestOfBytes } from '../../../kernel/digest.js';
import { Grants } from '../../../kernel/grants.js';
import { newId } from '../../../kernel/ids.js';
import { type ActorKind, Context, type OpenContext } from '../../context.js';
import type { Database } from '../../database/database.js';
import type { Event, EventBody, EventResult, EventType } from '../../events/event.js';
import type { AuditCategory } from '../audit-record.js';
import { countFolded, type DueFold, dueFolds, forgetFolds } from './audit-folds.store.js';

const KIND_CHARACTERS = 200;

interface FoldOptions {
  /** What besides actor and action makes it another thing: from which network, of which route. */
  readonly kind: string;
  readonly foldMs?: number;
  /** More than one: so many came before anybody could write them. */
  readonly times?: number;
}

/** In the transaction in which it is done. Nobody listens to such an event: it is told by the log alone. */
export async function recordFolded<Body extends EventBody>(
  open: OpenContext,
  eventOf: (count: number) => Event<Body & { readonly count: number }>,
  { kind, foldMs = auditLimits.foldMs, times = 1 }: FoldOptions,
): Promise<void> {
  const { type, subjectId, result, body: whole } = eventOf(times);
  const { count: _count, ...body } = whole;
  const { kind: actorKind, id: actorId, name: actorName, personId } = open.actor;
  const count = await countFolded(open, {
    actorKind,
    actorId,
    actorName,
    personId,
    kind: shortened(`${type.eventName} ${kind}`),
    category: type.audit!,
    action: type.eventName,
    subjectKind: type.subject,
    subjectId,
    result,
    body: canonicalJson(body),
    times,
    foldMs,
  });
  if (count > 0) await open.record(eventOf(count));
}

/** Says what is left to be said. */
export async function closeFolds(database: Database): Promise<void> {
  await database.system(async (tx) => {
    await forgetFolds(tx);
    for (const due of await dueFolds(tx, auditLimits.foldsAtOnce)) {
      await database.record(tx, contextOf(due), eventOfRow(due));
    }
  });
}

function contextOf({ tenantId, actorKind, actorId: id, actorName: name, personId }: DueFold) {
  const actor = { kind: actorKind as ActorKind, id, name, personId };
  return new Context({ tenantId, actor, grants: Grants.none, requestId: newId() });
}

/** As its type would make it: that may not be loaded in the process that tells it. */
function eventOfRow(due: DueFold): Event {
  const { action: eventName, category, subjectKind: subject, subjectId, times: count } = due;
  const type = { eventName, subject, audit: category as AuditCategory } as EventType;
  const body = { ...(JSON.parse(due.body) as EventBody), count };
  return { type, subjectId, body, result: due.result as EventResult };
}

function shortened(kind: string): string {
  if (kind.length <= KIND_CHARACTERS) return kind;
  return digestOfBytes(Buffer.from(kind));
}
