/** The tables `events` and `event_streams`: what happened to things without a journal, to be delivered. */
import { canonicalJson } from '../../kernel/canonical-json.js';
import { isId } from '../../kernel/ids.js';
import type { OpenContext } from '../context.js';
import { statement } from '../database/statement.js';
import type { SystemTransaction } from '../database/transaction.js';
import type { Event, EventResult } from '../events/event.js';
import { raiseOutbox } from './outbox.store.js';

interface NewEvent {
  readonly consumers: readonly string[];
  readonly tenantId: string;
  readonly streamId: string;
  readonly name: string;
  readonly subjectKind: string;
  readonly actor: string;
  readonly requestId: string;
  readonly result: EventResult;
  readonly bodyText: string;
}

/** The row of the stream is locked until the commit: the order of sequences is that of commits. */
const APPEND = statement<NewEvent>(
  'events.append',
  `with head as (
     insert into event_streams as stream (tenant_id, stream_id, last_seq)
     values (:tenantId, :streamId, 1)
     on conflict (tenant_id, stream_id) do update set last_seq = stream.last_seq + 1
     returning last_seq),
   entry as (
     insert into events (tenant_id, stream_id, seq, name, subject_kind, actor, request_id, result,
       body_text)
     select :tenantId, :streamId, last_seq, :name, :subjectKind, :actor, :requestId, :result,
       :bodyText from head)
   ${raiseOutbox('events', ':streamId::uuid', 'last_seq', 'cross join head')}`,
);

/** Throws when the subject's id is no UUID: its events have no stream. */
export async function appendEvent(
  open: OpenContext,
  { type, subjectId, body, result }: Event,
  consumers: readonly string[],
): Promise<void> {
  if (!isId(subjectId)) throw new Error(`${type.eventName}: the subject's id must be a UUID`);
  await open.tx.execute(APPEND, {
    consumers,
    tenantId: open.tenantId,
    streamId: subjectId,
    name: type.eventName,
    subjectKind: type.subject,
    actor: open.actor.name,
    requestId: open.requestId,
    result,
    bodyText: canonicalJson(body),
  });
}

/** An event as a consumer gets it. */
export interface DeliveredEvent {
  readonly seq: number;
  readonly at: Date;
  readonly name: string;
  readonly subjectKind: string;
  readonly actor: string;
  readonly requestId: string | null;
  readonly result: EventResult;
  readonly body: unknown;
}

interface EventRow extends Omit<DeliveredEvent, 'body'> {
  readonly bodyText: string;
}

export interface EventRange {
  readonly streamId: string;
  readonly afterSeq: number;
  readonly upToSeq: number;
}

const READ = statement<EventRange & { readonly tenantId: string }, EventRow>(
  'events.read',
  `select seq, at, name, subject_kind as "subjectKind", actor, request_id as "requestId", result,
     body_text as "bodyText"
   from events where tenant_id = :tenantId and stream_id = :streamId and seq > :afterSeq
     and seq <= :upToSeq order by seq`,
);

/** Of a Delivery whose stream is `events`: what is in it, in order. */
export async function eventsIn(open: OpenContext, range: EventRange): Promise<DeliveredEvent[]> {
  const { streamId, afterSeq, upToSeq } = range;
  const rows = await open.tx.query(READ, { tenantId: open.tenantId, streamId, afterSeq, upToSeq });
  return rows.map(({ bodyText, ...rest }) => ({ ...rest, body: JSON.parse(bodyText) as unknown }));
}

const PURGE = statement<{ readonly days: number; readonly rows: number }>(
  'events.purge',
  `delete from events where (tenant_id, stream_id, seq) in (
     select e.tenant_id, e.stream_id, e.seq from events e
     where e.at < clock_timestamp() - :days::int * interval '1 day'
       and not exists (select 1 from outbox o where o.tenant_id = e.tenant_id
         and o.stream_kind = 'events' and o.stream_id = e.stream_id and o.delivered_seq < e.seq)
     limit :rows)`,
);

/** Removes what is older and everybody has got; how many. What a consumer still waits for stays. */
export function purgeEvents(
  tx: SystemTransaction,
  limits: { readonly days: number; readonly rows: number },
): Promise<number> {
  return tx.execute(PURGE, limits);
}
