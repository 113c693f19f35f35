/** An erasure that is under way: who is at it, how far it is, and what it changes in the entries. */
import type { OpenContext } from '../../../platform/context.js';
import { type AuditRow, auditColumns } from '../../../platform/audit/audit-row.js';
import { statement } from '../../../platform/database/statement.js';
import type { SystemTransaction } from '../../../platform/database/transaction.js';
import type { ReplacedFile } from './replaced-file.js';
import type { EntryChange } from './theirs.js';
import type { SoughtText } from './sought.js';

export type ErasurePhase = 'names' | 'entries' | 'tail';

export interface DueErasure {
  readonly tenantId: string;
  readonly id: string;
  readonly personId: string;
  readonly pseudonym: string;
  readonly names: SoughtText | null;
  readonly phase: ErasurePhase;
  /** To the microsecond, which a Date has not. */
  readonly cursorAt: string;
  readonly cursorId: string;
  readonly fence: number;
}

const HELD = `tenant_id = :tenantId and id = :id and fence = :fence and status = 'confirmed'`;
type Held = Pick<DueErasure, 'tenantId' | 'id' | 'fence'>;
const heldOf = ({ tenantId, id, fence }: Held): Held => ({ tenantId, id, fence });

const claim = statement<{ readonly leaseMs: number }, DueErasure>(
  'audit-erasures.claim',
  `update audit_erasures k set fence = fence + 1,
     lease_until = (select clock_timestamp()) + :leaseMs::double precision * interval '1 ms'
   where (tenant_id, id) in (
     select tenant_id, id from audit_erasures
     where status = 'confirmed' and wake_at <= (select clock_timestamp())
       and (lease_until is null or lease_until <= (select clock_timestamp()))
     order by wake_at limit 1 for update skip locked)
   returning tenant_id as "tenantId", id, person_id as "personId", pseudonym, names, phase,
     cursor_at::text as "cursorAt", cursor_id as "cursorId", fence`,
);

export function claimErasure(
  tx: SystemTransaction,
  leaseMs: number,
): Promise<DueErasure | undefined> {
  return tx.first(claim, { leaseMs });
}

type Step = {
  readonly cursorAt: string;
  readonly cursorId: string;
  readonly leaseMs: number;
  readonly entries: number;
  readonly values: number;
  readonly mentions: number;
};

const advance = statement<Held & Step>(
  'audit-erasures.advance',
  `update audit_erasures set cursor_at = :cursorAt::timestamptz, cursor_id = :cursorId,
     lease_until = (select clock_timestamp()) + :leaseMs::double precision * interval '1 ms',
     entries_changed = entries_changed + :entries, values_erased = values_erased + :values,
     mentions = mentions + :mentions
   where ${HELD}`,
);

/** False: somebody else is at it by now. */
export async function advanceErasure(
  tx: SystemTransaction,
  erasure: Held,
  step: Step,
): Promise<boolean> {
  return (await tx.execute(advance, { ...heldOf(erasure), ...step })) > 0;
}

type Replaced = {
  readonly tenantId: string;
  readonly month: string;
  readonly fromSequence: number;
  readonly personalVersion: number;
  readonly version: number;
  readonly digest: string;
  readonly bytes: number;
};

const replace = statement<Replaced>(
  'audit-archives.replace-personal',
  `update audit_archives set personal_version = :version, personal_digest = :digest,
     personal_bytes = :bytes
   where tenant_id = :tenantId and month = to_date(:month, 'YYYY-MM')
     and from_sequence = :fromSequence and personal_version = :personalVersion`,
);

/** What is personal of a file of the archive is another object from now on. */
export async function replacePersonal(
  tx: SystemTransaction,
  tenantId: string,
  { archive, version, digest, bytes }: ReplacedFile,
): Promise<void> {
  const { month, fromSequence, personalVersion } = archive;
  const values = { tenantId, month, fromSequence, personalVersion, version, digest, bytes };
  if ((await tx.execute(replace, values)) !== 1) throw new Error('the file is another one by now');
}

