/**
 * The table `outbox`: how far each consumer has got in each stream. Written by whoever appends, in a
 * tenant's transaction; claimed and moved by the relay as the system's role, for it schedules for all.
 */
import type { OpenContext } from '../context.js';
import { statement } from '../database/statement.js';
import type { SystemTransaction } from '../database/transaction.js';

/** What a stream is made of: a run's journal, or the events of one thing. */
export type StreamKind = 'journal' | 'events';

export interface Claim {
  readonly tenantId: string;
  readonly stream: StreamKind;
  readonly streamId: string;
  readonly afterSeq: number;
  readonly upToSeq: number;
  readonly failures: number;
}

export interface ClaimLimits {
  readonly streams: number;
  readonly streamsPerTenant: number;
  /** Tenants that have as much under way as they may. */
  readonly busyTenants: readonly string[];
  readonly leaseMs: number;
}

export interface Backlog {
  readonly consumer: string;
  readonly open: number;
  readonly failing: number;
}

/** Candidates looked at per claim: enough for a fair choice, few enough to be quick. */
const CANDIDATES = 500;

/** One row per consumer and stream, which never goes back: a thing may have a journal and events, too. Fragment: :consumers, :tenantId. */
export const raiseOutbox = (kind: StreamKind, streamId: string, upToSeq: string, from = '') =>
  `insert into outbox (consumer, tenant_id, stream_kind, stream_id, up_to_seq)
   select name, :tenantId, '${kind}', ${streamId}, ${upToSeq}
   from unnest(:consumers::text[]) as name ${from}
   on conflict (consumer, tenant_id, stream_kind, stream_id)
   do update set up_to_seq = greatest(outbox.up_to_seq, excluded.up_to_seq)`;

const RAISE = statement<{
  readonly consumers: readonly string[];
  readonly tenantId: string;
  readonly streamId: string;
  readonly upToSeq: number;
}>('outbox.raise', raiseOutbox('journal', ':streamId::uuid', ':upToSeq::int'));

export interface JournalPosition {
  readonly consumers: readonly string[];
  readonly streamId: string;
  readonly upToSeq: number;
}

/** In the transaction that has written the journal so far. */
export async function raiseJournal(open: OpenContext, to: JournalPosition): Promise<void> {
  await open.tx.execute(RAISE, { tenantId: open.tenantId, ...to });
}

const CLAIM = statement<ClaimLimits & { readonly consumer: string }, Claim>(
  'outbox.claim',
  `with open as (
     select tenant_id, stream_kind, stream_id, lease_until from outbox
     where consumer = :consumer and delivered_seq < up_to_seq
       and (lease_until is null or lease_until < (select clock_timestamp()))
       and tenant_id <> all (:busyTenants::uuid[])
     order by lease_until nulls first limit ${CANDIDATES}),
   fair as (
     select *, row_number() over (partition by tenant_id order by lease_until nulls first) as place
     from open),
   chosen as (
     select o.consumer, o.tenant_id, o.stream_kind, o.stream_id
     from outbox o join fair f on o.tenant_id = f.tenant_id and o.stream_kind = f.stream_kind
       and o.stream_id = f.stream_id
     where o.consumer = :consumer and f.place <= :streamsPerTenant
       and o.delivered_seq < o.up_to_seq
       and (o.lease_until is null or o.lease_until < (select clock_timestamp()))
     order by f.place limit :streams for update of o skip locked)
   update outbox o set lease_until = clock_timestamp() + :leaseMs::int * interval '1 millisecond'
   from chosen c where o.consumer = c.consumer and o.tenant_id = c.tenant_id
     and o.stream_kind = c.stream_kind and o.stream_id = c.stream_id
   returning o.tenant_id as "tenantId", o.stream_kind as stream, o.stream_id as "streamId",
     o.delivered_seq as "afterSeq", o.up_to_seq as "upToSeq", o.failures`,
);

/**
 * Leases streams that have something new: a few of each tenant. `lease_until` is also when a
 * failing stream is due again.
 */
export function claimStreams(
  tx: SystemTransaction,
  consumer: string,
  limits: ClaimLimits,
): Promise<Claim[]> {
  return tx.query(CLAIM, { consumer, ...limits });
}

const ADVANCE = statement<
  Pick<Claim, 'tenantId' | 'stream' | 'streamId' | 'afterSeq' | 'upToSeq'> & {
    readonly consumer: string;
  }
>(
  'outbox.advance',
  `update outbox set delivered_seq = :upToSeq, lease_until = null, failures = 0
   where consumer = :consumer and tenant_id = :tenantId and stream_kind = :stream
     and stream_id = :streamId and delivered_seq = :afterSeq`,
);

/** Compare-and-set: whoever lost the lease in the meantime moves nothing. */
export async function advanceStream(
  tx: SystemTransaction,
  consumer: string,
  { tenantId, stream, streamId, afterSeq, upToSeq }: Claim,
): Promise<void> {
  await tx.execute(ADVANCE, { consumer, tenantId, stream, streamId, afterSeq, upToSeq });
}

const POSTPONE = statement<
  Pick<Claim, 'tenantId' | 'stream' | 'streamId' | 'afterSeq' | 'failures'> & {
    readonly consumer: string;
    readonly delayMs: number;
    readonly more: number;
  }
>(
  'outbox.postpone',
  `update outbox set lease_until = clock_timestamp() + :delayMs::int * interval '1 millisecond',
     failures = failures + :more::int
   where consumer = :consumer and tenant_id = :tenantId and stream_kind = :stream
     and stream_id = :streamId and delivered_seq = :afterSeq and failures = :failures`,
);

/** Nobody tries again before the delay is over. */
export async function postponeStream(
  tx: SystemTransaction,
  consumer: string,
  { tenantId, stream, streamId, afterSeq, failures }: Claim,
  { delayMs, isFailure }: { readonly delayMs: number; readonly isFailure: boolean },
): Promise<void> {
  const more = isFailure ? 1 : 0;
  const at = { consumer, tenantId, stream, streamId, afterSeq, failures };
  await tx.execute(POSTPONE, { ...at, delayMs, more });
}

const BACKLOG = statement<Record<never, never>, Backlog>(
  'outbox.backlog',
  `select consumer, count(*)::int as open, (count(*) filter (where failures > 0))::int as failing
   from outbox where delivered_seq < up_to_seq group by consumer`,
);

export function readBacklog(tx: SystemTransaction): Promise<Backlog[]> {
  return tx.query(BACKLOG);
}
