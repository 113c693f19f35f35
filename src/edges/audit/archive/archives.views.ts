/** What of a tenant's log lies in the archive, and what of it has to come there. */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import type { ArchivedSpan } from './archive-names.js';

export interface ArchiveRow extends ArchivedSpan {
  /** Of this month, between those two times. */
  readonly entries: number;
  readonly firstAt: Date;
  readonly lastAt: Date;
  readonly digest: string;
  readonly bytes: number;
  readonly personalVersion: number;
  readonly personalDigest: string;
  readonly personalBytes: number;
}

type Of = { readonly tenantId: string };

const COLUMNS = `to_char(a.month, 'YYYY-MM') as month, a.from_sequence as "fromSequence", a.size, a.entries,
  a.first_at as "firstAt", a.last_at as "lastAt", a.digest, a.bytes,
  a.personal_version as "personalVersion", a.personal_digest as "personalDigest",
  a.personal_bytes as "personalBytes"`;

const over = statement<Of & { readonly from: number; readonly to: number }, ArchiveRow>(
  'audit-archives.over',
  `select ${COLUMNS} from audit_archives a
   where a.tenant_id = :tenantId and a.size > :from and a.from_sequence < :to
   order by a.size, a.month`,
);

/** Files that have some of these sequences. */
export function archivesOver(open: OpenContext, from: number, to: number): Promise<ArchiveRow[]> {
  return open.tx.query(over, { tenantId: open.tenantId, from, to });
}

const between = statement<
  Of & { readonly from: Date; readonly to: Date; readonly take: number },
  ArchiveRow
>(
  'audit-archives.between',
  `select ${COLUMNS} from audit_archives a
   join audit_months m on m.month = a.month and m.dropped_at is not null
   where a.tenant_id = :tenantId and a.last_at >= :from and a.first_at <= :to
   order by a.last_at desc, a.month desc, a.from_sequence desc limit :take`,
);

/** Files with entries between these times that are nowhere else any more, the newest first. */
export function archivesBetween(
  open: OpenContext,
  span: { readonly from: Date; readonly to: Date; readonly take: number },
): Promise<ArchiveRow[]> {
  return open.tx.query(between, { tenantId: open.tenantId, ...span });
}

const page = statement<
  Of & { readonly afterMonth: string; readonly after: number; readonly take: number },
  ArchiveRow
>(
  'audit-archives.page',
  `select ${COLUMNS} from audit_archives a
   where a.tenant_id = :tenantId
     and (a.month, a.from_sequence) > (to_date(:afterMonth, 'YYYY-MM'), :after)
   order by a.month, a.from_sequence limit :take`,
);

/** All of them, in order, after that one. */
export function archivesAfter(
  open: OpenContext,
  after: { readonly month: string; readonly fromSequence: number } | null,
  take: number,
): Promise<ArchiveRow[]> {
  const { tenantId } = open;
  const afterMonth = after?.month ?? '0001-01';
  return open.tx.query(page, { tenantId, afterMonth, after: after?.fromSequence ?? -1, take });
}

type OfMonth = Of & { readonly month: string };

const done = statement<OfMonth, { readonly upTo: number }>(
  'audit-archives.done',
  `select coalesce(max(size), 0) as "upTo" from audit_archives
   where tenant_id = :tenantId and month = to_date(:month, 'YYYY-MM')`,
);

/** A month's files come in order: what is before this sequence is archived. */
export async function archivedUpTo(open: OpenContext, month: string): Promise<number> {
  return (await open.tx.first(done, { tenantId: open.tenantId, month }))!.upTo;
}

export interface Hull {
  readonly first: number;
  readonly last: number;
}

type Times = { readonly from: Date; readonly to: Date };

const hull = statement<
  Of & Times & { readonly fromId: string; readonly toId: string },
  { readonly first: number | null; readonly last: number | null }
>(
  'audit-leaves.hull-of-month',
  `select min(sequence) as first, max(sequence) as last from audit_leaves
   where tenant_id = :tenantId and entry_id >= :fromId and entry_id < :toId and at >= :from and at < :to`,
);

/** The first and the last sequence of entries between two times; ids that can be theirs lead there. */
export async function hullOf(
  open: OpenContext,
  times: Times & { readonly fromId: string; readonly toId: string },
): Promise<Hull | null> {
  const found = await open.tx.first(hull, { tenantId: open.tenantId, ...times });
  const { first = null, last = null } = found ?? {};
  return first === null || last === null ? null : { first, last };
}

const hidden = statement<Of & { readonly id: string }, { readonly sequence: number }>(
  'audit-leaves.newest-before',
  `select sequence from audit_leaves where tenant_id = :tenantId and entry_id < :id
   order by entry_id desc limit 1`,
);

/** From which sequence on entries are younger than an id of that moment. */
export async function firstSince(open: OpenContext, id: string): Promise<number> {
  const last = await open.tx.first(hidden, { tenantId: open.tenantId, id });
  return last === undefined ? 0 : last.sequence + 1;
}

export interface PlacedLeaf {
  readonly sequence: number;
  readonly at: Date;
}

const placed = statement<
  Of & Times & { readonly after: number; readonly last: number; readonly take: number },
  PlacedLeaf
>(
  'audit-leaves.of-month',
  `select sequence, at from audit_leaves
   where tenant_id = :tenantId and sequence >= :after and sequence <= :last and at >= :from and at < :to
   order by sequence limit :take`,
);

/** Where entries between two times stand in the log, from a sequence on. */
export function leavesOfMonth(
  open: OpenContext,
  span: Times & { readonly after: number; readonly last: number; readonly take: number },
): Promise<PlacedLeaf[]> {
  return open.tx.query(placed, { tenantId: open.tenantId, ...span });
}