type Turn = {
  readonly phase: ErasurePhase;
  readonly names: string;
  readonly tailMs: number;
  readonly delayMs: number;
};

const enter = statement<Held & Turn>(
  'audit-erasures.enter-phase',
  `update audit_erasures set phase = :phase, names = :names::jsonb, lease_until = null,
     cursor_at = case when :phase = 'tail' and cursor_at > '-infinity'
       then cursor_at - :tailMs::double precision * interval '1 ms' else '-infinity' end,
     cursor_id = '00000000-0000-0000-0000-000000000000',
     wake_at = (select clock_timestamp()) + :delayMs::double precision * interval '1 ms'
   where ${HELD}`,
);

/** Given back: whoever comes next goes on there. */
export async function enterPhase(
  tx: SystemTransaction,
  erasure: Held,
  { names, ...turn }: Omit<Turn, 'names'> & { readonly names: SoughtText },
): Promise<void> {
  await tx.execute(enter, { ...heldOf(erasure), ...turn, names: JSON.stringify(names) });
}

const finish = statement<
  Held & { readonly outOfReach: string },
  { readonly entriesChanged: number; readonly valuesErased: number; readonly mentions: number }
>(
  'audit-erasures.finish',
  `update audit_erasures set status = 'done', ended_at = (select clock_timestamp()), names = null,
     lease_until = null, wake_at = null, out_of_reach = :outOfReach::jsonb, version = version + 1
   where ${HELD}
   returning entries_changed as "entriesChanged", values_erased as "valuesErased", mentions`,
);

/** Undefined: somebody else is at it by now. */
export function finishErasure(
  tx: SystemTransaction,
  erasure: Held,
  outOfReach: Readonly<Record<string, number>>,
) {
  return tx.first(finish, { ...heldOf(erasure), outOfReach: JSON.stringify(outOfReach) });
}

const erase = statement<
  { readonly tenantId: string; readonly changes: string },
  { readonly changed: number }
>(
  'audit-entries.erase',
  'select tidegate_erase_entries(:tenantId::uuid, :changes::jsonb) as changed',
);

export type ChangedEntry = EntryChange & { readonly id: string; readonly atText: string };

/** The database looks at each once more, and lets nothing through that changes what is hashed. */
export async function eraseEntries(
  tx: SystemTransaction,
  tenantId: string,
  entries: readonly ChangedEntry[],
): Promise<void> {
  if (entries.length === 0) return;
  const changes = entries.map((entry) => ({
    id: entry.id,
    at: entry.atText,
    actor: entry.actor,
    subject_id: entry.subjectId,
    source_address: entry.sourceAddress,
    user_agent: entry.userAgent,
    body_text: entry.body,
    salts_text: entry.salts,
  }));
  const row = await tx.first(erase, { tenantId, changes: JSON.stringify(changes) });
  if (row?.changed !== entries.length) throw new Error('an entry to be erased is not there');
}

export type EntryAt = AuditRow & { readonly atText: string };

const after = statement<
  {
    readonly tenantId: string;
    readonly cursorAt: string;
    readonly cursorId: string;
    readonly take: number;
  },
  EntryAt
>(
  'audit-entries.after',
  `select ${auditColumns('e')}, e.at::text as "atText" from audit_entries e
   where e.tenant_id = :tenantId and (e.at, e.id) > (:cursorAt::timestamptz, :cursorId::uuid)
   order by e.at, e.id limit :take`,
);

export function entriesAfter(
  open: OpenContext,
  { cursorAt, cursorId }: Pick<DueErasure, 'cursorAt' | 'cursorId'>,
  take: number,
): Promise<EntryAt[]> {
  return open.tx.query(after, { tenantId: open.tenantId, cursorAt, cursorId, take });
}
