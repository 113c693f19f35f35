/** The table `audit_erasures`: whom to erase from a tenant's log, and how far that has come. */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';

type Id = { readonly tenantId: string; readonly id: string };

const insert = statement<
  Id & {
    readonly personId: string;
    readonly reason: string;
    readonly requestedBy: string;
    readonly expiresMs: number;
  }
>(
  'audit-erasures.insert',
  `insert into audit_erasures (tenant_id, id, person_id, reason, requested_by, expires_at)
   values (:tenantId, :id, :personId, :reason, :requestedBy,
     (select clock_timestamp()) + :expiresMs::double precision * interval '1 ms')`,
);

export async function insertErasure(
  open: OpenContext,
  given: {
    readonly id: string;
    readonly personId: string;
    readonly reason: string;
    readonly requestedBy: string;
    readonly expiresMs: number;
  },
): Promise<void> {
  await open.tx.execute(insert, { tenantId: open.tenantId, ...given });
}

/** Two that ask for the same person at once go one after the other. */
const lockRequests = statement<{ readonly tenantId: string }>(
  'audit-erasures.lock',
  `select pg_advisory_xact_lock(hashtextextended('tidegate:erasures:' || :tenantId::text, 0))`,
);

export async function lockErasures(open: OpenContext): Promise<void> {
  await open.tx.execute(lockRequests, { tenantId: open.tenantId });
}

const lockOne = statement<Id>(
  'audit-erasures.lock-one',
  'select id from audit_erasures where tenant_id = :tenantId and id = :id for no key update',
);

/** Until the transaction ends nobody else decides it. */
export async function lockErasure(open: OpenContext, id: string): Promise<void> {
  await open.tx.execute(lockOne, { tenantId: open.tenantId, id });
}

const confirm = statement<
  Id & { readonly personId: string; readonly confirmedBy: string; readonly fresh: string },
  { readonly pseudonym: string }
>(
  'audit-erasures.confirm',
  `update audit_erasures set status = 'confirmed', confirmed_by = :confirmedBy,
     confirmed_at = (select clock_timestamp()), wake_at = (select clock_timestamp()),
     version = version + 1,
     pseudonym = coalesce((select e.pseudonym from audit_erasures e
       where e.tenant_id = :tenantId and e.person_id = :personId and e.pseudonym is not null limit 1),
       :fresh)
   where tenant_id = :tenantId and id = :id and status = 'requested'
   returning pseudonym`,
);

/** The pseudonym is that of an erasure of the same person before, or the one that is given. */
export async function confirmErasure(
  open: OpenContext,
  given: {
    readonly id: string;
    readonly personId: string;
    readonly confirmedBy: string;
    readonly fresh: string;
  },
): Promise<string | undefined> {
  return (await open.tx.first(confirm, { tenantId: open.tenantId, ...given }))?.pseudonym;
}

const withdraw = statement<Id & { readonly endedBy: string }>(
  'audit-erasures.withdraw',
  `update audit_erasures set status = 'withdrawn', ended_by = :endedBy,
     ended_at = (select clock_timestamp()), version = version + 1
   where tenant_id = :tenantId and id = :id and status = 'requested'`,
);

export async function withdrawErasure(
  open: OpenContext,
  id: string,
  endedBy: string,
): Promise<void> {
  await open.tx.execute(withdraw, { tenantId: open.tenantId, id, endedBy });
}
