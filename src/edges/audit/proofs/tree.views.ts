/** What of a tenant's tree is shown: its hashes, its entries in order, its checkpoints. */
import type { ReadHashes } from '../../../kernel/tlog/tree-proofs.js';
import { type AuditRow, auditColumns } from '../../../platform/audit/audit-row.js';
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';

type Span = { readonly tenantId: string; readonly from: number; readonly to: number };

const leaves = statement<Span, { readonly hash: Buffer }>(
  'audit-leaves.hashes',
  `select leaf_hash as hash from audit_leaves
   where tenant_id = :tenantId and sequence >= :from and sequence < :to order by sequence`,
);

const subtrees = statement<Span & { readonly level: number }, { readonly hash: Buffer }>(
  'audit-subtrees.hashes',
  `select hash from audit_subtrees
   where tenant_id = :tenantId and level = :level and position >= :from and position < :to
   order by position`,
);

/** Fewer than asked for where the tree ends. */
export function hashesOf(open: OpenContext): ReadHashes {
  const { tenantId } = open;
  return async (level, from, count) => {
    const span = { tenantId, from, to: from + count };
    const rows =
      level === 0
        ? await open.tx.query(leaves, span)
        : await open.tx.query(subtrees, { ...span, level });
    return rows.map(({ hash }) => hash);
  };
}

export interface TreeHeadRow {
  readonly size: number;
  readonly checkpoint: string;
  readonly sealedAt: Date;
}

const head = statement<{ readonly tenantId: string }, TreeHeadRow>(
  'audit-trees.head',
  `select size, checkpoint, sealed_at as "sealedAt" from audit_trees
   where tenant_id = :tenantId and size > 0`,
);

export function treeHead(open: OpenContext): Promise<TreeHeadRow | undefined> {
  return open.tx.first(head, { tenantId: open.tenantId });
}

export type LoggedEntry = { readonly sequence: number; readonly leafHash: Buffer } & {
  /** Null for each column: the entry is gone. */
  readonly [Column in keyof AuditRow]: AuditRow[Column] | null;
};

const entries = statement<Span, LoggedEntry>(
  'audit-leaves.entries',
  `select l.sequence, l.leaf_hash as "leafHash", ${auditColumns('e')} from audit_leaves l
   left join audit_entries e on e.tenant_id = l.tenant_id and e.at = l.at and e.id = l.entry_id
   where l.tenant_id = :tenantId and l.sequence >= :from and l.sequence < :to order by l.sequence`,
);

export function loggedEntries(open: OpenContext, from: number, to: number): Promise<LoggedEntry[]> {
  return open.tx.query(entries, { tenantId: open.tenantId, from, to });
}

const place = statement<
  { readonly tenantId: string; readonly id: string },
  { readonly sequence: number; readonly at: Date }
>(
  'audit-leaves.place',
  'select sequence, at from audit_leaves where tenant_id = :tenantId and entry_id = :id',
);

/** Where an entry stands in the log, wherever it itself lies. */
export function placeOf(open: OpenContext, id: string) {
  return open.tx.first(place, { tenantId: open.tenantId, id });
}

export interface CheckpointRow {
  readonly id: string;
  readonly size: number;
  readonly at: Date;
  readonly note: string;
  /** Names of the places outside that have it. */
  readonly anchoredAt: readonly string[];
  /** As some of them have answered, with signatures of others. */
  readonly countersigned: readonly string[];
}

const CHECKPOINTS = `select c.id, c.size, c.at, c.note, array(
    select a.sink from audit_anchors a where a.tenant_id = c.tenant_id and a.size = c.size
      and a.anchored_at is not null order by a.sink) as "anchoredAt",
    array(select a.countersigned from audit_anchors a where a.tenant_id = c.tenant_id
      and a.size = c.size and a.countersigned is not null order by a.sink) as countersigned
  from audit_checkpoints c`;

const checkpoints = statement<
  { readonly tenantId: string; readonly before: string | null; readonly take: number },
  CheckpointRow
>(
  'audit-checkpoints.page',
  `${CHECKPOINTS} where c.tenant_id = :tenantId and (:before::uuid is null or c.id < :before)
   order by c.id desc limit :take`,
);

export function checkpointRows(
  open: OpenContext,
  page: { readonly before: string | null; readonly take: number },
): Promise<CheckpointRow[]> {
  return open.tx.query(checkpoints, { tenantId: open.tenantId, ...page });
}

export interface SignedSize {
  readonly size: number;
  readonly note: string;
}

const between = statement<Span, SignedSize>(
  'audit-checkpoints.between',
  `select size, note from audit_checkpoints
   where tenant_id = :tenantId and size > :from and size <= :to order by size`,
);

/** Of sizes above the first and up to the second. */
export function checkpointsBetween(
  open: OpenContext,
  from: number,
  to: number,
): Promise<SignedSize[]> {
  return open.tx.query(between, { tenantId: open.tenantId, from, to });
}

const covering = statement<
  { readonly tenantId: string; readonly size: number },
  Pick<TreeHeadRow, 'size' | 'checkpoint'>
>(
  'audit-checkpoints.covering',
  `select size, note as checkpoint from audit_checkpoints
   where tenant_id = :tenantId and size >= :size order by size limit 1`,
);

/** The first with at least so many entries. */
export function checkpointCovering(
  open: OpenContext,
  size: number,
): Promise<Pick<TreeHeadRow, 'size' | 'checkpoint'> | undefined> {
  return open.tx.first(covering, { tenantId: open.tenantId, size });
}
