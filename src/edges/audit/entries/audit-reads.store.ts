/** The table `audit_reads`: what has yet to be said of who has read the audit log. */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import type { SystemTransaction } from '../../../platform/database/transaction.js';

export type Reader = {
  readonly actorKind: string;
  readonly actorId: string;
  readonly actorName: string;
  readonly personId: string | null;
  /** What of the log they read. */
  readonly part: string;
};

type Times = { readonly foldMs: number };

const count = statement<
  Reader & Times & { readonly tenantId: string },
  { readonly told: number; readonly untold: number }
>(
  'audit-reads.count',
  `insert into audit_reads as r (tenant_id, actor_id, part, actor_kind, actor_name, person_id, began_at,
     told, untold)
   values (:tenantId, :actorId, :part, :actorKind, :actorName, :personId, (select clock_timestamp()), 1, 0)
   on conflict (tenant_id, actor_id, part) do update set
     actor_name = excluded.actor_name,
     told = case when r.began_at <= excluded.began_at - :foldMs * interval '1 ms'
       then r.untold + 1 else r.told end,
     untold = case when r.began_at <= excluded.began_at - :foldMs * interval '1 ms'
       then 0 else r.untold + 1 end,
     began_at = case when r.began_at <= excluded.began_at - :foldMs * interval '1 ms'
       then excluded.began_at else r.began_at end
   returning told, untold`,
);

/** How many an entry has to tell now; 0: the last one is too new. */
export async function countRead(
  open: OpenContext,
  reader: Reader,
  foldMs: number,
): Promise<number> {
  const { tenantId } = open;
  const { told, untold } = (await open.tx.first(count, { ...reader, tenantId, foldMs }))!;
  return untold === 0 ? told : 0;
}

export type DueRead = Reader & { readonly tenantId: string; readonly times: number };

const close = statement<Times & { readonly take: number }, DueRead>(
  'audit-reads.close',
  `update audit_reads r set told = r.untold, untold = 0, began_at = (select clock_timestamp())
   from (select tenant_id, actor_id, part, untold from audit_reads
     where untold > 0 and began_at <= (select clock_timestamp()) - :foldMs * interval '1 ms'
     order by began_at limit :take for update skip locked) due
   where r.tenant_id = due.tenant_id and r.actor_id = due.actor_id and r.part = due.part
   returning r.tenant_id as "tenantId", r.actor_kind as "actorKind", r.actor_id as "actorId",
     r.actor_name as "actorName", r.person_id as "personId", r.part, due.untold as times`,
);

/** Those that no entry has told, in the transaction that tells them. */
export function closeReads(
  tx: SystemTransaction,
  foldMs: number,
  take: number,
): Promise<DueRead[]> {
  return tx.query(close, { foldMs, take });
}

const forget = statement<Times>(
  'audit-reads.forget',
  `delete from audit_reads
   where untold = 0 and began_at <= (select clock_timestamp()) - :foldMs * interval '1 ms'`,
);

export async function forgetReads(tx: SystemTransaction, foldMs: number): Promise<void> {
  await tx.execute(forget, { foldMs });
}
