/**
 * The table `mail_outbox`: mails on their way. Written in the transaction of whoever has a reason for one,
 * claimed and settled by the sender as the system's role.
 */
import { statement } from '../../../platform/database/statement.js';
import type { SystemTransaction, Transaction } from '../../../platform/database/transaction.js';

interface NewMail {
  readonly tenantId: string;
  readonly id: string;
  readonly kind: string;
  /** A digest. */
  readonly recipient: string;
  readonly sealed: string;
  readonly goodUntil: Date;
}

const insert = statement<NewMail>(
  'mail-outbox.insert',
  `insert into mail_outbox (tenant_id, id, kind, recipient, sealed, good_until)
   values (:tenantId, :id, :kind, :recipient, :sealed, :goodUntil)`,
);

export async function insertMail(tx: Transaction, mail: NewMail): Promise<void> {
  await tx.execute(insert, mail);
}

interface Recent {
  readonly toRecipient: number;
  readonly ofTenant: number;
}

type Asked = Pick<NewMail, 'tenantId' | 'recipient' | 'kind'>;

const countRecent = statement<Asked, Recent>(
  'mail-outbox.count-recent',
  `select (count(*) filter (where recipient = :recipient and kind = :kind))::int as "toRecipient",
     count(*)::int as "ofTenant"
   from mail_outbox
   where tenant_id = :tenantId and created_at > clock_timestamp() - interval '1 hour'`,
);

/** Of the last hour, in this tenant; to the recipient of this kind. */
export async function countRecentMails(tx: Transaction, of: Asked): Promise<Recent> {
  return (await tx.first(countRecent, of)) ?? { toRecipient: 0, ofTenant: 0 };
}

export interface MailClaim {
  readonly tenantId: string;
  readonly id: string;
  readonly kind: string;
  readonly sealed: string;
  /** With this one; whoever settles it names the same. */
  readonly attempts: number;
  readonly isOver: boolean;
  /** Mails of its kind to the same person within the hour before it, of whatever tenant. */
  readonly ahead: number;
}

const claim = statement<{ readonly mails: number; readonly leaseMs: number }, MailClaim>(
  'mail-outbox.claim',
  `with chosen as (
     select tenant_id, id from mail_outbox
     where state = 'waiting' and due_at <= (select clock_timestamp())
     order by due_at limit :mails for update skip locked)
   update mail_outbox m set attempts = m.attempts + 1,
     due_at = clock_timestamp() + :leaseMs::int * interval '1 millisecond'
   from chosen c where m.tenant_id = c.tenant_id and m.id = c.id
   returning m.tenant_id as "tenantId", m.id, m.kind, m.sealed, m.attempts,
     m.good_until <= clock_timestamp() as "isOver",
     (select count(*)::int from mail_outbox o where o.recipient = m.recipient and o.kind = m.kind
       and o.state <> 'dropped' and o.created_at > m.created_at - interval '1 hour'
       and (o.created_at, o.id) < (m.created_at, m.id)) as ahead`,
);

/** Leases mails that are due: nobody else takes them until then. */
export function claimMails(
  tx: SystemTransaction,
  limits: { readonly mails: number; readonly leaseMs: number },
): Promise<MailClaim[]> {
  return tx.query(claim, limits);
}

type Settled = Pick<MailClaim, 'tenantId' | 'id' | 'attempts'>;

const settle = statement<
  Settled & { readonly state: 'sent' | 'failed' | 'dropped'; readonly reason: string | null }
>(
  'mail-outbox.settle',
  `update mail_outbox set state = :state, reason = :reason, sealed = null,
     done_at = clock_timestamp()
   where tenant_id = :tenantId and id = :id and attempts = :attempts and state = 'waiting'`,
);

/** Its content goes with it. Whoever lost the lease settles nothing. */
export async function settleMail(
  tx: SystemTransaction,
  { tenantId, id, attempts }: Settled,
  state: 'sent' | 'failed' | 'dropped',
  reason: string | null = null,
): Promise<void> {
  await tx.execute(settle, { tenantId, id, attempts, state, reason });
}

const postpone = statement<Settled & { readonly delayMs: number; readonly reason: string }>(
  'mail-outbox.postpone',
  `update mail_outbox set reason = :reason,
     due_at = clock_timestamp() + :delayMs::int * interval '1 millisecond'
   where tenant_id = :tenantId and id = :id and attempts = :attempts and state = 'waiting'`,
);

export async function postponeMail(
  tx: SystemTransaction,
  { tenantId, id, attempts }: Settled,
  delayMs: number,
  reason: string,
): Promise<void> {
  await tx.execute(postpone, { tenantId, id, attempts, delayMs, reason });
}

const purge = statement<{ readonly days: number; readonly rows: number }>(
  'mail-outbox.purge',
  `delete from mail_outbox where (tenant_id, id) in (
     select tenant_id, id from mail_outbox where state <> 'waiting'
       and done_at < clock_timestamp() - :days::int * interval '1 day' limit :rows)`,
);

/** How many. */
export function purgeMails(
  tx: SystemTransaction,
  limits: { readonly days: number; readonly rows: number },
): Promise<number> {
  return tx.execute(purge, limits);
}

const countWaiting = statement<Record<never, never>, { readonly waiting: number }>(
  'mail-outbox.count-waiting',
  `select count(*)::int as waiting from mail_outbox where state = 'waiting'`,
);

export async function countWaitingMails(tx: SystemTransaction): Promise<number> {
  return (await tx.first(countWaiting))?.waiting ?? 0;
}
