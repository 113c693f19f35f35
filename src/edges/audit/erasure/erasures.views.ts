/** Requests to erase somebody, as they are shown; and whether the log knows the person at all. */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import { ERASURE_STATUSES } from './erasures.dto.js';

export interface ErasureRow {
  readonly id: string;
  readonly personId: string;
  readonly reason: string;
  readonly status: (typeof ERASURE_STATUSES)[number];
  readonly pseudonym: string | null;
  readonly requestedBy: string;
  readonly requestedAt: Date;
  readonly expiresAt: Date;
  readonly confirmedBy: string | null;
  readonly confirmedAt: Date | null;
  readonly endedAt: Date | null;
  readonly entriesChanged: number;
  readonly valuesErased: number;
  readonly mentions: number;
  readonly outOfReach: Readonly<Record<string, number>>;
}

const STATUS = `case when status = 'requested' and expires_at <= (select clock_timestamp())
  then 'expired' else status end`;
const SELECT = `select id, person_id as "personId", reason, ${STATUS} as status, pseudonym,
    requested_by as "requestedBy", requested_at as "requestedAt", expires_at as "expiresAt",
    confirmed_by as "confirmedBy", confirmed_at as "confirmedAt", ended_at as "endedAt",
    entries_changed as "entriesChanged", values_erased as "valuesErased", mentions,
    out_of_reach as "outOfReach"
  from audit_erasures where tenant_id = :tenantId`;

const page = statement<
  { readonly tenantId: string; readonly before: string | null; readonly take: number },
  ErasureRow
>(
  'audit-erasures.page',
  `${SELECT} and (:before::uuid is null or id < :before::uuid) order by id desc limit :take`,
);

export function erasureRows(
  open: OpenContext,
  before: string | null,
  take: number,
): Promise<ErasureRow[]> {
  return open.tx.query(page, { tenantId: open.tenantId, before, take });
}

type One = { readonly tenantId: string; readonly id: string };
const one = statement<One, ErasureRow>('audit-erasures.view', `${SELECT} and id = :id`);

export function erasureRow(open: OpenContext, id: string): Promise<ErasureRow | undefined> {
  return open.tx.first(one, { tenantId: open.tenantId, id });
}

const openOnes = statement<{ readonly tenantId: string }, { id: string; personId: string }>(
  'audit-erasures.open',
  `select id, person_id as "personId" from audit_erasures where tenant_id = :tenantId
     and (status = 'confirmed' or status = 'requested' and expires_at > (select clock_timestamp()))
   order by id`,
);

export function openErasures(open: OpenContext) {
  return open.tx.query(openOnes, { tenantId: open.tenantId });
}

const traces = statement<
  { readonly tenantId: string; readonly personId: string },
  { readonly isKnown: boolean }
>(
  'audit-entries.traces-of-person',
  `select exists (select 1 from audit_entries e where e.tenant_id = :tenantId
       and coalesce(e.acting_for::text, e.actor_id) = :personId
       and e.actor_kind in ('user', 'access-key'))
     or exists (select 1 from audit_entries e where e.tenant_id = :tenantId
       and e.subject_id = :personId and e.subject_kind = 'user') as "isKnown"`,
);

/** They have done something here, or something was done to them. */
export async function isKnownPerson(open: OpenContext, personId: string): Promise<boolean> {
  const { tenantId } = open;
  return (await open.tx.first(traces, { tenantId, personId }))!.isKnown;
}
